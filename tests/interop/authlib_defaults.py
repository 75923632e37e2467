"""Authlib with nothing but an id and a secret: it sends no challenge. Both sides have their defaults, the registration by
command too.
"""

import json
import subprocess
from urllib.parse import parse_qsl, urlsplit

from authlib.common.security import generate_token
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt

import browser
from harness import ISSUER, PASSWORD, REDIRECT_URI, TIMEOUT, USERNAME, env, equal, expect, key_set, metadata, step


def registration():
    command = [env("TEST_BINARY"), "client", "add", "--id", "shop", "--redirect-uri", REDIRECT_URI, "--json"]
    added = subprocess.run(command, cwd=env("TEST_FOLDER"), check=True, capture_output=True, timeout=60)
    return json.loads(added.stdout)


shop = step("registration", registration)
session = OAuth2Session(
    shop["client_id"], shop["client_secret"], scope="openid profile email", redirect_uri=REDIRECT_URI
)
session.trust_env = False




def sign_in(**more):
    url, state = session.create_authorization_url(metadata["authorization_endpoint"], **more)
    callback = browser.authorize(url, username=USERNAME, password=PASSWORD, redirect_uri=REDIRECT_URI)
    answer = dict(parse_qsl(urlsplit(callback).query))
    if "error" in answer:
        raise OAuthError(answer["error"], answer.get("error_description"))
    return session.fetch_token(
        metadata["token_endpoint"], authorization_response=callback, state=state, timeout=TIMEOUT
    )


nonce = generate_token(20)
tokens = step("sign-in with a nonce", lambda: sign_in(nonce=nonce))


def id_token():
    token = jwt.decode(tokens["id_token"], key_set("sig"), algorithms=["RS256"])
    options = {
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": shop["client_id"]},
    }
    claims = CodeIDToken(token.claims, token.header, options, {"nonce": nonce, "client_id": shop["client_id"]})
    claims.validate()
    return claims


claims = step("ID token", id_token)


def userinfo():
    person = session.get(metadata["userinfo_endpoint"], timeout=TIMEOUT).json()
    equal(person["sub"], claims["sub"], "sub")
    equal(person["email"], f"{USERNAME}@example.org", "email")


step("userinfo", userinfo)


def secret_in_the_form():
    session.token_endpoint_auth_method = "client_secret_post"
    sign_in(nonce=generate_token(20))


step("the secret in the form", secret_in_the_form)


def refused():
    try:
        sign_in()
    except OAuthError as error:
        expect("code_challenge" in str(error), error)
    else:
        raise AssertionError("it was accepted")


step("neither a nonce nor a challenge is refused", refused)
