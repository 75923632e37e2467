# Le cadre de la console du compte.

console-label = Compte
console-overview = Aperçu
console-security = Sécurité
console-sessions = Sessions
console-applications = Applications
console-activity = Activité
console-unknown = Inconnu
console-unknown-browser = Navigateur inconnu
console-address = Adresse IP

# Messages après un formulaire.
flash-session-ended = La session a été fermée.
flash-others-ended = Toutes les autres sessions ont été fermées.
flash-no-such-session = Cette session était déjà fermée.
flash-application-removed = L’application n’a plus accès à votre compte.
flash-no-such-application = Cette application n’avait pas accès à votre compte.
flash-disputed = Toutes les autres sessions ont été fermées. Changez maintenant votre mot de passe, afin que personne d’autre ne puisse s’en servir.

# L’aperçu.
overview-heading = Votre compte
overview-last-sign-in = Connexion précédente
overview-previous = La connexion précédente date du <bdi>{ $time }</bdi>.
overview-check-list = Contrôle de sécurité
overview-review = Vérifier
console-email-verified = Vérifiée
console-email-unverified = Non vérifiée
advice-email-verified = Votre adresse e-mail est vérifiée.
advice-email-unverified = Votre adresse e-mail n’est pas vérifiée; les avis concernant votre compte ne peuvent donc pas vous parvenir.
advice-email-missing = Votre compte n’a pas d’adresse e-mail; les avis ne peuvent donc pas vous parvenir.
advice-password-recent = Votre mot de passe a été changé au cours des deux dernières années.
advice-password-old = Votre mot de passe a plus de deux ans. Changez-le si vous l’utilisez ailleurs.
advice-other-sessions =
    { $count ->
        [0] Vous n’êtes connecté nulle part ailleurs.
        [one] Vous êtes connecté avec { $count } autre navigateur.
       *[other] Vous êtes connecté avec { $count } autres navigateurs.
    }
advice-applications =
    { $count ->
        [0] Aucune application n’a accès à votre compte avec votre accord.
        [one] { $count } application a accès à votre compte avec votre accord.
       *[other] { $count } applications ont accès à votre compte avec votre accord.
    }

# Sécurité.
security-password-set = Votre mot de passe a été changé pour la dernière fois le <bdi>{ $time }</bdi>.
security-password-none = Votre compte n’a pas de mot de passe.
security-change-password = Changer le mot de passe
security-show-sessions = Afficher les sessions

# Sessions.
sessions-about = Les navigateurs dans lesquels vous êtes connecté. Fermez une session que vous ne connaissez pas et changez votre mot de passe.
sessions-this = Cette session
sessions-same-network = même réseau que ce navigateur
sessions-other-network = autre réseau que ce navigateur
sessions-signed-in = Connexion
sessions-seen = Dernière activité
sessions-expires = Fin
sessions-applications = Applications
sessions-end-others = Fermer toutes les autres
sessions-end-all = Se déconnecter partout
sessions-end-all-hint = Se déconnecter partout met aussi fin à l’accès de toutes les applications et à cette session.
method-password = par mot de passe
method-code = par code à usage unique
method-passkey = par clé d’accès

# Applications.
applications-about = Les applications qui peuvent utiliser votre compte. Si vous en retirez une, son accès cesse immédiatement.
applications-none = Aucune application n’a accès à votre compte.
applications-dynamic = Enregistrée par elle-même
applications-dynamic-hint = Les exploitants de ce service n’ont pas vérifié le nom de cette application.
applications-may = Peut
applications-may-nothing = Seulement savoir que vous vous êtes connecté
applications-resources = Services
applications-duration = Accès
applications-offline = Même après votre déconnexion
applications-online = Jusqu’à la fin de votre session
applications-since = Depuis
applications-used = Dernière utilisation
applications-remove = Retirer l’accès

# Activité.
activity-about = Ce qui s’est passé sur votre compte, du plus récent au plus ancien. Les administrateurs de ce service le voient aussi.
activity-none = Il n’y a aucune activité.
activity-older = Activité plus ancienne
activity-not-me = Ce n’était pas moi
activity-signed-in = Connexion
activity-sign-in-failed = Échec de connexion
activity-new-browser = Connexion avec un nouveau navigateur
activity-signed-out = Déconnexion
activity-session-ended = Une session a été fermée
activity-signed-out-everywhere = Déconnexion de toutes les sessions
activity-locked = Connexion suspendue après de nombreux échecs
activity-consent-given = Accès autorisé
activity-consent-denied = Accès refusé
activity-consent-withdrawn = Accès retiré
activity-device-allowed = Un appareil a été connecté
activity-device-denied = Un appareil a été refusé
activity-access-revoked = Accès terminé
activity-code-replayed = Un code de connexion a été utilisé deux fois; son accès a été supprimé
activity-token-reused = Une ancienne clé d’une application a été utilisée; son accès a été supprimé
activity-account-created = Compte créé
activity-profile-changed = Profil modifié
activity-email-changed = Adresse e-mail modifiée
activity-roles-changed = Vos autorisations ont été modifiées
activity-password-changed = Mot de passe modifié
activity-disabled = Compte désactivé
activity-enabled = Compte activé
activity-exported = Données du compte téléchargées
activity-disputed = Activité signalée comme inconnue
activity-token-created = Jeton d’accès personnel créé
activity-token-revoked = Jeton d’accès personnel révoqué
actor-browser = dans un navigateur
actor-application = par une application
actor-server = par ce service
actor-administrator = par un administrateur
dispute-heading = Ce n’était pas vous ?
dispute-about = Toutes les sessions sauf celle-ci seront fermées, et vous choisirez un nouveau mot de passe. Cela met aussi fin à l’accès de toutes les applications.
dispute-confirm = Fermer les autres sessions

# Le profil.
console-profile = Profil
profile-about = Les applications ne voient ces informations qu’avec votre accord.
profile-save = Enregistrer
flash-profile-saved = Votre profil a été enregistré.
flash-profile-unchanged = Rien n’a été modifié.
profile-check = Rien n’a été enregistré. Vérifiez les champs signalés.
profile-stale = Votre profil a été modifié entre-temps. Vérifiez les valeurs actuelles ci-dessous et enregistrez à nouveau.
profile-name = Nom complet
profile-given-name = Prénom
profile-middle-name = Deuxième prénom
profile-family-name = Nom de famille
profile-nickname = Surnom
profile-preferred-username = Nom affiché
profile-phone = Numéro de téléphone
profile-phone-hint = Par exemple +49 30 123456
profile-locale = Langue
profile-locale-hint = Un code de langue, par exemple fr ou fr-CA
profile-zoneinfo = Fuseau horaire
profile-zoneinfo-hint = Par exemple Europe/Paris
profile-birthdate = Date de naissance
profile-birthdate-hint = Par exemple 1990-01-31
profile-gender = Genre
profile-picture = Photo
profile-website = Site web
profile-page = Page de profil
profile-url-hint = Une adresse web qui commence par https://
profile-street = Rue et numéro
profile-postal-code = Code postal
profile-locality = Ville
profile-region = État ou région
profile-country = Pays
profile-error-length = Le texte est trop long ou vide.
profile-error-character = Le texte contient un caractère qui ne peut pas être utilisé.
profile-error-space = Il ne doit pas y avoir d’espace au début ou à la fin.
profile-error-url = Ce n’est pas une adresse web.
profile-error-birthdate = Ce n’est pas une date comme 1990-01-31.
profile-error-zoneinfo = Ce n’est pas un fuseau horaire comme Europe/Paris.
profile-error-locale = Ce n’est pas un code de langue comme fr ou fr-CA.
profile-error-phone = Ce n’est pas un numéro de téléphone.
profile-error-at = Le nom d’utilisateur ne doit pas contenir de @.
profile-error-taken = Ce nom d’utilisateur est déjà pris.

# Jetons d’accès personnels.
console-tokens = Jetons d’accès
tokens-about = Un jeton d’accès personnel permet à un de vos scripts d’utiliser un service en votre nom. Il prend fin lorsque vous changez de mot de passe.
tokens-new = Nouveau jeton
tokens-no-resource = Ce serveur n’a aucun service qui accepte les jetons d’accès personnels.
tokens-name = Nom
tokens-scopes = Autorisations
tokens-lifetime = Valable
tokens-days =
    { $count ->
        [one] { $count } jour
       *[other] { $count } jours
    }
tokens-hours =
    { $count ->
        [one] { $count } heure
       *[other] { $count } heures
    }
tokens-create = Créer un jeton
tokens-created = Votre nouveau jeton
tokens-once = Copiez-le maintenant. Il ne sera plus affiché.
tokens-next = Le prochain jeton pourra être créé le <bdi>{ $time }</bdi>.
tokens-too-many = Vous ne pouvez pas encore créer d’autre jeton.
tokens-error-name = Saisissez un nom de 100 caractères au plus, sans espace autour.
tokens-error-resource = Choisissez au moins un service.
tokens-error-scope = Choisissez seulement des autorisations de la liste.
tokens-error-lifetime = Choisissez une durée de la liste.
tokens-list = Vos jetons
tokens-none = Vous n’avez pas de jeton.
tokens-made = Créé
tokens-never = Jamais
tokens-revoke = Révoquer
flash-token-revoked = Le jeton a été révoqué.
flash-no-such-token = Ce jeton avait déjà pris fin.

# Les données du compte et sa suppression.
console-data = Vos données
data-download = Télécharger
data-about = Un fichier avec votre profil, vos accords, vos sessions, vos jetons d’accès et votre activité. Il ne contient ni mot de passe ni clé.
data-export = Télécharger vos données
delete-heading = Supprimer votre compte
delete-short = Votre compte et tout accès à celui-ci prennent fin immédiatement et ne peuvent pas être rétablis.
delete-about = Votre profil, vos sessions, vos accords et vos jetons d’accès sont supprimés, et vous êtes déconnecté de toutes les applications. Cela ne peut pas être annulé. Ce que les applications ont elles-mêmes enregistré n’est pas concerné.
delete-log = Le journal de sécurité conserve ses entrées pendant une durée limitée. Elles ne contiennent ni votre nom ni votre adresse e-mail.
delete-name = Saisissez votre nom d’utilisateur pour confirmer
delete-other-name = Ce n’est pas le nom de votre compte. Rien n’a été supprimé.
delete-confirm = Supprimer le compte
deleted-heading = Votre compte a été supprimé
deleted-about = Vous êtes déconnecté. Vous pouvez fermer cette page.
