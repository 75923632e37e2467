# Wörter und Sätze, die mehrere Räume verwenden.

sign-in = Anmelden
sign-out = Abmelden
cancel = Abbrechen
continue = Weiter
username = Benutzername
password = Passwort
email-address = E-Mail-Adresse
privacy-policy = Datenschutzerklärung
terms-of-service = Nutzungsbedingungen
opens-in-a-new-tab = (öffnet sich in einem neuen Tab)
try-again = Erneut versuchen
signed-in-as = Sie sind als <strong><bdi>{ $name }</bdi></strong> angemeldet.

# Der Rahmen jeder Seite
imprint = { $brand } meldet Sie bei Anwendungen an, ohne ihnen Ihr Passwort zu geben.
languages-label = Sprache
development-label = Entwicklungsmodus
development-notice = <strong>Entwicklungsmodus.</strong> Nicht für echte Konten.

# Die anfragende Anwendung
client-asked-for-by = Angefragt von
client-links-label = Über die Anwendung
client-about = Über <bdi>{ $name }</bdi>
client-website = Website

# Zeitspannen. $unit ist second, minute, hour oder day.
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
