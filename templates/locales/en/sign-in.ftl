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

# The start page
home-heading = This server signs you in
home-lead = Applications send you here to sign in. { $brand } checks who you are, asks what you want to share, and sends you back. Your password stays here.
home-signed-out = You are not signed in. To sign in to an application, start there. You can also sign in to your account here.
home-sign-in = Sign in to your account
home-account = Your account
home-developers = For developers
home-developers-lead = An OAuth 2.0 and OpenID Connect authorization server. Libraries need only the issuer and find the rest by discovery.
home-issuer = Issuer
home-version = Version
home-discovery = OpenID Connect discovery document
home-keys = Public keys (JWKS)
