# Sentences of the protocol whose wording in English is fixed; each is one line.

refusal-client = La aplicación es desconocida o está desactivada: client_id no está registrado.
refusal-redirect-uri = redirect_uri no está registrado para esta aplicación.
refusal-redirect-uri-missing = redirect_uri es obligatorio.
refusal-request-uri = request_uri no está registrado para esta aplicación.
refusal-request-uri-expired = request_uri ha caducado o ya se ha usado.
refusal-response-type = response_type es obligatorio.
refusal-withdrawn = La aplicación ya no puede solicitar esto.
refusal-sign-in-unknown = Este inicio de sesión no se comenzó en este navegador o ha caducado.
refusal-sign-in-expired = Este inicio de sesión ha caducado.
refusal-sign-in-answered = Este inicio de sesión ya se ha realizado.
refusal-form = El formulario no está completo.
refusal-malformed = La solicitud está mal formada.
refusal-repeated = Un parámetro está repetido.
refusal-logout-uri = post_logout_redirect_uri no está registrado para esta aplicación.
refusal-hint = id_token_hint no es válido.
refusal-no-page = No hay ninguna página en esta dirección.
refusal-large = La solicitud es demasiado grande.
refusal-slow = La solicitud tardó demasiado.
refusal-long = La dirección es demasiado larga.
refusal-host = Este servidor no atiende este nombre de host.
refusal-https = Este servidor solo está disponible por https.
refusal-internal = Algo ha salido mal en este servidor.
