# Words and sentences that several rooms use.

sign-in = Se connecter
sign-out = Se déconnecter
cancel = Annuler
continue = Continuer
try-again = Réessayer
username = Nom d’utilisateur
password = Mot de passe
email-address = Adresse e-mail
privacy-policy = Politique de confidentialité
terms-of-service = Conditions d’utilisation
opens-in-a-new-tab = (s’ouvre dans un nouvel onglet)
signed-in-as = Vous êtes connecté en tant que <strong><bdi>{ $name }</bdi></strong>.
not-you = Ce n’est pas vous ?
do-not-allow = Ne pas autoriser

# The frame of every page
imprint = { $brand } vous connecte aux applications sans leur communiquer votre mot de passe.
languages-label = Langue
legal-label = Informations légales
legal-imprint = Mentions légales
legal-contact = Contact
development-label = Mode développement
development-notice = <strong>Mode développement.</strong> Ne pas utiliser avec de vrais comptes.

# The application that asks
client-asked-for-by = Demandé par
client-links-label = À propos de l’application
client-about = À propos de <bdi>{ $name }</bdi>
client-website = Site web
client-back-to = Retour à { $name }

# Spans of time. $unit is second, minute, hour or day.
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
span-length =
    { $unit ->
        [second] { $count ->
            [one] { $count } seconde
           *[other] { $count } secondes
        }
        [minute] { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
        [day] { $count ->
            [one] { $count } jour
           *[other] { $count } jours
        }
       *[hour] { $count ->
            [one] { $count } heure
           *[other] { $count } heures
        }
    }
span-ago =
    { $unit ->
        [second] { $count ->
            [one] il y a { $count } seconde
           *[other] il y a { $count } secondes
        }
        [minute] { $count ->
            [one] il y a { $count } minute
           *[other] il y a { $count } minutes
        }
        [day] { $count ->
            [one] il y a { $count } jour
           *[other] il y a { $count } jours
        }
       *[hour] { $count ->
            [one] il y a { $count } heure
           *[other] il y a { $count } heures
        }
    }
