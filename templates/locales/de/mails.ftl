# Mails to people. A mail greets, says what happened, lists facts, and advises.

mail-greeting = Guten Tag { $name },
mail-closing = Dies ist ein automatischer Sicherheitshinweis. Wir fragen nie per E-Mail nach Ihrem Passwort oder einem Code.
mail-contact = Wenn Sie dies nicht erwartet haben, wenden Sie sich an die Betreiber dieses Dienstes.
mail-contact-at-once = Wenn Sie dies nicht erwartet haben, wenden Sie sich sofort an die Betreiber dieses Dienstes.

# Labels of facts
mail-account = Konto:
mail-time = Zeit:
mail-application = Anwendung:
mail-browser = Browser:
mail-address = Adresse:
mail-code = Oder geben Sie diesen Code dort ein, wo Sie begonnen haben:

# Security events
mail-new-device-subject = Neue Anmeldung bei Ihrem Konto
mail-new-device-what = bei Ihrem Konto gab es eine Anmeldung mit einem Browser, der zuvor noch nicht dafür verwendet wurde.
mail-new-device-advice = Wenn Sie das waren, können Sie diese E-Mail ignorieren. Wenn nicht, kennt eine andere Person Ihr Passwort: Ändern Sie es und bitten Sie die Betreiber dieses Dienstes, Sie überall abzumelden.
mail-soft-locked-subject = Fehlgeschlagene Anmeldeversuche bei Ihrem Konto
mail-soft-locked-what = mehrere Versuche, sich bei Ihrem Konto anzumelden, sind fehlgeschlagen. Weitere Versuche mit Browsern, mit denen Sie sich noch nicht angemeldet haben, werden eine Zeit lang verlangsamt.
mail-soft-locked-advice = Wenn Sie das waren, warten Sie ein wenig. Wenn nicht, ist niemand hineingelangt: Ein langes Passwort, das Sie nirgendwo sonst verwenden, lässt sich nicht erraten. Sie erhalten diese E-Mail erst wieder, nachdem es einen Tag lang keine solchen Versuche gab.
mail-password-set-subject = Ihr Passwort wurde geändert
mail-password-set-what = das Passwort Ihres Kontos wurde geändert.
mail-email-changed-subject = Die E-Mail-Adresse Ihres Kontos wurde geändert
mail-email-changed-what = die E-Mail-Adresse Ihres Kontos wurde geändert. Diese E-Mail geht an die alte und an die neue Adresse, sofern sie als Ihre bestätigt waren.
mail-refresh-reuse-subject = Eine Anwendung hat den Zugriff auf Ihr Konto verloren
mail-refresh-reuse-what = eine Anwendung hat einen Schlüssel zu Ihrem Konto verwendet, der bereits ersetzt war. Er wurde möglicherweise kopiert; daher wurde der Zugriff der Anwendung beendet.
mail-refresh-reuse-advice = Wenn Sie die Anwendung verwenden, melden Sie sich dort erneut an. Wenn Sie sie nicht kennen oder diese E-Mail noch einmal erhalten, wenden Sie sich an die Betreiber dieses Dienstes.
mail-disabled-subject = Ihr Konto wurde deaktiviert
mail-disabled-what = ein Administrator hat Ihr Konto deaktiviert. Sie sind überall abgemeldet und können sich nicht anmelden.
mail-signed-out-subject = Sie wurden überall abgemeldet
mail-signed-out-what = ein Administrator hat alle Sitzungen Ihres Kontos beendet und ebenso den Zugriff, den Anwendungen darauf hatten.
mail-signed-out-advice = Sie können sich wieder anmelden. Wenn Sie dies nicht erwartet haben, wenden Sie sich an die Betreiber dieses Dienstes.
