"""ID tokens and userinfo that are signed, then encrypted to the client (OpenID Connect Core §10.2, RFC 7516).

joserfc decrypts and verifies; Authlib checks the claims.
"""

from authlib.oidc.core import CodeIDToken, UserInfo
from joserfc import jwe
from joserfc.errors import JoseError

from harness import (
    ISSUER,
    TIMEOUT,
    USERNAME,
    equal,
    expect,
    http,
    metadata,
    new_key,
    parameters,
    redeem,
    register,
    step,
    verify,
    visit,
)

ALGORITHMS = ("RSA-OAEP-256", "ECDH-ES", "ECDH-ES+A256KW")
CONTENTS = ("A256GCM", "A128CBC-HS256")


def client_with(key, alg, enc):
    return register(
        jwks={"keys": [key.as_dict(private=False)]},
        id_token_encrypted_response_alg=alg,
        id_token_encrypted_response_enc=enc,
        userinfo_signed_response_alg="ES256",
        userinfo_encrypted_response_alg=alg,
        userinfo_encrypted_response_enc=enc,
    )


def opened(token, key, alg, enc):
    """The signed token in an encrypted one, by the one pair of algorithms that was registered."""
    equal(token.count("."), 4, "dots in the token")
    decrypted = jwe.decrypt_compact(token, key, algorithms=[alg, enc])
    equal(decrypted.protected["cty"], "JWT", "cty, RFC 7519 §5.2")
    equal(decrypted.protected["kid"], key.kid, "kid")
    equal((decrypted.protected["alg"], decrypted.protected["enc"]), (alg, enc), "alg, enc")
    return decrypted.plaintext.decode()


def check_id_token(token, client, request, access_token):
    decoded = verify(token, "RS256")
    options = {
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": client["client_id"]},
        "exp": {"essential": True},
        "at_hash": {"essential": True},
    }
    params = {
        "client_id": client["client_id"],
        "nonce": request["nonce"],
        "access_token": access_token,
    }
    claims = CodeIDToken(decoded.claims, decoded.header, options, params)
    claims.validate(leeway=0)
    return claims


def userinfo(access_token):
    response = http.get(
        metadata["userinfo_endpoint"],
        headers={"Authorization": f"Bearer {access_token}"},
        timeout=TIMEOUT,
    )
    response.raise_for_status()
    equal(response.headers["Content-Type"], "application/jwt", "type of userinfo")
    return response.text


def login(key, alg, enc):
    client = client_with(key, alg, enc)
    request, code_verifier = parameters(client)
    tokens = redeem(client, request, code_verifier, visit(request)["code"])
    return client, request, tokens


def round_trip(key, alg, enc):
    client, request, tokens = login(key, alg, enc)
    id_token = opened(tokens["id_token"], key, alg, enc)
    claims = check_id_token(id_token, client, request, tokens["access_token"])
    info = verify(opened(userinfo(tokens["access_token"]), key, alg, enc), "ES256")
    equal(info.claims["iss"], ISSUER, "iss of userinfo")
    equal(info.claims["aud"], client["client_id"], "aud of userinfo")
    equal(UserInfo(info.claims).sub, claims["sub"], "sub of userinfo")
    equal(UserInfo(info.claims).email, f"{USERNAME}@example.org", "email")


def announced():
    for alg in ALGORITHMS:
        expect(alg in metadata["id_token_encryption_alg_values_supported"], alg)
        expect(alg in metadata["userinfo_encryption_alg_values_supported"], alg)
    for enc in CONTENTS:
        expect(enc in metadata["id_token_encryption_enc_values_supported"], enc)
        expect(enc in metadata["userinfo_encryption_enc_values_supported"], enc)


def another_key():
    _, _, tokens = login(new_key("ECDH-ES", "enc"), "ECDH-ES", "A256GCM")
    stranger = new_key("ECDH-ES", "enc")
    try:
        jwe.decrypt_compact(
            tokens["id_token"], stranger, algorithms=["ECDH-ES", "A256GCM"]
        )
    except (JoseError, ValueError):
        return
    raise AssertionError("a stranger decrypted the ID token")


def default_content():
    """Without `enc` it is A128CBC-HS256 (OpenID Connect Registration §2)."""
    key = new_key("ECDH-ES", "enc")
    client = register(
        jwks={"keys": [key.as_dict(private=False)]},
        id_token_encrypted_response_alg="ECDH-ES",
    )
    request, code_verifier = parameters(client)
    tokens = redeem(client, request, code_verifier, visit(request)["code"])
    opened(tokens["id_token"], key, "ECDH-ES", "A128CBC-HS256")


step("what is announced", announced)
for alg in ALGORITHMS:
    own = new_key(alg, "enc")
    for enc in CONTENTS:
        step(f"{alg} {enc}", lambda: round_trip(own, alg, enc))
step("the default of enc", default_content)
step("another key opens nothing", another_key)
