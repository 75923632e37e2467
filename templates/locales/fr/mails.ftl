# Mails to people. A mail greets, says what happened, lists facts, and advises.

mail-greeting = Bonjour { $name },
mail-closing = Ceci est un avis de sécurité automatique. Nous ne demandons jamais votre mot de passe ni un code par e-mail.
mail-contact = Si vous ne vous y attendiez pas, contactez les exploitants de ce service.
mail-contact-at-once = Si vous ne vous y attendiez pas, contactez immédiatement les exploitants de ce service.

# Labels of facts
mail-account = Compte :
mail-time = Date :
mail-application = Application :
mail-browser = Navigateur :
mail-address = Adresse :
mail-code = Ou saisissez ce code là où vous avez commencé :

# Security events
mail-new-device-subject = Nouvelle connexion à votre compte
mail-new-device-what = une connexion à votre compte a eu lieu avec un navigateur qui n’avait pas encore été utilisé avec celui-ci.
mail-new-device-advice = S’il s’agissait de vous, vous pouvez ignorer cet e-mail. Sinon, une autre personne connaît votre mot de passe : changez-le et demandez aux exploitants de ce service de vous déconnecter partout.
mail-soft-locked-subject = Échecs de connexion à votre compte
mail-soft-locked-what = plusieurs tentatives de connexion à votre compte ont échoué. Les tentatives suivantes depuis des navigateurs avec lesquels vous ne vous êtes pas encore connecté sont ralenties pendant un certain temps.
mail-soft-locked-advice = S’il s’agissait de vous, patientez un peu. Sinon, personne n’est entré : un mot de passe long que vous n’utilisez nulle part ailleurs ne peut pas être deviné. Vous ne recevrez plus cet e-mail avant qu’une journée se soit écoulée sans tentative de ce type.
mail-password-set-subject = Votre mot de passe a été modifié
mail-password-set-what = le mot de passe de votre compte a été modifié.
mail-email-changed-subject = L’adresse e-mail de votre compte a été modifiée
mail-email-changed-what = l’adresse e-mail de votre compte a été modifiée. Cet e-mail est envoyé à l’ancienne adresse et à la nouvelle, si elles ont été vérifiées comme étant les vôtres.
mail-refresh-reuse-subject = Une application a perdu l’accès à votre compte
mail-refresh-reuse-what = une application a utilisé une clé de votre compte qui avait déjà été remplacée. Elle a peut-être été copiée ; l’accès de l’application a donc été interrompu.
mail-refresh-reuse-advice = Si vous utilisez cette application, connectez-vous à nouveau. Si vous ne la connaissez pas ou si vous recevez à nouveau cet e-mail, contactez les exploitants de ce service.
mail-disabled-subject = Votre compte a été désactivé
mail-disabled-what = un administrateur a désactivé votre compte. Vous êtes déconnecté partout et la connexion n’est plus possible.
mail-signed-out-subject = Vous avez été déconnecté partout
mail-signed-out-what = un administrateur a mis fin à toutes les sessions de votre compte et à l’accès que les applications y avaient.
mail-signed-out-advice = Vous pouvez vous reconnecter. Si vous ne vous y attendiez pas, contactez les exploitants de ce service.
