# Words and sentences that several rooms use.

sign-in = Sign in
sign-out = Sign out
cancel = Cancel
continue = Continue
try-again = Try again
username = Username
password = Password
email-address = E-mail address
privacy-policy = Privacy policy
terms-of-service = Terms of service
opens-in-a-new-tab = (opens in a new tab)
signed-in-as = You are signed in as <strong><bdi>{ $name }</bdi></strong>.
not-you = Not you?
do-not-allow = Do not allow

# The frame of every page
imprint = { $brand } signs you in to applications without giving them your password.
languages-label = Language
legal-label = Legal information
legal-imprint = Imprint
legal-contact = Contact
development-label = Development mode
development-notice = <strong>Development mode.</strong> Not for real accounts.

# The application that asks
client-asked-for-by = Asked for by
client-links-label = About the application
client-about = About <bdi>{ $name }</bdi>
client-website = Website
client-back-to = Back to { $name }

# Spans of time. $unit is second, minute, hour or day.
span-in =
    { $unit ->
        [second] { $count ->
            [one] in { $count } second
           *[other] in { $count } seconds
        }
        [minute] { $count ->
            [one] in { $count } minute
           *[other] in { $count } minutes
        }
        [day] { $count ->
            [one] in { $count } day
           *[other] in { $count } days
        }
       *[hour] { $count ->
            [one] in { $count } hour
           *[other] in { $count } hours
        }
    }
span-length =
    { $unit ->
        [second] { $count ->
            [one] { $count } second
           *[other] { $count } seconds
        }
        [minute] { $count ->
            [one] { $count } minute
           *[other] { $count } minutes
        }
        [day] { $count ->
            [one] { $count } day
           *[other] { $count } days
        }
       *[hour] { $count ->
            [one] { $count } hour
           *[other] { $count } hours
        }
    }
span-ago =
    { $unit ->
        [second] { $count ->
            [one] { $count } second ago
           *[other] { $count } seconds ago
        }
        [minute] { $count ->
            [one] { $count } minute ago
           *[other] { $count } minutes ago
        }
        [day] { $count ->
            [one] { $count } day ago
           *[other] { $count } days ago
        }
       *[hour] { $count ->
            [one] { $count } hour ago
           *[other] { $count } hours ago
        }
    }
