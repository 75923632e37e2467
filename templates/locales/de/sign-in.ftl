# Die Anmeldeseite und die Startseite.

login-client = weiter zu
login-confirm-it-is-you = <strong>Bestätigen Sie, dass Sie es sind.</strong> Sie sind bereits angemeldet; geben Sie Ihr Passwort noch einmal ein, um fortzufahren.
login-remember = Auf diesem Gerät angemeldet bleiben
login-failed = Benutzername oder Passwort ist falsch.
login-paused = Es gab zu viele Fehlversuche. Versuchen Sie es { span-in } erneut.
login-imprint = Ihr Passwort wird hier geprüft und der Anwendung nie gezeigt. Sehen Sie in die Adresszeile, bevor Sie es eingeben.
