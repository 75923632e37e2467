# Mails to people. A mail greets, says what happened, lists facts, and advises.

mail-greeting = Hello { $name },
mail-closing = This is an automated security notice. We never ask for your password or a code by e-mail.
mail-contact = If you did not expect this, contact the operators of this service.
mail-contact-at-once = If you did not expect this, contact the operators of this service at once.

# Labels of facts
mail-account = Account:
mail-time = Time:
mail-application = Application:
mail-browser = Browser:
mail-address = Address:
mail-code = Or enter this code where you began:

# Security events
mail-new-device-subject = New sign-in to your account
mail-new-device-what = there was a sign-in to your account with a browser that had not been used with it before.
mail-new-device-advice = If this was you, you can ignore this mail. If not, another person knows your password: change it, and ask the operators of this service to sign you out everywhere.
mail-soft-locked-subject = Failed attempts to sign in to your account
mail-soft-locked-what = several attempts to sign in to your account have failed. Further attempts from browsers that you have not signed in with are slowed down for a while.
mail-soft-locked-advice = If this was you, wait a little. If not, no one got in: a long password that you use nowhere else cannot be guessed. You will not get this mail again until there has been a day without such attempts.
mail-password-set-subject = Your password was changed
mail-password-set-what = the password of your account has been changed.
mail-email-changed-subject = The e-mail address of your account was changed
mail-email-changed-what = the e-mail address of your account has been changed. This mail is sent to the old address and to the new one, if they were verified to be yours.
mail-refresh-reuse-subject = An application has lost its access to your account
mail-refresh-reuse-what = an application used a key to your account that had already been replaced. It may have been copied, so the application’s access was ended.
mail-refresh-reuse-advice = If you use the application, sign in to it again. If you do not know it, or get this mail again, contact the operators of this service.
mail-disabled-subject = Your account was disabled
mail-disabled-what = an administrator has disabled your account. You are signed out everywhere, and signing in is not possible.
mail-signed-out-subject = You were signed out everywhere
mail-signed-out-what = an administrator has ended all sessions of your account, and the access that applications had to it.
mail-signed-out-advice = You can sign in again. If you did not expect this, contact the operators of this service.
