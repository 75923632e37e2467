# La page de connexion et la page d’accueil.

login-client = pour continuer vers
login-confirm-it-is-you = <strong>Confirmez votre identité.</strong> Vous êtes déjà connecté ; saisissez à nouveau votre mot de passe pour continuer.
login-remember = Rester connecté sur cet appareil
login-failed = Nom d’utilisateur ou mot de passe incorrect.
login-paused = Il y a eu trop de tentatives infructueuses. Réessayez { span-in }.
login-imprint = Votre mot de passe est vérifié ici et n’est jamais communiqué à l’application. Avant de le saisir, regardez la barre d’adresse.
