#!/usr/bin/env bash
# The life of a grant after the sign-in: refresh (RFC 6749 §6), userinfo, introspection (RFC 7662), revocation (RFC 7009).
# Reads the token endpoint's answer from standard input, as written by authorization-code.sh, and prints the server's answer
# for the revoked grant.
#
#   TOKENS=tokens.json SCOPE="openid offline_access" examples/authorization-code.sh ...
#   examples/refresh-token.sh http://localhost:8000 walk <tokens.json
#
# For a confidential client, set CLIENT_SECRET. Needs curl and jq.
set -euo pipefail

issuer="$1" client_id="$2"
program() { curl --silent --show-error --noproxy '*' "$@"; }
fail() { echo "$1" >&2; exit 1; }

authentication=(--data-urlencode "client_id=$client_id")
[ -z "${CLIENT_SECRET:-}" ] || authentication=(--user "$client_id:$CLIENT_SECRET")
metadata="$(program --fail-with-body "$issuer/.well-known/openid-configuration")"
post() {
    local endpoint="$1"
    shift
    program "${authentication[@]}" "$@" "$(jq -er ".$endpoint" <<<"$metadata")"
}
refresh() { post token_endpoint --data grant_type=refresh_token --data-urlencode "refresh_token=$1"; }
# Public clients may not introspect, because they cannot authenticate.
active() {
    [ -n "${CLIENT_SECRET:-}" ] || { echo "$1"; return; }
    post introspection_endpoint --data-urlencode "token=$access_token" | jq .active
}

# 1. A refresh token is used once. The answer has its successor: store it at once.
refresh_token="$(jq -er .refresh_token)" || fail "no refresh token: the grant and the scope offline_access are needed"
tokens="$(refresh "$refresh_token")"
access_token="$(jq -er .access_token <<<"$tokens")" || fail "refused: $tokens"
next="$(jq -er .refresh_token <<<"$tokens")"
[ "$next" != "$refresh_token" ] || fail "the refresh token was not rotated"

# 2. The new access token works.
subject="$(program --header "Authorization: Bearer $access_token" "$(jq -er .userinfo_endpoint <<<"$metadata")" | jq -er .sub)"
[ "$(active true)" = true ] || fail "the access token is not active"

# 3. The application revokes the refresh token, which also voids the access tokens of the grant.
post revocation_endpoint --data-urlencode "token=$next" --data token_type_hint=refresh_token >/dev/null
[ "$(active false)" = false ] || fail "the access token is still active"
jq --arg sub "$subject" '{sub: $sub, error}' <<<"$(refresh "$next")"
