# The demo application.

demo-title = Demo application
demo-foot = A small relying party for trying out { $brand }. It keeps nothing when it stops.
demo-heading = Try signing in
demo-lead = This page represents any application that lets people sign in with { $brand }. It sends you to the server, which sends you back with proof of who you are.
demo-sign-in = Sign in with { $brand }
demo-account = Use this account
demo-server = Server
demo-steps = What will happen
demo-step-1 = Your browser goes to { $brand } with an authorization request protected by PKCE.
demo-step-2 = You sign in there and choose whether to share your profile.
demo-step-3 = You return here with a code that works once. The application redeems it for tokens, verifies the ID token and shows you what it learned.

# After the sign-in
demo-signed-in = Signed in
demo-welcome = Welcome, <bdi>{ $name }</bdi>
demo-it-worked = It worked. You signed in with { $brand }, and this application has verified it. It knows you as subject
demo-verified = Verified
demo-signature = Signature
demo-signature-valid = valid, by a key of the issuer's JWKS
demo-checks = Audience, nonce, expiry, at_hash
demo-valid = valid
demo-valid-until = Valid until
demo-refresh-token = Refresh token
demo-yes = yes
demo-no = no
demo-refresh = Refresh tokens
demo-refreshed = The tokens have been refreshed: compare iat and exp.
demo-received = What the application received
demo-id-token = ID token
demo-userinfo = User info
demo-access-token = Access token
demo-next = What next
demo-discovery = Discovery document
demo-start-page = The server's start page

# After a failure
demo-failure-heading = Sign-in did not finish
demo-not-started = The login could not start
demo-not-signed-in = You were not signed in
demo-not-refreshed = The tokens could not be refreshed
