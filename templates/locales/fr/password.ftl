# Les pages pour un nouveau mot de passe et les motifs de refus.

new-password-heading = Choisissez un nouveau mot de passe
new-password-reason = Votre mot de passe a été défini par une autre personne. Pour continuer, choisissez-en un que vous seul connaissez.
new-password-label = Nouveau mot de passe
new-password-hint = De { $count } à 128 caractères. Plusieurs mots peu courants se retiennent mieux que des signes et sont plus difficiles à deviner.
new-password-submit = Enregistrer et continuer
new-password-late = Le délai pour choisir un nouveau mot de passe est écoulé. Connectez-vous à nouveau.
password-too-short = Le mot de passe doit comporter au moins { $count } caractères.
password-too-long = Le mot de passe doit comporter au plus 128 caractères.
password-common = Ce mot de passe est trop courant.
password-personal = Le mot de passe ne doit pas être votre nom ou votre adresse e-mail, ni leur ressembler.
password-guessable = Ce mot de passe est trop facile à deviner. Utilisez plus de mots, ou des mots moins courants.
password-breached = Ce mot de passe figure dans une fuite de données. Choisissez-en un autre.
password-unchanged = Le nouveau mot de passe doit être différent de l’ancien.
password-live-short = Trop court
password-live-plain = Facile à deviner
password-live-good = Assez long ; il sera vérifié à l’enregistrement.
change-password-heading = Changer votre mot de passe
change-password-note = Vous restez connecté ici. Toutes les autres sessions prennent fin et les applications vous demanderont de vous reconnecter.
change-password-submit = Changer le mot de passe
change-password-done = Votre mot de passe a été changé. Toutes les autres sessions ont pris fin.
change-password-paused = Il y a eu trop de tentatives infructueuses. Réessayez { span-in }.
current-password-label = Mot de passe actuel
current-password-wrong = Ce n’est pas votre mot de passe actuel.
