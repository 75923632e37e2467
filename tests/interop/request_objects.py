"""Authorization requests in JWTs (RFC 9101, OpenID Connect Core §6), made with joserfc.

Signed, and encrypted to the keys that the server publishes; sent with the browser, and pushed (RFC 9126 §3).
"""

import time

from authlib.common.security import generate_token
from joserfc import jwe, jwt

from harness import (
    ISSUER,
    equal,
    expect,
    key_set,
    metadata,
    new_key,
    parameters,
    post,
    redeem,
    register,
    step,
    verify,
    visit,
)

SIGNATURES = ("RS256", "PS256", "ES256", "EdDSA")
ALGORITHMS = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
CONTENTS = ("A256GCM", "A128CBC-HS256")


def client_with(key):
    """A client that has to sign its requests, with this key."""
    return register(
        jwks={"keys": [key.as_dict(private=False)]},
        request_object_signing_alg=key.alg,
        require_signed_request_object=True,
    )


def signed(key, request, **changes):
    """A request object with the claims that RFC 9101 §4 and §10.2 want."""
    now = int(time.time())
    about = {
        "iss": request["client_id"],
        "aud": ISSUER,
        "iat": now,
        "nbf": now,
        "exp": now + 60,
        "jti": generate_token(),
    }
    header = {"alg": key.alg, "kid": key.kid, "typ": "oauth-authz-req+jwt"}
    claims = {**request, **about, **changes}
    return jwt.encode(header, claims, key, algorithms=[key.alg])


def encrypted(token, alg, enc):
    """The same for nobody but the server (RFC 9101 §6.1)."""
    recipient = next(key for key in key_set("enc").keys if key.alg == alg)
    header = {"alg": alg, "enc": enc, "kid": recipient.kid, "cty": "oauth-authz-req+jwt"}
    return jwe.encrypt_compact(header, token, recipient, algorithms=[alg, enc])


def finish(client, request, code_verifier, sent):
    answer = visit(request, {"client_id": client["client_id"], **sent})
    tokens = redeem(client, request, code_verifier, answer["code"])
    claims = verify(tokens["id_token"], "RS256").claims
    equal(claims["nonce"], request["nonce"], "nonce, which stood in the request object only")


def pushed(client, token):
    response = post("pushed_authorization_request_endpoint", client, {"request": token})
    equal(response.status_code, 201, f"{response.text}: the status")
    return {"request_uri": response.json()["request_uri"]}


def by_browser(key, wrap=lambda token: token):
    client = client_with(key)
    request, code_verifier = parameters(client)
    token = wrap(signed(key, request))
    finish(client, request, code_verifier, {"request": token})


def by_push(key, wrap=lambda token: token):
    client = client_with(key)
    request, code_verifier = parameters(client)
    token = wrap(signed(key, request))
    finish(client, request, code_verifier, pushed(client, token))


def announced():
    for alg in SIGNATURES:
        expect(alg in metadata["request_object_signing_alg_values_supported"], alg)
    for alg in ALGORITHMS:
        expect(alg in metadata["request_object_encryption_alg_values_supported"], alg)
    for enc in CONTENTS:
        expect(enc in metadata["request_object_encryption_enc_values_supported"], enc)


def refused(name, **changes):
    """A pushed request object with these claims is refused."""
    key = new_key("ES256", "sig")
    client = client_with(key)
    request, _ = parameters(client)
    form = {"request": signed(key, request, **changes)}
    response = post("pushed_authorization_request_endpoint", client, form)
    equal(response.status_code, 400, name)
    equal(response.json()["error"], "invalid_request_object", name)


step("what is announced", announced)
for signature in SIGNATURES:
    signer = new_key(signature, "sig")
    step(f"signed with {signature}", lambda: by_browser(signer))
    step(f"signed with {signature} and pushed", lambda: by_push(signer))

signer = new_key("ES256", "sig")
for alg in ALGORITHMS:
    for enc in CONTENTS:
        wrap = lambda token: encrypted(token, alg, enc)  # noqa: E731
        step(f"encrypted with {alg} {enc}", lambda: by_browser(signer, wrap))
        step(f"encrypted with {alg} {enc} and pushed", lambda: by_push(signer, wrap))

past = int(time.time()) - 3600
step("for another server", lambda: refused("aud", aud="https://other.example"))
step("of another client", lambda: refused("iss", iss="somebody"))
step("expired", lambda: refused("exp", exp=past))
