# Der Rahmen der Kontoverwaltung.

console-label = Konto
console-overview = Übersicht
console-security = Sicherheit
console-sessions = Sitzungen
console-applications = Anwendungen
console-activity = Aktivität
console-unknown = Unbekannt
console-unknown-browser = Unbekannter Browser
console-address = IP-Adresse

# Meldungen nach einem Formular.
flash-session-ended = Die Sitzung wurde beendet.
flash-others-ended = Alle anderen Sitzungen wurden beendet.
flash-no-such-session = Diese Sitzung war bereits beendet.
flash-application-removed = Die Anwendung hat keinen Zugriff mehr auf Ihr Konto.
flash-no-such-application = Diese Anwendung hatte keinen Zugriff auf Ihr Konto.
flash-disputed = Alle anderen Sitzungen wurden beendet. Ändern Sie jetzt Ihr Passwort, damit sich niemand sonst damit anmelden kann.

# Die Übersicht.
overview-heading = Ihr Konto
overview-last-sign-in = Vorherige Anmeldung
overview-previous = Die Anmeldung vor dieser war am <bdi>{ $time }</bdi>.
overview-check-list = Sicherheitsprüfung
overview-review = Ansehen
console-email-verified = Bestätigt
console-email-unverified = Nicht bestätigt
advice-email-verified = Ihre E-Mail-Adresse ist bestätigt.
advice-email-unverified = Ihre E-Mail-Adresse ist nicht bestätigt; Mitteilungen über Ihr Konto erreichen Sie daher nicht.
advice-email-missing = Ihr Konto hat keine E-Mail-Adresse; Mitteilungen darüber erreichen Sie daher nicht.
advice-password-recent = Ihr Passwort wurde in den letzten zwei Jahren geändert.
advice-password-old = Ihr Passwort ist über zwei Jahre alt. Ändern Sie es, falls Sie es noch anderswo verwenden.
advice-other-sessions =
    { $count ->
        [0] Sie sind sonst nirgends angemeldet.
        [one] Sie sind mit { $count } weiteren Browser angemeldet.
       *[other] Sie sind mit { $count } weiteren Browsern angemeldet.
    }
advice-applications =
    { $count ->
        [0] Keine Anwendung hat mit Ihrer Zustimmung Zugriff auf Ihr Konto.
        [one] { $count } Anwendung hat mit Ihrer Zustimmung Zugriff auf Ihr Konto.
       *[other] { $count } Anwendungen haben mit Ihrer Zustimmung Zugriff auf Ihr Konto.
    }

# Sicherheit.
security-password-set = Ihr Passwort wurde zuletzt am <bdi>{ $time }</bdi> geändert.
security-password-none = Ihr Konto hat kein Passwort.
security-change-password = Passwort ändern
security-show-sessions = Sitzungen anzeigen

# Sitzungen.
sessions-about = Die Browser, in denen Sie angemeldet sind. Beenden Sie eine Sitzung, die Sie nicht kennen, und ändern Sie Ihr Passwort.
sessions-this = Diese Sitzung
sessions-same-network = dasselbe Netz wie dieser Browser
sessions-other-network = ein anderes Netz als dieser Browser
sessions-signed-in = Angemeldet
sessions-seen = Zuletzt gesehen
sessions-expires = Endet
sessions-applications = Anwendungen
sessions-end-others = Alle anderen abmelden
sessions-end-all = Überall abmelden
sessions-end-all-hint = Überall abzumelden beendet auch den Zugriff aller Anwendungen und diese Sitzung.
method-password = mit Passwort
method-code = mit Einmalcode
method-passkey = mit Passkey

# Anwendungen.
applications-about = Die Anwendungen, die Ihr Konto verwenden können. Wenn Sie eine entfernen, endet ihr Zugriff sofort.
applications-none = Keine Anwendung hat Zugriff auf Ihr Konto.
applications-dynamic = Selbst registriert
applications-dynamic-hint = Die Betreiber dieses Dienstes haben den Namen dieser Anwendung nicht geprüft.
applications-may = Darf
applications-may-nothing = Nur erfahren, dass Sie sich angemeldet haben
applications-resources = Dienste
applications-duration = Zugriff
applications-offline = Auch nachdem Sie sich abgemeldet haben
applications-online = Bis Ihre Sitzung endet
applications-since = Seit
applications-used = Zuletzt verwendet
applications-remove = Zugriff entfernen

# Aktivität.
activity-about = Was mit Ihrem Konto geschehen ist, das Neueste zuerst. Die Administratoren dieses Dienstes sehen es auch.
activity-none = Es gibt keine Aktivität.
activity-older = Ältere Aktivität
activity-not-me = Das war ich nicht
activity-signed-in = Angemeldet
activity-sign-in-failed = Anmeldung fehlgeschlagen
activity-new-browser = Anmeldung mit einem neuen Browser
activity-signed-out = Abgemeldet
activity-session-ended = Eine Sitzung wurde beendet
activity-signed-out-everywhere = Überall abgemeldet
activity-locked = Anmeldung nach vielen Fehlversuchen angehalten
activity-consent-given = Zugriff erlaubt
activity-consent-denied = Zugriff abgelehnt
activity-consent-withdrawn = Zugriff entfernt
activity-device-allowed = Ein Gerät wurde verbunden
activity-device-denied = Ein Gerät wurde abgelehnt
activity-access-revoked = Zugriff beendet
activity-code-replayed = Ein Anmeldecode wurde zweimal verwendet; sein Zugriff wurde beendet
activity-token-reused = Ein alter Schlüssel einer Anwendung wurde verwendet; ihr Zugriff wurde beendet
activity-account-created = Konto erstellt
activity-profile-changed = Profil geändert
activity-email-changed = E-Mail-Adresse geändert
activity-roles-changed = Ihre Berechtigungen wurden geändert
activity-password-changed = Passwort geändert
activity-disabled = Konto deaktiviert
activity-enabled = Konto aktiviert
activity-exported = Kontodaten heruntergeladen
activity-disputed = Aktivität als fremd gemeldet
activity-token-created = Persönliches Zugriffstoken erstellt
activity-token-revoked = Persönliches Zugriffstoken widerrufen
actor-browser = in einem Browser
actor-application = durch eine Anwendung
actor-server = durch diesen Dienst
actor-administrator = durch einen Administrator
dispute-heading = Das waren nicht Sie?
dispute-about = Alle Sitzungen außer dieser werden beendet, und Sie wählen ein neues Passwort. Damit endet auch der Zugriff aller Anwendungen.
dispute-confirm = Andere Sitzungen beenden

# Das Profil.
console-profile = Profil
profile-about = Anwendungen sehen diese Angaben nur mit Ihrer Zustimmung.
profile-save = Speichern
flash-profile-saved = Ihr Profil wurde gespeichert.
flash-profile-unchanged = Es wurde nichts geändert.
profile-check = Es wurde nichts gespeichert. Prüfen Sie die markierten Felder.
profile-stale = Ihr Profil wurde inzwischen geändert. Prüfen Sie die jetzigen Werte unten und speichern Sie erneut.
profile-name = Vollständiger Name
profile-given-name = Vorname
profile-middle-name = Zweiter Vorname
profile-family-name = Nachname
profile-nickname = Spitzname
profile-preferred-username = Anzeigename
profile-phone = Telefonnummer
profile-phone-hint = Zum Beispiel +49 30 123456
profile-locale = Sprache
profile-locale-hint = Ein Sprachkürzel wie de oder fr-CA
profile-zoneinfo = Zeitzone
profile-zoneinfo-hint = Zum Beispiel Europe/Berlin
profile-birthdate = Geburtsdatum
profile-birthdate-hint = Zum Beispiel 1990-01-31
profile-gender = Geschlecht
profile-picture = Bild
profile-website = Website
profile-page = Profilseite
profile-url-hint = Eine Webadresse, die mit https:// beginnt
profile-street = Straße und Hausnummer
profile-postal-code = Postleitzahl
profile-locality = Ort
profile-region = Bundesland oder Region
profile-country = Land
profile-error-length = Der Text ist zu lang oder leer.
profile-error-character = Der Text hat ein Zeichen, das nicht verwendet werden kann.
profile-error-space = Am Anfang und am Ende darf kein Leerzeichen stehen.
profile-error-url = Das ist keine Webadresse.
profile-error-birthdate = Das ist kein Datum wie 1990-01-31.
profile-error-zoneinfo = Das ist keine Zeitzone wie Europe/Berlin.
profile-error-locale = Das ist kein Sprachkürzel wie de oder fr-CA.
profile-error-phone = Das ist keine Telefonnummer.
profile-error-at = Der Benutzername darf kein @ enthalten.
profile-error-taken = Dieser Benutzername ist vergeben.

# Persönliche Zugriffstoken.
console-tokens = Zugriffstoken
tokens-about = Mit einem persönlichen Zugriffstoken verwendet ein eigenes Skript einen Dienst in Ihrem Namen. Es endet, wenn Sie Ihr Passwort ändern.
tokens-new = Neues Token
tokens-no-resource = Dieser Server hat keine Dienste, die persönliche Zugriffstoken annehmen.
tokens-name = Name
tokens-scopes = Berechtigungen
tokens-lifetime = Gültig für
tokens-days =
    { $count ->
        [one] { $count } Tag
       *[other] { $count } Tage
    }
tokens-hours =
    { $count ->
        [one] { $count } Stunde
       *[other] { $count } Stunden
    }
tokens-create = Token erstellen
tokens-created = Ihr neues Token
tokens-once = Kopieren Sie es jetzt. Es wird nicht noch einmal angezeigt.
tokens-next = Das nächste Token kann am <bdi>{ $time }</bdi> erstellt werden.
tokens-too-many = Sie können noch kein weiteres Token erstellen.
tokens-error-name = Geben Sie einen Namen von höchstens 100 Zeichen ein, ohne Leerzeichen davor oder danach.
tokens-error-resource = Wählen Sie mindestens einen Dienst.
tokens-error-scope = Wählen Sie nur Berechtigungen aus der Liste.
tokens-error-lifetime = Wählen Sie eine Dauer aus der Liste.
tokens-list = Ihre Token
tokens-none = Sie haben keine Token.
tokens-made = Erstellt
tokens-never = Nie
tokens-revoke = Widerrufen
flash-token-revoked = Das Token wurde widerrufen.
flash-no-such-token = Dieses Token war bereits beendet.

# Die Daten des Kontos und seine Löschung.
console-data = Ihre Daten
data-download = Herunterladen
data-about = Eine Datei mit Ihrem Profil, Ihren Zustimmungen, Sitzungen, Zugriffstoken und Ihrer Aktivität. Sie enthält weder Passwörter noch Schlüssel.
data-export = Ihre Daten herunterladen
delete-heading = Ihr Konto löschen
delete-short = Ihr Konto und jeder Zugriff darauf enden sofort und können nicht wiederhergestellt werden.
delete-about = Ihr Profil, Ihre Sitzungen, Zustimmungen und Zugriffstoken werden entfernt, und Sie werden bei allen Anwendungen abgemeldet. Das kann nicht rückgängig gemacht werden. Was Anwendungen selbst gespeichert haben, bleibt davon unberührt.
delete-log = Das Sicherheitsprotokoll behält seine Einträge für begrenzte Zeit. Sie enthalten weder Ihren Namen noch Ihre E-Mail-Adresse.
delete-name = Geben Sie zur Bestätigung Ihren Benutzernamen ein
delete-other-name = Das ist nicht der Name Ihres Kontos. Es wurde nichts gelöscht.
delete-confirm = Konto löschen
deleted-heading = Ihr Konto wurde gelöscht
deleted-about = Sie sind abgemeldet. Sie können diese Seite schließen.
