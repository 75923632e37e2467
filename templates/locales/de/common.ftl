# Words and sentences that several rooms use.

sign-in = Anmelden
sign-out = Abmelden
cancel = Abbrechen
continue = Weiter
try-again = Erneut versuchen
username = Benutzername
password = Passwort
email-address = E-Mail-Adresse
privacy-policy = Datenschutzerklärung
terms-of-service = Nutzungsbedingungen
opens-in-a-new-tab = (öffnet sich in einem neuen Tab)
signed-in-as = Sie sind als <strong><bdi>{ $name }</bdi></strong> angemeldet.
not-you = Sind Sie das nicht?
do-not-allow = Nicht erlauben

# The frame of every page
imprint = { $brand } meldet Sie bei Anwendungen an, ohne ihnen Ihr Passwort zu geben.
languages-label = Sprache
legal-label = Rechtliche Hinweise
legal-imprint = Impressum
legal-contact = Kontakt
development-label = Entwicklungsmodus
development-notice = <strong>Entwicklungsmodus.</strong> Nicht für echte Konten.

# The application that asks
client-asked-for-by = Angefragt von
client-links-label = Über die Anwendung
client-about = Über <bdi>{ $name }</bdi>
client-website = Website
client-back-to = Zurück zu { $name }

# Spans of time. $unit is second, minute, hour or day.
span-in =
    { $unit ->
        [second] { $count ->
            [one] in { $count } Sekunde
           *[other] in { $count } Sekunden
        }
        [minute] { $count ->
            [one] in { $count } Minute
           *[other] in { $count } Minuten
        }
        [day] { $count ->
            [one] in { $count } Tag
           *[other] in { $count } Tagen
        }
       *[hour] { $count ->
            [one] in { $count } Stunde
           *[other] in { $count } Stunden
        }
    }
span-length =
    { $unit ->
        [second] { $count ->
            [one] { $count } Sekunde
           *[other] { $count } Sekunden
        }
        [minute] { $count ->
            [one] { $count } Minute
           *[other] { $count } Minuten
        }
        [day] { $count ->
            [one] { $count } Tag
           *[other] { $count } Tage
        }
       *[hour] { $count ->
            [one] { $count } Stunde
           *[other] { $count } Stunden
        }
    }
span-ago =
    { $unit ->
        [second] { $count ->
            [one] vor { $count } Sekunde
           *[other] vor { $count } Sekunden
        }
        [minute] { $count ->
            [one] vor { $count } Minute
           *[other] vor { $count } Minuten
        }
        [day] { $count ->
            [one] vor { $count } Tag
           *[other] vor { $count } Tagen
        }
       *[hour] { $count ->
            [one] vor { $count } Stunde
           *[other] vor { $count } Stunden
        }
    }
