# La page de connexion et la page d’accueil.

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
