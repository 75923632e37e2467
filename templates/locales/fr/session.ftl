# Signing out, and the way back to applications.

logout-heading = Voulez-vous vous déconnecter ?
logout-sentence = La déconnexion met fin à votre session sur cet appareil. Il est possible que vous restiez connecté aux applications jusqu’à ce que vous vous y déconnectiez aussi.
logout-cancel = Rester connecté
signed-out-heading = Vous êtes déconnecté
signed-out-here = Votre session sur cet appareil est terminée. Sur un ordinateur partagé, fermez également le navigateur.
signed-out-named = La session indiquée par l’application est terminée. Il n’y avait pas de session sur cet appareil.
signed-out-nothing = Il n’y avait pas de session sur cet appareil.
signed-out-frame = Déconnexion en cours

# The way back to the application
returning-heading = Retour à l’application
returning-sentence = Vous êtes renvoyé vers l’application. Si rien ne se passe, choisissez « Continuer ».
returning-without-script = Les scripts sont désactivés dans ce navigateur ; choisissez donc « Continuer ».
