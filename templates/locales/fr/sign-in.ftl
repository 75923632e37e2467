# The sign-in page and the start page.

login-client = pour continuer vers
login-confirm-it-is-you = <strong>Confirmez votre identité.</strong> Vous êtes déjà connecté ; saisissez à nouveau votre mot de passe pour continuer.
login-username = Nom d’utilisateur ou adresse e-mail
login-remember = Rester connecté sur cet appareil
login-failed = Nom d’utilisateur ou mot de passe incorrect.
login-paused = Il y a eu trop de tentatives infructueuses. Réessayez { span-in }.
login-imprint = Votre mot de passe est vérifié ici et n’est jamais communiqué à l’application. Avant de le saisir, regardez la barre d’adresse.

choose-account-heading = Choisir un compte
choose-account-signed-in = Connecté
choose-account-signed-out = Mot de passe requis
choose-account-forget = Retirer de cette liste
choose-account-other = Utiliser un autre compte
choose-account-imprint = Un compte figure ici si vous avez choisi de rester connecté sur cet appareil.

# The start page
home-heading = Ce serveur vous connecte
home-lead = Les applications vous envoient ici pour vous connecter. { $brand } vérifie votre identité, vous demande ce que vous souhaitez partager, puis vous renvoie. Votre mot de passe reste ici.
home-signed-out = Vous n’êtes pas connecté. Pour vous connecter à une application, commencez par celle-ci. Vous pouvez aussi vous connecter à votre compte ici.
home-sign-in = Se connecter à votre compte
home-account = Votre compte
home-developers = Pour les développeurs
home-developers-lead = Un serveur d’autorisation OAuth 2.0 et OpenID Connect. Les bibliothèques n’ont besoin que de l’émetteur et trouvent le reste par découverte.
home-issuer = Émetteur
home-version = Version
home-discovery = Document de découverte OpenID Connect
home-keys = Clés publiques (JWKS)
