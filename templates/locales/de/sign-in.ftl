# The sign-in page and the start page.

login-client = weiter zu
login-confirm-it-is-you = <strong>Bestätigen Sie, dass Sie es sind.</strong> Sie sind bereits angemeldet; geben Sie Ihr Passwort noch einmal ein, um fortzufahren.
login-username = Benutzername oder E-Mail-Adresse
login-remember = Auf diesem Gerät angemeldet bleiben
login-failed = Benutzername oder Passwort ist falsch.
login-paused = Es gab zu viele Fehlversuche. Versuchen Sie es { span-in } erneut.
login-imprint = Ihr Passwort wird hier geprüft und der Anwendung nie gezeigt. Sehen Sie in die Adresszeile, bevor Sie es eingeben.

choose-account-heading = Konto auswählen
choose-account-signed-in = Angemeldet
choose-account-signed-out = Passwort erforderlich
choose-account-forget = Aus dieser Liste entfernen
choose-account-other = Anderes Konto verwenden
choose-account-imprint = Konten stehen in dieser Liste, wenn Sie auf diesem Gerät angemeldet bleiben wollten.

# The start page
home-heading = Dieser Server meldet Sie an
home-lead = Anwendungen schicken Sie zum Anmelden hierher. { $brand } prüft, wer Sie sind, fragt, was Sie weitergeben möchten, und schickt Sie zurück. Ihr Passwort bleibt hier.
home-signed-out = Sie sind nicht angemeldet. Beginnen Sie zum Anmelden bei der Anwendung, die Sie verwenden möchten. Bei Ihrem Konto können Sie sich hier anmelden.
home-sign-in = Bei Ihrem Konto anmelden
home-account = Ihr Konto
home-developers = Für Entwickler
home-developers-lead = Ein Autorisierungsserver für OAuth 2.0 und OpenID Connect. Bibliotheken brauchen nur den Issuer und finden alles Weitere durch Discovery.
home-issuer = Issuer
home-version = Version
home-discovery = Discovery-Dokument von OpenID Connect
home-keys = Öffentliche Schlüssel (JWKS)
