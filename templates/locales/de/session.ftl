# Signing out, and the way back to applications.

logout-heading = Möchten Sie sich abmelden?
logout-sentence = Das Abmelden beendet Ihre Sitzung auf diesem Gerät. Bei Anwendungen bleiben Sie möglicherweise angemeldet, bis Sie sich auch dort abmelden.
logout-cancel = Angemeldet bleiben
signed-out-heading = Sie sind abgemeldet
signed-out-here = Ihre Sitzung auf diesem Gerät ist beendet. Schließen Sie auf einem gemeinsam genutzten Computer auch den Browser.
signed-out-named = Die von der Anwendung genannte Sitzung ist beendet. Auf diesem Gerät gab es keine Sitzung.
signed-out-nothing = Auf diesem Gerät gab es keine Sitzung.
signed-out-frame = Abmeldung läuft

# The way back to the application
returning-heading = Zurück zur Anwendung
returning-sentence = Sie werden zur Anwendung zurückgeleitet. Falls nichts geschieht, wählen Sie „Weiter“.
returning-without-script = In diesem Browser sind Skripte abgeschaltet; wählen Sie daher „Weiter“.
