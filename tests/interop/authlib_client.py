"""Authlib against Signet, in the library's own idiom.

ID tokens are checked as Authlib's own integrations do it: joserfc, where its
JOSE code now is, for the signature, and CodeIDToken for the claims.
"""

import os
import sys
from urllib.parse import parse_qsl, urlsplit

from authlib.common.security import generate_token
from authlib.common.urls import add_params_to_uri
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2 import rfc9207
from authlib.oidc import rpinitiated
from authlib.oidc.core import CodeIDToken, UserInfo
from authlib.oidc.discovery import OpenIDProviderMetadata, get_well_known_url
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

import browser

SCOPE = "openid profile email offline_access"
# offline_access needs prompt=consent, so a silent login asks for the rest.
SILENT_SCOPE = "openid profile email"
TIMEOUT = 15


def fail(name, reason):
    print(f"not ok {name}: {' '.join(str(reason).split())}", flush=True)
    sys.exit(1)


def step(run):
    """Run one step: `ok NAME`, or `not ok NAME: reason` and the end."""
    name = run.__name__.replace("_", " ")
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
CLIENT_ID = env("CLIENT_ID")
CLIENT_SECRET = env("CLIENT_SECRET")
REDIRECT_URI = env("REDIRECT_URI")
POST_LOGOUT_REDIRECT_URI = env("POST_LOGOUT_REDIRECT_URI")
USERNAME = env("USERNAME")
PASSWORD = env("PASSWORD")


def new_session(scope):
    session = OAuth2Session(
        CLIENT_ID,
        CLIENT_SECRET,
        token_endpoint_auth_method="client_secret_basic",
        revocation_endpoint_auth_method="client_secret_basic",
        scope=scope,
        redirect_uri=REDIRECT_URI,
        code_challenge_method="S256",
        default_timeout=TIMEOUT,
    )
    # No proxy and no netrc: the server is on loopback.
    session.trust_env = False
    return session


session = new_session(SCOPE)


def get_json(url):
    response = session.get(url, withhold_token=True)
    response.raise_for_status()
    return response.json()


@step
def discovery():
    found = OpenIDProviderMetadata(get_json(get_well_known_url(ISSUER, external=True)))
    # Authlib takes plain http for loopback addresses only.
    found.validate(
        metadata_classes=[
            rpinitiated.OpenIDProviderMetadata,
            rfc9207.AuthorizationServerMetadata,
        ]
    )
    equal(found.get("issuer"), ISSUER, "issuer")
    expect(
        "S256" in found.get("code_challenge_methods_supported", []),
        "PKCE with S256 is not announced",
    )
    equal(
        found.get("authorization_response_iss_parameter_supported"), True, "RFC 9207"
    )
    return found


metadata = discovery


@step
def jwks():
    return KeySet.import_key_set(get_json(metadata["jwks_uri"]))


def visit(oauth, prompt, silent=False):
    """Build a request, let the user agent go with it: callback, state, nonce, verifier."""
    code_verifier = generate_token(48)
    nonce = generate_token()
    url, state = oauth.create_authorization_url(
        metadata["authorization_endpoint"],
        code_verifier=code_verifier,
        nonce=nonce,
        prompt=prompt,
    )
    callback = browser.authorize(
        url,
        redirect_uri=REDIRECT_URI,
        username=USERNAME,
        password=PASSWORD,
        silent=silent,
    )
    return callback, state, nonce, code_verifier


def check_callback(callback, state):
    """RFC 9207, which Authlib leaves to the client, and errors."""
    params = dict(parse_qsl(urlsplit(callback).query))
    equal(params.get("iss"), ISSUER, "iss of the callback")
    equal(params.get("state"), state, "state of the callback")
    if "error" in params:
        raise OAuthError(params["error"], params.get("error_description"))


def exchange(oauth, callback, state, code_verifier):
    return oauth.fetch_token(
        metadata["token_endpoint"],
        authorization_response=callback,
        state=state,
        code_verifier=code_verifier,
    )


def validate_id_token(token, nonce=None, at_hash_required=True):
    expect(token.get("id_token"), "no ID token")
    decoded = jwt.decode(
        token["id_token"],
        key=jwks,
        registry=JWSRegistry(algorithms=["RS256"], strict_check_header=False),
    )
    options = {
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": CLIENT_ID},
        "exp": {"essential": True},
    }
    if at_hash_required:
        options["at_hash"] = {"essential": True}
    params = {"client_id": CLIENT_ID, "access_token": token["access_token"]}
    if nonce:
        params["nonce"] = nonce
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(leeway=0)
    return claims


def introspect(access_token):
    response = session.introspect_token(
        metadata["introspection_endpoint"],
        token=access_token,
        token_type_hint="access_token",
    )
    response.raise_for_status()
    return response.json()


@step
def login_and_consent():
    return visit(session, "consent")


callback, state, nonce, code_verifier = login_and_consent


@step
def callback_checks():
    check_callback(callback, state)


@step
def code_exchange():
    return exchange(session, callback, state, code_verifier)


token = dict(code_exchange)


@step
def id_token():
    found = validate_id_token(token, nonce)
    expect(token.get("refresh_token"), "offline_access gave no refresh token")
    return found


claims = id_token


@step
def userinfo():
    response = session.get(metadata["userinfo_endpoint"])
    response.raise_for_status()
    equal(UserInfo(response.json()).sub, claims["sub"], "sub")


@step
def refresh():
    result = session.refresh_token(
        metadata["token_endpoint"], refresh_token=token["refresh_token"]
    )
    # Authlib keeps the old refresh token when no new one is sent.
    expect(
        result["refresh_token"] != token["refresh_token"],
        "the refresh token was not rotated",
    )
    expect(
        result["access_token"] != token["access_token"],
        "the access token is the old one",
    )
    # OpenID Connect Core 12.2.
    fresh = validate_id_token(result, at_hash_required=False)
    equal(fresh["sub"], claims["sub"], "sub after the refresh")
    expect(fresh["iat"] >= claims["iat"], "iat after the refresh went back")
    for name in ("auth_time", "nonce"):
        if name in fresh and name in claims:
            equal(fresh[name], claims[name], f"{name} after the refresh")
    return result


refreshed = dict(refresh)


@step
def introspection():
    result = introspect(refreshed["access_token"])
    equal(result.get("active"), True, "active")
    equal(result.get("sub"), claims["sub"], "sub")


@step
def revocation():
    response = session.revoke_token(
        metadata["revocation_endpoint"],
        token=refreshed["refresh_token"],
        token_type_hint="refresh_token",
    )
    equal(response.status_code, 200, "status")


@step
def introspection_after_revocation():
    equal(introspect(refreshed["access_token"]).get("active"), False, "active")


@step
def refresh_after_revocation():
    try:
        session.refresh_token(
            metadata["token_endpoint"], refresh_token=refreshed["refresh_token"]
        )
    except OAuthError as error:
        equal(error.error, "invalid_grant", "error")
    else:
        raise AssertionError("it was accepted, an error was expected")


@step
def silent_login():
    silent = new_session(SILENT_SCOPE)
    callback, state, nonce, code_verifier = visit(silent, "none", silent=True)
    check_callback(callback, state)
    result = exchange(silent, callback, state, code_verifier)
    equal(validate_id_token(result, nonce)["sub"], claims["sub"], "sub")
    return result


@step
def logout():
    state = generate_token()
    url = add_params_to_uri(
        metadata["end_session_endpoint"],
        {
            "id_token_hint": silent_login["id_token"],
            "post_logout_redirect_uri": POST_LOGOUT_REDIRECT_URI,
            "state": state,
        },
    )
    equal(
        browser.logout(url, post_logout_redirect_uri=POST_LOGOUT_REDIRECT_URI),
        add_params_to_uri(POST_LOGOUT_REDIRECT_URI, {"state": state}),
        "where the logout ended",
    )


@step
def login_required():
    callback, state, _, _ = visit(new_session(SILENT_SCOPE), "none", silent=True)
    try:
        check_callback(callback, state)
    except OAuthError as error:
        equal(error.error, "login_required", "error")
    else:
        raise AssertionError("a code was issued, an error was expected")
