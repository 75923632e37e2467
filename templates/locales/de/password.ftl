# Die Seiten für ein neues Passwort und die Gründe, aus denen eines abgelehnt wird.

new-password-heading = Wählen Sie ein neues Passwort
new-password-reason = Ihr Passwort wurde von jemand anderem gesetzt. Wählen Sie eines, das nur Sie kennen, um fortzufahren.
new-password-label = Neues Passwort
new-password-hint = { $count } bis 128 Zeichen. Mehrere ungewöhnliche Wörter merkt man sich leichter als Sonderzeichen, und sie sind schwerer zu erraten.
new-password-submit = Speichern und weiter
new-password-late = Die Zeit für die Wahl eines neuen Passworts ist abgelaufen. Melden Sie sich noch einmal an.
password-too-short = Das Passwort muss mindestens { $count } Zeichen haben.
password-too-long = Das Passwort darf höchstens 128 Zeichen haben.
password-common = Dieses Passwort ist zu verbreitet.
password-personal = Das Passwort darf nicht Ihr Name oder Ihre E-Mail-Adresse sein oder ihnen ähneln.
password-guessable = Dieses Passwort ist zu leicht zu erraten. Verwenden Sie mehr oder ungewöhnlichere Wörter.
password-breached = Dieses Passwort ist aus einem Datenleck bekannt. Wählen Sie ein anderes.
password-unchanged = Das neue Passwort muss sich vom alten unterscheiden.
password-live-short = Zu kurz
password-live-plain = Leicht zu erraten
password-live-good = Lang genug; es wird beim Speichern geprüft.
change-password-heading = Passwort ändern
change-password-note = Hier bleiben Sie angemeldet. Alle anderen Sitzungen enden, und Anwendungen bitten Sie, sich erneut anzumelden.
change-password-submit = Passwort ändern
change-password-done = Ihr Passwort ist geändert. Alle anderen Sitzungen sind beendet.
change-password-paused = Es gab zu viele Fehlversuche. Versuchen Sie es { span-in } erneut.
current-password-label = Aktuelles Passwort
current-password-wrong = Das ist nicht Ihr aktuelles Passwort.
