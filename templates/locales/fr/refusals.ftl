# Sentences of the protocol whose wording in English is fixed; each is one line.

refusal-client = L’application est inconnue ou désactivée : client_id n’est pas enregistré.
refusal-redirect-uri = redirect_uri n’est pas enregistré pour cette application.
refusal-redirect-uri-missing = redirect_uri est requis.
refusal-request-uri = request_uri n’est pas enregistré pour cette application.
refusal-request-uri-expired = request_uri a expiré ou a déjà été utilisé.
refusal-response-type = response_type est requis.
refusal-withdrawn = L’application n’est plus autorisée à demander cela.
refusal-sign-in-unknown = Cette connexion n’a pas été commencée dans ce navigateur, ou a expiré.
refusal-sign-in-expired = Cette connexion a expiré.
refusal-sign-in-answered = Cette connexion a déjà été effectuée.
refusal-form = Le formulaire est incomplet.
refusal-malformed = La requête est mal formée.
refusal-repeated = Un paramètre est répété.
refusal-logout-uri = post_logout_redirect_uri n’est pas enregistré pour cette application.
refusal-hint = id_token_hint n’est pas valide.
refusal-no-page = Il n’y a pas de page à cette adresse.
refusal-large = La requête est trop volumineuse.
refusal-slow = La requête a pris trop de temps.
refusal-long = L’adresse est trop longue.
refusal-host = Ce serveur ne gère pas ce nom d’hôte.
refusal-https = Ce serveur est accessible uniquement par https.
refusal-internal = Une erreur s’est produite sur ce serveur.
