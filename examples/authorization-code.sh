#!/usr/bin/env bash
# The authorization code flow with PKCE (RFC 6749 §4.1, RFC 7636), step by step with curl: a walk-through for people who
# write a client, and a smoke test for those who run a server. It signs in on the pages as a browser would, and ends with
# the person's claims from userinfo.
#
#   signet client add --id walk --auth-method none --redirect-uri http://127.0.0.1/callback --scope "openid profile email"
#   printf 'the password' | examples/authorization-code.sh http://localhost:8000 walk http://127.0.0.1/callback alice
#
# For a confidential client, set CLIENT_SECRET. SCOPE sets other scopes, and TOKENS a file for the tokens, which
# refresh-token.sh reads. Needs curl, jq and openssl.
set -euo pipefail

issuer="$1" client_id="$2" redirect_uri="$3" username="$4"
scope="${SCOPE:-openid profile email}"
IFS= read -r password || [ -n "$password" ]

jar="$(mktemp)"
trap 'rm -f "$jar"' EXIT
browser() { curl --silent --show-error --noproxy '*' --cookie "$jar" --cookie-jar "$jar" "$@"; }
program() { curl --silent --show-error --fail-with-body --noproxy '*' "$@"; }
base64url() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
random() { openssl rand 32 | base64url; }
fail() { echo "$1" >&2; exit 1; }
# The value of an attribute of the first tag on standard input that matches the pattern.
attribute() { sed -n "s/.*$1[^>]* $2=\"\([^\"]*\)\".*/\1/p" | head -n 1 | sed 's/&amp;/\&/g'; }
# A query parameter of a URL.
parameter() { sed -n "s/.*[?&]$2=\([^&]*\).*/\1/p" <<<"$1" | sed 's/%3A/:/g; s/%2F/\//g'; }

# 1. Discovery (RFC 8414): a client needs only the issuer.
metadata="$(program "$issuer/.well-known/openid-configuration")"
endpoint() { jq -er ".$1" <<<"$metadata"; }
[ "$(endpoint issuer)" = "$issuer" ] || fail "the metadata is another issuer's"

# 2. PKCE, state and nonce: each random, and new for each request.
verifier="$(random)" state="$(random)" nonce="$(random)"
challenge="$(printf '%s' "$verifier" | openssl dgst -sha256 -binary | base64url)"

# 3. The authorization request, to which the application redirects the browser.
page="$(browser --location --get "$(endpoint authorization_endpoint)" \
    --data-urlencode response_type=code --data-urlencode "client_id=$client_id" \
    --data-urlencode "redirect_uri=$redirect_uri" --data-urlencode "scope=$scope" \
    --data-urlencode "state=$state" --data-urlencode "nonce=$nonce" \
    --data-urlencode "code_challenge=$challenge" --data-urlencode code_challenge_method=S256)"

# 4. The person signs in, and allows the request if they are asked. A page may lead to the next one.
origin="$(sed 's#^\(https\{0,1\}://[^/]*\).*#\1#' <<<"$issuer")"
submit() {
    local action csrf
    action="$(attribute '<form' action <<<"$page")"
    csrf="$(attribute 'name="csrf"' value <<<"$page")"
    [ -n "$action" ] || fail "this page has no form: $(sed -n 's/.*<h1>\(.*\)<\/h1>.*/\1/p' <<<"$page")"
    browser --header "Origin: $origin" --output /dev/null --write-out '%{redirect_url}' \
        --data-urlencode "csrf=$csrf" "$@" "$origin$action"
}
location="$(submit --data-urlencode "username=$username" --data-urlencode "password=$password" --data login-submit=yes)"
[ -n "$location" ] || fail "the name or the password is wrong"
for _ in 1 2; do
    case "$location" in "$redirect_uri"*) break ;; esac
    page="$(browser --output - --write-out '\nnext: %{redirect_url}' "$location")"
    next="$(sed -n 's/^next: //p' <<<"$page" | tail -n 1)"
    if [ -n "$next" ]; then location="$next"; else location="$(submit --data consent-allow=yes)"; fi
done

# 5. The response: the state must be the request's, and `iss` the issuer (RFC 9207).
case "$location" in "$redirect_uri"*) ;; *) fail "the browser did not come back: $location" ;; esac
[ "$(parameter "$location" state)" = "$state" ] || fail "the state is another request's"
[ "$(parameter "$location" iss)" = "$issuer" ] || fail "the response is another issuer's"
code="$(parameter "$location" code)"
[ -n "$code" ] || fail "refused: $(parameter "$location" error)"

# 6. Redeem the code, with the verifier.
authentication=(--data-urlencode "client_id=$client_id")
[ -z "${CLIENT_SECRET:-}" ] || authentication=(--user "$client_id:$CLIENT_SECRET")
tokens="$(program "$(endpoint token_endpoint)" "${authentication[@]}" --data grant_type=authorization_code \
    --data-urlencode "code=$code" --data-urlencode "redirect_uri=$redirect_uri" --data-urlencode "code_verifier=$verifier")"
[ -z "${TOKENS:-}" ] || (umask 077 && echo "$tokens" >"$TOKENS")

# 7. Check that the ID token is for this client and this request. A real client also verifies its signature.
claims="$(jq -er .id_token <<<"$tokens" | cut -d. -f2 | tr '_-' '/+' | sed 's/$/===/' | base64 --decode --ignore-garbage 2>/dev/null || true)"
[ "$(jq -r .nonce <<<"$claims")" = "$nonce" ] || fail "the nonce is another request's"
[ "$(jq -r '.aud | if type == "array" then .[0] else . end' <<<"$claims")" = "$client_id" ] || fail "another client's token"

# 8. Userinfo, with the access token.
program --header "Authorization: Bearer $(jq -er .access_token <<<"$tokens")" "$(endpoint userinfo_endpoint)" | jq .
