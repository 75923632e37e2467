# The frame of the account console.

console-label = Account
console-overview = Overview
console-security = Security
console-sessions = Sessions
console-applications = Applications
console-activity = Activity
console-unknown = Unknown
console-unknown-browser = Unknown browser
console-address = IP address

# Messages after a form.
flash-session-ended = The session was ended.
flash-others-ended = All other sessions were ended.
flash-no-such-session = This session had already ended.
flash-application-removed = The application no longer has access to your account.
flash-no-such-application = This application had no access to your account.
flash-disputed = All other sessions were ended. Change your password now, so that no one else can sign in with it.

# The overview.
overview-heading = Your account
overview-last-sign-in = Previous sign-in
overview-previous = The sign-in before this one was on <bdi>{ $time }</bdi>.
overview-check-list = Security check
overview-review = Review
console-email-verified = Verified
console-email-unverified = Not verified
advice-email-verified = Your e-mail address is verified.
advice-email-unverified = Your e-mail address is not verified, so notices about your account cannot reach you.
advice-email-missing = Your account has no e-mail address, so notices about it cannot reach you.
advice-password-recent = Your password was changed within the last two years.
advice-password-old = Your password is more than two years old. Change it if you use it anywhere else.
advice-other-sessions =
    { $count ->
        [0] You are signed in nowhere else.
        [one] You are signed in with { $count } other browser.
       *[other] You are signed in with { $count } other browsers.
    }
advice-applications =
    { $count ->
        [0] No application has access to your account by your consent.
        [one] { $count } application has access to your account by your consent.
       *[other] { $count } applications have access to your account by your consent.
    }

# Security.
security-password-set = Your password was last changed on <bdi>{ $time }</bdi>.
security-password-none = Your account has no password.
security-change-password = Change password
security-show-sessions = Show sessions

# Sessions.
sessions-about = The browsers in which you are signed in. End a session that you do not know, and change your password.
sessions-this = This session
sessions-same-network = same network as this browser
sessions-other-network = another network than this browser
sessions-signed-in = Signed in
sessions-seen = Last seen
sessions-expires = Ends
sessions-applications = Applications
sessions-end-others = Sign out all others
sessions-end-all = Sign out everywhere
sessions-end-all-hint = Signing out everywhere also ends the access of all applications, and this session.
method-password = by password
method-code = by one-time code
method-passkey = by passkey

# Applications.
applications-about = The applications that can use your account. When you remove one, its access stops at once.
applications-none = No application has access to your account.
applications-dynamic = Registered itself
applications-dynamic-hint = The operators of this service have not checked the name of this application.
applications-may = It may
applications-may-nothing = Only learn that you signed in
applications-resources = Services
applications-duration = Access
applications-offline = Also after you sign out
applications-online = Until your session ends
applications-since = Since
applications-used = Last used
applications-remove = Remove access

# Activity.
activity-about = What has happened to your account, the newest first. Administrators of this service see it too.
activity-none = There is no activity.
activity-older = Older activity
activity-not-me = This wasn’t me
activity-signed-in = Signed in
activity-sign-in-failed = Failed to sign in
activity-new-browser = Signed in with a new browser
activity-signed-out = Signed out
activity-session-ended = A session was ended
activity-signed-out-everywhere = Signed out everywhere
activity-locked = Sign-in was paused after many failures
activity-consent-given = Access was allowed
activity-consent-denied = Access was denied
activity-consent-withdrawn = Access was removed
activity-device-allowed = A device was connected
activity-device-denied = A device was refused
activity-access-revoked = Access was ended
activity-code-replayed = A sign-in code was used twice; its access was ended
activity-token-reused = An old key of an application was used; its access was ended
activity-account-created = The account was created
activity-profile-changed = The profile was changed
activity-email-changed = The e-mail address was changed
activity-roles-changed = Your permissions were changed
activity-password-changed = The password was changed
activity-disabled = The account was disabled
activity-enabled = The account was enabled
activity-exported = The data of the account was downloaded
activity-disputed = Activity was reported as not yours
activity-token-created = A personal access token was created
activity-token-revoked = A personal access token was revoked
actor-browser = in a browser
actor-application = by an application
actor-server = by this service
actor-administrator = by an administrator
dispute-heading = This wasn’t you?
dispute-about = All sessions but this one are ended, and you choose a new password. That also ends the access of all applications.
dispute-confirm = End the other sessions

# The profile.
console-profile = Profile
profile-about = Applications see these details only with your consent.
profile-save = Save
flash-profile-saved = Your profile was saved.
flash-profile-unchanged = Nothing was changed.
profile-check = Nothing was saved. Check the marked fields.
profile-stale = Your profile was changed in the meantime. Check the values below, which are the present ones, and save again.
profile-name = Full name
profile-given-name = Given name
profile-middle-name = Middle name
profile-family-name = Family name
profile-nickname = Nickname
profile-preferred-username = Shown name
profile-phone = Phone number
profile-phone-hint = For example +49 30 123456
profile-locale = Language
profile-locale-hint = A language tag such as en or fr-CA
profile-zoneinfo = Time zone
profile-zoneinfo-hint = For example Europe/Berlin
profile-birthdate = Date of birth
profile-birthdate-hint = For example 1990-01-31
profile-gender = Gender
profile-picture = Picture
profile-website = Website
profile-page = Profile page
profile-url-hint = A web address that begins with https://
profile-street = Street and number
profile-postal-code = Postal code
profile-locality = City
profile-region = State or region
profile-country = Country
profile-error-length = The text is too long or empty.
profile-error-character = The text has a character that cannot be used.
profile-error-space = There must be no space at the beginning or the end.
profile-error-url = This is not a web address.
profile-error-birthdate = This is not a date such as 1990-01-31.
profile-error-zoneinfo = This is not a time zone such as Europe/Berlin.
profile-error-locale = This is not a language tag such as en or fr-CA.
profile-error-phone = This is not a phone number.
profile-error-at = The user name must not have an @.
profile-error-taken = This user name is taken.

# Personal access tokens.
console-tokens = Access tokens
tokens-about = A personal access token lets a script of yours use a service in your name. It ends when you change your password.
tokens-new = New token
tokens-no-resource = This server has no services that accept personal access tokens.
tokens-name = Name
tokens-scopes = Permissions
tokens-lifetime = Valid for
tokens-days =
    { $count ->
        [one] { $count } day
       *[other] { $count } days
    }
tokens-hours =
    { $count ->
        [one] { $count } hour
       *[other] { $count } hours
    }
tokens-create = Create token
tokens-created = Your new token
tokens-once = Copy it now. It is not shown again.
tokens-next = The next token can be created on <bdi>{ $time }</bdi>.
tokens-too-many = You cannot create another token yet.
tokens-error-name = Enter a name of at most 100 characters, without spaces around it.
tokens-error-resource = Choose at least one service.
tokens-error-scope = Choose only permissions of the list.
tokens-error-lifetime = Choose a time of the list.
tokens-list = Your tokens
tokens-none = You have no tokens.
tokens-made = Created
tokens-never = Never
tokens-revoke = Revoke
flash-token-revoked = The token was revoked.
flash-no-such-token = This token had already ended.

# The data of the account, and its deletion.
console-data = Your data
data-download = Download
data-about = A file with your profile, consents, sessions, access tokens and activity. It contains no passwords and no keys.
data-export = Download your data
delete-heading = Delete your account
delete-short = Your account and all access to it end at once and cannot be restored.
delete-about = Your profile, sessions, consents and access tokens are removed, and you are signed out of all applications. This cannot be undone. What applications have stored themselves is not affected.
delete-log = The security log keeps its entries for a limited time. They contain neither your name nor your e-mail address.
delete-name = Type your user name to confirm
delete-other-name = This is not the name of your account. Nothing was deleted.
delete-confirm = Delete account
deleted-heading = Your account was deleted
deleted-about = You are signed out. You can close this page.
