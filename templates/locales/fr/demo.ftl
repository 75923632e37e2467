# The demo application.

demo-title = Application de démonstration
demo-foot = Une petite application pour essayer { $brand }. Elle ne conserve rien lorsqu’elle s’arrête.
demo-heading = Essayez de vous connecter
demo-lead = Cette page représente n’importe quelle application permettant de se connecter avec { $brand }. Elle vous envoie vers le serveur, qui vous renvoie avec la preuve de votre identité.
demo-sign-in = Se connecter avec { $brand }
demo-account = Utilisez ce compte
demo-server = Serveur
demo-steps = Ce qui va se passer
demo-step-1 = Votre navigateur se rend sur { $brand } avec une demande d’autorisation protégée par PKCE.
demo-step-2 = Vous vous y connectez et choisissez de partager ou non votre profil.
demo-step-3 = Vous revenez ici avec un code utilisable une seule fois. L’application l’échange contre des jetons, vérifie le jeton d’identité et vous montre ce qu’elle a appris.

# After the sign-in
demo-signed-in = Connecté
demo-welcome = Bienvenue, <bdi>{ $name }</bdi>
demo-it-worked = Cela a fonctionné. Vous vous êtes connecté avec { $brand }, et cette application l’a vérifié. Elle vous connaît sous le sujet
demo-verified = Vérifié
demo-signature = Signature
demo-signature-valid = valide, par une clé du JWKS de l’émetteur
demo-checks = Audience, nonce, expiration, at_hash
demo-valid = valides
demo-valid-until = Valide jusqu’au
demo-refresh-token = Jeton d’actualisation
demo-yes = oui
demo-no = non
demo-refresh = Actualiser les jetons
demo-refreshed = Les jetons ont été actualisés : comparez iat et exp.
demo-received = Ce que l’application a reçu
demo-id-token = Jeton d’identité
demo-userinfo = Informations sur l’utilisateur
demo-access-token = Jeton d’accès
demo-next = Et ensuite
demo-discovery = Document de découverte
demo-start-page = Page d’accueil du serveur

# After a failure
demo-failure-heading = La connexion n’a pas abouti
demo-not-started = La connexion n’a pas pu commencer
demo-not-signed-in = Vous n’avez pas été connecté
demo-not-refreshed = Les jetons n’ont pas pu être actualisés
