#!/usr/bin/env bash
# A service gets its own token (RFC 6749 §4.4) and introspects it (RFC 7662). Prints the answer of the introspection
# endpoint.
#
#   signet client add --id billing --grant client_credentials --scope "orders:read"
#   CLIENT_SECRET=... examples/client-credentials.sh http://localhost:8000 billing orders:read
#
# Needs curl and jq.
set -euo pipefail

issuer="$1" client_id="$2" scope="$3"
program() { curl --silent --show-error --fail-with-body --noproxy '*' --user "$client_id:$CLIENT_SECRET" "$@"; }

metadata="$(program "$issuer/.well-known/openid-configuration")"
token="$(program --data grant_type=client_credentials --data-urlencode "scope=$scope" \
    "$(jq -er .token_endpoint <<<"$metadata")" | jq -er .access_token)"
program --data-urlencode "token=$token" "$(jq -er .introspection_endpoint <<<"$metadata")" | jq .
