"""What the Python scripts about single surfaces share: steps, keys, a client that registers itself, and a visit."""

import os
import sys
from urllib.parse import parse_qsl, urlsplit

import requests
from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

import browser

SCOPE = "openid profile email"
TIMEOUT = 15


def fail(name, reason):
    print(f"not ok {name}: {' '.join(str(reason).split())}", flush=True)
    sys.exit(1)


def step(name, run):
    """Run one step: `ok NAME`, or `not ok NAME: reason` and the end."""
    try:
        result = run()
    except Exception as error:  # noqa: BLE001: whatever it is, it is the reason
        fail(name, f"{type(error).__name__}: {error}")
    print(f"ok {name}", flush=True)
    return result


def expect(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(actual, expected, what):
    expect(actual == expected, f"{what} is {actual!r}, not {expected!r}")


def env(name):
    value = os.environ.get(name)
    if not value:
        fail("environment", f"{name} is not set")
    return value


ISSUER = env("SIGNET_ISSUER")
REDIRECT_URI = env("REDIRECT_URI")
USERNAME = env("USERNAME")
PASSWORD = env("PASSWORD")
# No proxy and no netrc: the server is on loopback.
http = requests.Session()
http.trust_env = False


def get_json(url):
    response = http.get(url, timeout=TIMEOUT)
    response.raise_for_status()
    return response.json()


metadata = step(
    "discovery",
    lambda: OpenIDProviderMetadata(
        get_json(get_well_known_url(ISSUER, external=True))
    ),
)


def key_set(use):
    """The server's keys of one use (RFC 7517 §4.2)."""
    keys = get_json(metadata["jwks_uri"])["keys"]
    return KeySet.import_key_set({"keys": [k for k in keys if k["use"] == use]})


def new_key(alg, use):
    """A key pair of the client's own."""
    parameters = {"alg": alg, "use": use}
    if alg.startswith(("RS", "PS")):
        key = RSAKey.generate_key(2048, parameters)
    elif alg.startswith("Ed"):
        key = OKPKey.generate_key("Ed25519", parameters)
    else:
        key = ECKey.generate_key("P-256", parameters)
    key.ensure_kid()
    return key


def register(**client):
    """Register a client (RFC 7591): what came back."""
    client = {"redirect_uris": [REDIRECT_URI], "scope": SCOPE, **client}
    response = http.post(
        metadata["registration_endpoint"], json=client, timeout=TIMEOUT
    )
    equal(response.status_code, 201, f"the registration: {response.text}: the status")
    return response.json()


def parameters(client, **more):
    """The parameters of a request, over the usual ones, and the verifier of PKCE."""
    code_verifier = generate_token(48)
    request = {
        "client_id": client["client_id"],
        "redirect_uri": client["redirect_uris"][0],
        "response_type": "code",
        "scope": SCOPE,
        "state": generate_token(),
        "nonce": generate_token(),
        "code_challenge": create_s256_code_challenge(code_verifier),
        "code_challenge_method": "S256",
        **more,
    }
    return request, code_verifier


def visit(request, sent=None):
    """Let the user agent go with a request, or with what is sent in its place: the answer."""
    callback = browser.authorize(
        add_params_to_uri(metadata["authorization_endpoint"], sent or request),
        redirect_uri=request["redirect_uri"],
        username=USERNAME,
        password=PASSWORD,
    )
    parts = urlsplit(callback)
    answer = dict(parse_qsl(parts.fragment or parts.query))
    expect("error" not in answer, f"{answer}")
    equal(answer.get("iss"), ISSUER, "iss of the answer")
    equal(answer.get("state"), request["state"], "state of the answer")
    return answer


def post(endpoint, client, form):
    """A POST of a form, authenticated with the secret."""
    secret = (client["client_id"], client["client_secret"])
    return http.post(metadata[endpoint], data=form, auth=secret, timeout=TIMEOUT)


def redeem(client, request, code_verifier, code):
    """The tokens for a code."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": request["redirect_uri"],
        "code_verifier": code_verifier,
    }
    response = post("token_endpoint", client, form)
    equal(response.status_code, 200, f"the exchange: {response.text}: the status")
    return response.json()


def verify(token, alg, key=None):
    """The claims of a signed token, and its header, if the signature is right."""
    registry = JWSRegistry(algorithms=[alg], strict_check_header=False)
    return jwt.decode(token, key=key or key_set("sig"), registry=registry)
