# Mots et phrases que plusieurs pièces utilisent.

sign-in = Se connecter
sign-out = Se déconnecter
cancel = Annuler
continue = Continuer
username = Nom d’utilisateur
password = Mot de passe
email-address = Adresse e-mail
privacy-policy = Politique de confidentialité
terms-of-service = Conditions d’utilisation
opens-in-a-new-tab = (s’ouvre dans un nouvel onglet)
try-again = Réessayer
signed-in-as = Vous êtes connecté en tant que <strong><bdi>{ $name }</bdi></strong>.

# Le cadre de chaque page
imprint = { $brand } vous connecte aux applications sans leur communiquer votre mot de passe.
languages-label = Langue
development-label = Mode développement
development-notice = <strong>Mode développement.</strong> Ne pas utiliser avec de vrais comptes.

# L’application qui fait la demande
client-asked-for-by = Demandé par
client-links-label = À propos de l’application
client-about = À propos de <bdi>{ $name }</bdi>
client-website = Site web

# Durées. $unit vaut second, minute, hour ou day.
span-in =
    { $unit ->
        [second] { $count ->
            [one] dans { $count } seconde
           *[other] dans { $count } secondes
        }
        [minute] { $count ->
            [one] dans { $count } minute
           *[other] dans { $count } minutes
        }
        [day] { $count ->
            [one] dans { $count } jour
           *[other] dans { $count } jours
        }
       *[hour] { $count ->
            [one] dans { $count } heure
           *[other] dans { $count } heures
        }
    }
