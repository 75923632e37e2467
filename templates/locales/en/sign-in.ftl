# The sign-in page and the start page.

login-client = to continue to
login-confirm-it-is-you = <strong>Confirm it is you.</strong> You are already signed in; enter your password again to continue.
login-remember = Stay signed in on this device
login-failed = Incorrect username or password.
login-paused = There have been too many failed attempts. Try again { span-in }.
login-imprint = Your password is checked here and never shown to the application. Before you type it, look at the address bar.
