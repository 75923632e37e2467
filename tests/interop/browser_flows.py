"""What comes through the browser (OpenID Connect Core §3.2, §3.3), checked by Authlib.

Its classes for the implicit and the hybrid flow check nonce, at_hash and c_hash.
"""

from authlib.oidc.core.claims import get_claim_cls_by_response_type
from joserfc.errors import InvalidClaimError, JoseError
from joserfc.jwk import OctKey

from harness import (
    ISSUER,
    equal,
    expect,
    parameters,
    redeem,
    register,
    step,
    verify,
    visit,
)

# Nothing listens there; https since tokens come with it.
REDIRECT_URI = "https://rp.example/cb"
RESPONSE_TYPES = (
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
)


def client_with(alg):
    return register(
        redirect_uris=[REDIRECT_URI],
        grant_types=["authorization_code", "implicit"],
        response_types=list(RESPONSE_TYPES),
        id_token_signed_response_alg=alg,
    )


def checked(token, client, alg, response_type, params):
    """The claims of an ID token, as Authlib's own integrations check them."""
    key = OctKey.import_key(client["client_secret"]) if alg == "HS256" else None
    decoded = verify(token, alg, key)
    options = {
        "iss": {"essential": True, "value": ISSUER},
        "aud": {"essential": True, "value": client["client_id"]},
        "exp": {"essential": True},
    }
    params = {"client_id": client["client_id"], **params}
    kind = get_claim_cls_by_response_type(response_type)
    claims = kind(decoded.claims, decoded.header, options, params)
    claims.validate(leeway=0)
    return claims


def flow(client, alg, response_type):
    request, code_verifier = parameters(client, response_type=response_type)
    answer = visit(request)
    words = response_type.split()
    for word, name in (("code", "code"), ("token", "access_token"), ("id_token", "id_token")):
        equal(name in answer, word in words, f"whether there is {name}")
    expect("refresh_token" not in answer, "a refresh token in the browser")
    params = {
        "nonce": request["nonce"],
        "code": answer.get("code"),
        "access_token": answer.get("access_token"),
    }
    claims = None
    if "id_token" in answer:
        claims = checked(answer["id_token"], client, alg, response_type, params)
    if "code" in answer:
        tokens = redeem(client, request, code_verifier, answer["code"])
        params = {"nonce": request["nonce"], "access_token": tokens["access_token"]}
        back = checked(tokens["id_token"], client, alg, "code", params)
        if claims:
            # OpenID Connect Core 3.3.3.6.
            equal((back["iss"], back["sub"]), (claims["iss"], claims["sub"]), "iss, sub")
    return answer, params


def hashes_of_something_else():
    """Authlib does look at the hashes: another code and another token are refused."""
    response_type = "code id_token token"
    client = client_with("RS256")
    request, _ = parameters(client, response_type=response_type)
    answer = visit(request)
    good = {
        "nonce": request["nonce"],
        "code": answer["code"],
        "access_token": answer["access_token"],
    }
    checked(answer["id_token"], client, "RS256", response_type, good)
    for name in good:
        try:
            checked(answer["id_token"], client, "RS256", response_type, {**good, name: "another"})
        except InvalidClaimError:
            continue
        raise AssertionError(f"another {name} was accepted")


def another_secret():
    client = client_with("HS256")
    request, _ = parameters(client, response_type="id_token")
    token = visit(request)["id_token"]
    try:
        verify(token, "HS256", OctKey.import_key("another secret, which is as long as it ought to be"))
    except JoseError:
        return
    raise AssertionError("a signature by another secret was accepted")


for alg in ("RS256", "ES256", "HS256"):
    own = step(f"a client for {alg}", lambda: client_with(alg))
    for response_type in RESPONSE_TYPES:
        step(f"{response_type} {alg}", lambda: flow(own, alg, response_type))
step("hashes of something else", hashes_of_something_else)
step("another secret", another_secret)
