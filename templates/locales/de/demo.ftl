# The demo application.

demo-title = Demo-Anwendung
demo-foot = Eine kleine Anwendung zum Ausprobieren von { $brand }. Wenn sie endet, behält sie nichts.
demo-heading = Anmelden ausprobieren
demo-lead = Diese Seite steht für eine beliebige Anwendung, bei der man sich mit { $brand } anmelden kann. Sie schickt Sie zum Server, und der schickt Sie mit dem Nachweis zurück, wer Sie sind.
demo-sign-in = Mit { $brand } anmelden
demo-account = Verwenden Sie dieses Konto
demo-server = Server
demo-steps = Das wird geschehen
demo-step-1 = Ihr Browser geht mit einer durch PKCE geschützten Autorisierungsanfrage zu { $brand }.
demo-step-2 = Sie melden sich dort an und entscheiden, ob Sie Ihr Profil weitergeben.
demo-step-3 = Sie kehren mit einem Code zurück, der einmal gilt. Die Anwendung löst ihn gegen Tokens ein, prüft das ID-Token und zeigt Ihnen, was sie erfahren hat.

# After the sign-in
demo-signed-in = Angemeldet
demo-welcome = Willkommen, <bdi>{ $name }</bdi>
demo-it-worked = Es hat geklappt. Sie haben sich mit { $brand } angemeldet, und diese Anwendung hat es überprüft. Sie kennt Sie als Subject
demo-verified = Überprüft
demo-signature = Signatur
demo-signature-valid = gültig, durch einen Schlüssel aus der JWKS des Issuers
demo-checks = Audience, Nonce, Ablauf, at_hash
demo-valid = gültig
demo-valid-until = Gültig bis
demo-refresh-token = Refresh-Token
demo-yes = ja
demo-no = nein
demo-refresh = Tokens erneuern
demo-refreshed = Die Tokens wurden erneuert: Vergleichen Sie iat und exp.
demo-received = Das hat die Anwendung erhalten
demo-id-token = ID-Token
demo-userinfo = Benutzerinformationen
demo-access-token = Access-Token
demo-next = Wie es weitergeht
demo-discovery = Discovery-Dokument
demo-start-page = Startseite des Servers

# After a failure
demo-failure-heading = Die Anmeldung wurde nicht abgeschlossen
demo-not-started = Die Anmeldung konnte nicht beginnen
demo-not-signed-in = Sie wurden nicht angemeldet
demo-not-refreshed = Die Tokens konnten nicht erneuert werden
