# The sign-in page and the start page.

login-client = to continue to
login-confirm-it-is-you = <strong>Confirm it is you.</strong> You are already signed in; enter your password again to continue.
login-username = Username or e-mail address
login-remember = Stay signed in on this device
login-failed = Incorrect username or password.
login-paused = There have been too many failed attempts. Try again { span-in }.
login-imprint = Your password is checked here and never shown to the application. Before you type it, look at the address bar.

choose-account-heading = Choose an account
choose-account-signed-in = Signed in
choose-account-signed-out = Password needed
choose-account-forget = Remove from this list
choose-account-other = Use another account
choose-account-imprint = Accounts are listed here if you chose to stay signed in on this device.
