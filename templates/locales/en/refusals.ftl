# Sentences of the protocol whose wording in English is fixed; each is one line.

refusal-client = The application is unknown or disabled: client_id is not registered.
refusal-redirect-uri = redirect_uri is not registered for this application.
refusal-redirect-uri-missing = redirect_uri is required.
refusal-request-uri = request_uri is not registered for this application.
refusal-request-uri-expired = request_uri is expired or already used.
refusal-response-type = response_type is required.
refusal-withdrawn = The application may no longer ask for this.
refusal-sign-in-unknown = This sign-in was not started in this browser, or has expired.
refusal-sign-in-expired = This sign-in has expired.
refusal-sign-in-answered = This sign-in is already done.
refusal-form = The form is not complete.
refusal-malformed = The request is malformed.
refusal-repeated = A parameter is repeated.
refusal-logout-uri = post_logout_redirect_uri is not registered for this application.
refusal-hint = id_token_hint is not valid.
refusal-no-page = There is no page at this address.
refusal-large = The request is too large.
refusal-slow = The request took too long.
refusal-long = The address is too long.
refusal-host = This server does not serve this host.
refusal-https = This server is available over https only.
refusal-internal = Something went wrong on this server.
