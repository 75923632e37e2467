# Consent and devices.

consent-heading = Autoriser l’accès ?
consent-nothing = L’application apprend seulement que vous vous êtes connecté.
consent-scopes = Si vous l’autorisez, l’application pourra
consent-allow = Autoriser
consent-imprint = Rien n’est partagé tant que vous ne l’autorisez pas. Votre mot de passe n’est jamais partagé.
consent-until-sign-out = L’application y a accès jusqu’à la fin de votre session ici.
consent-after-sign-out = L’application conserve l’accès après votre déconnexion, pendant { span-length } au maximum.

# Scopes and claims
scope-new = Nouveau
scope-technical-names = Noms techniques
scope-openid-title = Savoir que c’est vous
scope-openid-detail = Un identifiant stable pour vous auprès de cette application.
scope-profile-title = Voir votre profil
scope-profile-detail = Votre nom, votre photo, votre langue et d’autres informations de ce type.
scope-email-title = Voir votre adresse e-mail
scope-email-detail = Et si elle a été vérifiée.
scope-address-title = Voir votre adresse postale
scope-address-detail = Telle qu’elle figure dans votre profil.
scope-phone-title = Voir votre numéro de téléphone
scope-phone-detail = Et s’il a été vérifié.
scope-offline-access-title = Rester connectée en votre absence
scope-offline-access-detail = L’application n’a pas besoin de vous demander de vous connecter à chaque fois.
scope-other-title = Utiliser « { $name } »
scope-other-detail = Une autorisation d’un service que cette application utilise.
claim-title =
    { $claim ->
        [name] Voir votre nom
        [given_name] Voir votre prénom
        [family_name] Voir votre nom de famille
        [middle_name] Voir votre deuxième prénom
        [nickname] Voir votre surnom
        [preferred_username] Voir votre nom d’utilisateur préféré
        [profile] Voir votre page de profil
        [picture] Voir votre photo
        [website] Voir votre site web
        [gender] Voir votre genre
        [birthdate] Voir votre date de naissance
        [zoneinfo] Voir votre fuseau horaire
        [locale] Voir votre langue
        [updated_at] Voir la date de la dernière modification de votre profil
        [email] Voir votre adresse e-mail
        [email_verified] Voir si votre adresse e-mail est vérifiée
        [address] Voir votre adresse postale
        [phone_number] Voir votre numéro de téléphone
        [phone_number_verified] Voir si votre numéro de téléphone est vérifié
       *[other] Voir votre donnée « { $name } »
    }
claim-detail = Cette partie de votre profil uniquement.

# Devices
device-heading = Connecter un appareil
device-lead = Saisissez le code affiché par votre appareil.
device-code = Code
device-unknown-code = Aucun appareil n’attend ce code. Vérifiez-le ou recommencez sur l’appareil.
device-imprint = Ne saisissez un code que si vous avez commencé cette opération sur l’un de vos appareils. Aucun service d’assistance n’en a besoin.
device-confirm-heading = Est-ce votre appareil ?
device-confirm-client = Un appareil demande l’accès avec
device-confirm-code = Votre appareil doit afficher ce code :
device-confirm-nothing = L’application apprend que vous vous êtes connecté, et rien d’autre.
device-confirm-scopes = Si vous l’autorisez, l’application sur cet appareil pourra
device-confirm-allow = C’est le mien : autoriser
device-confirm-imprint = N’autorisez pas un appareil que vous ne voyez pas, ou qu’une autre personne vous a demandé d’autoriser.
device-place-same = L’appareil est sur le même réseau que ce navigateur.
device-place-elsewhere = L’appareil est sur un autre réseau ({ $network }) que ce navigateur. S’il n’est pas devant vous, ne l’autorisez pas.
device-place-unknown = On ne sait pas de quel réseau provient la demande de l’appareil.
device-asked = La demande a été faite { span-ago }.
device-allowed-heading = Votre appareil est connecté
device-allowed-sentence = Retournez à l’appareil. Il continue de lui-même en quelques secondes. Vous pouvez fermer cette page.
device-denied-heading = L’appareil n’obtient pas l’accès
device-denied-sentence = Si vous n’êtes pas à l’origine de cette demande, il est possible qu’une autre personne vous ait envoyé le code. Vous pouvez fermer cette page.
device-left-heading = Vous ne vous êtes pas connecté
device-left-sentence = L’appareil continue d’attendre jusqu’à l’expiration de son code. Vous pouvez fermer cette page.
