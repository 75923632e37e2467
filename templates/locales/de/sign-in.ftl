# Die Anmeldeseite und die Startseite.

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
