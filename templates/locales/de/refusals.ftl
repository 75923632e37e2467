# Sentences of the protocol whose wording in English is fixed; each is one line.

refusal-client = Die Anwendung ist unbekannt oder deaktiviert: client_id ist nicht registriert.
refusal-redirect-uri = redirect_uri ist für diese Anwendung nicht registriert.
refusal-redirect-uri-missing = redirect_uri ist erforderlich.
refusal-request-uri = request_uri ist für diese Anwendung nicht registriert.
refusal-request-uri-expired = request_uri ist abgelaufen oder wurde schon verwendet.
refusal-response-type = response_type ist erforderlich.
refusal-withdrawn = Die Anwendung darf das nicht mehr anfragen.
refusal-sign-in-unknown = Diese Anmeldung wurde nicht in diesem Browser begonnen oder ist abgelaufen.
refusal-sign-in-expired = Diese Anmeldung ist abgelaufen.
refusal-sign-in-answered = Diese Anmeldung ist bereits erledigt.
refusal-form = Das Formular ist nicht vollständig.
refusal-malformed = Die Anfrage ist fehlerhaft.
refusal-repeated = Ein Parameter kommt mehrfach vor.
refusal-logout-uri = post_logout_redirect_uri ist für diese Anwendung nicht registriert.
refusal-hint = id_token_hint ist ungültig.
refusal-no-page = Unter dieser Adresse gibt es keine Seite.
refusal-large = Die Anfrage ist zu groß.
refusal-slow = Die Anfrage hat zu lange gedauert.
refusal-long = Die Adresse ist zu lang.
refusal-host = Dieser Server ist für diesen Hostnamen nicht zuständig.
refusal-https = Dieser Server ist nur über https erreichbar.
refusal-internal = Auf diesem Server ist etwas schiefgegangen.
