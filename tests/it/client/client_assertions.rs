//! Client assertions (RFC 7523 §3, OpenID Connect Core §9, RFC 8725): signed by a registered key, for this server,
//! currently valid, and used once.

mod forgeries;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, EncodingKey};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::{Reply, TestServer, rounds};

const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A client's key pair.
pub struct Key {
    algorithm: Algorithm,
    private: EncodingKey,
    pub public: Value,
}

fn b64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    pub fn es256(kid: &str) -> Self {
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new()).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref()).unwrap();
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        let public = json!({"kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "x": b64(x), "y": b64(y)});
        Self { algorithm: Algorithm::ES256, private: EncodingKey::from_ec_der(der.as_ref()), public }
    }

    pub fn eddsa(kid: &str) -> Self {
        let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
        let public = json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": b64(pair.public_key().as_ref())});
        Self { algorithm: Algorithm::EdDSA, private: EncodingKey::from_ed_der(der.as_ref()), public }
    }

    pub fn rsa(kid: &str, algorithm: Algorithm) -> Self {
        let pair = aws_lc_rs::rsa::KeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let pair = rsa::RsaPrivateKey::from_pkcs8_der(der.as_ref()).unwrap();
        let n = b64(&pair.n().to_bytes_be());
        let e = b64(&pair.e().to_bytes_be());
        let private = EncodingKey::from_rsa_der(pair.to_pkcs1_der().unwrap().as_bytes());
        Self { algorithm, private, public: json!({"kty": "RSA", "kid": kid, "n": n, "e": e}) }
    }

    pub fn name(&self) -> String {
        format!("{:?}", self.algorithm)
    }

    /// The header of a valid assertion.
    pub fn header(&self) -> Value {
        json!({"alg": self.name(), "kid": self.public["kid"]})
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        signed(header, claims, &self.private, self.algorithm)
    }
}

fn signed(header: &Value, claims: &Value, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!("{}.{}", b64(header.to_string().as_bytes()), b64(claims.to_string().as_bytes()));
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

/// The claims of a valid assertion, with a new `jti` for each call.
pub fn claims(server: &TestServer, id: &str) -> Value {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let now = server.clock.now().as_secs();
    let jti = format!("jti-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    json!({"iss": id, "sub": id, "aud": server.issuer, "iat": now, "exp": now + 60, "jti": jti})
}

/// Registers a service that authenticates with these keys.
async fn service(server: &TestServer, id: &str, keys: &[&Key], more: Value) {
    let keys: Vec<&Value> = keys.iter().map(|key| &key.public).collect();
    let mut metadata = json!({
        "grant_types": ["client_credentials"], "scope": "api", "jwks": {"keys": keys},
        "token_endpoint_auth_method": "private_key_jwt",
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| metadata[name] = value.clone());
    assert_eq!(server.client(id, metadata).await.secret, None, "there is no secret");
}

/// Sends a token request with this assertion.
pub async fn present(server: &TestServer, assertion: &str) -> Reply {
    let params =
        [("grant_type", "client_credentials"), ("client_assertion_type", TYPE), ("client_assertion", assertion)];
    Reply::of(server.http.post(server.url("/token")).form(&params).send().await.unwrap()).await
}

/// `ok`, or the error.
pub async fn outcome(server: &TestServer, assertion: &str) -> String {
    let reply = present(server, assertion).await;
    if reply.status == 200 {
        return "ok".to_owned();
    }
    reply.assert_error(400, "invalid_client");
    "invalid_client".to_owned()
}

#[tokio::test]
async fn an_assertion_by_a_registered_key_authenticates() {
    let server = TestServer::start().await;
    let keys = [Key::es256("a"), Key::eddsa("b"), Key::rsa("c", Algorithm::RS256), Key::rsa("d", Algorithm::PS256)];
    for key in &keys {
        let id = key.name();
        service(&server, &id, &[key], json!({})).await;
        let rows = [("with its kid", key.header()), ("without a kid", json!({"alg": id}))];
        for (rule, header) in rows {
            let assertion = key.sign(&header, &claims(&server, &id));
            assert_eq!(outcome(&server, &assertion).await, "ok", "{id} {rule}");
        }
        let mut tampered = key.sign(&key.header(), &claims(&server, &id));
        let at = tampered.rfind('.').unwrap() + 10;
        tampered.replace_range(at..=at, if &tampered[at..=at] == "A" { "B" } else { "A" });
        assert_eq!(outcome(&server, &tampered).await, "invalid_client", "{id} with another signature");
    }
    service(&server, "all", &keys.iter().collect::<Vec<_>>(), json!({})).await;
    for key in &keys {
        let assertion = key.sign(&key.header(), &claims(&server, "all"));
        assert_eq!(outcome(&server, &assertion).await, "ok", "one of several keys: {}", key.name());
    }
}

#[tokio::test]
async fn every_claim_of_an_assertion_is_checked() {
    let server = TestServer::start().await;
    let key = Key::es256("k");
    service(&server, "svc", &[&key], json!({})).await;
    service(&server, "other", &[&key], json!({})).await;
    let now = server.clock.now().as_secs();
    let issuer = server.issuer.as_str();
    let token_endpoint = server.url("/token");
    let absent = Value::Null;
    let rows = [
        ("as it should be", "exp", json!(now + 60), "ok"),
        ("OpenID Connect Core §9: the token endpoint as audience", "aud", json!(token_endpoint), "ok"),
        ("one audience of several", "aud", json!(["https://else.example", issuer]), "ok"),
        ("exp within the leeway", "exp", json!(now - 5), "ok"),
        ("no iat", "iat", absent.clone(), "ok"),
        ("nbf of now", "nbf", json!(now), "ok"),
        ("RFC 7523 §3, item 1: another issuer", "iss", json!("other"), "invalid_client"),
        ("an unknown issuer", "iss", json!("nobody"), "invalid_client"),
        ("no issuer", "iss", absent.clone(), "invalid_client"),
        ("an issuer of another type", "iss", json!(["svc"]), "invalid_client"),
        ("RFC 7523 §3, item 2: another subject", "sub", json!("other"), "invalid_client"),
        ("no subject", "sub", absent.clone(), "invalid_client"),
        ("RFC 7523 §3, item 3: another audience", "aud", json!("https://else.example"), "invalid_client"),
        ("another endpoint", "aud", json!(server.url("/authorize")), "invalid_client"),
        ("a longer audience", "aud", json!(format!("{issuer}/")), "invalid_client"),
        ("no audience", "aud", absent.clone(), "invalid_client"),
        ("no audience in the list", "aud", json!([]), "invalid_client"),
        ("a list with another type", "aud", json!([issuer, 1]), "invalid_client"),
        ("RFC 7523 §3, item 4: expired", "exp", json!(now - 31), "invalid_client"),
        ("no exp", "exp", absent.clone(), "invalid_client"),
        ("exp as text", "exp", json!((now + 60).to_string()), "invalid_client"),
        ("exp in ten years", "exp", json!(now + 315_360_000), "invalid_client"),
        ("exp in an hour", "exp", json!(now + 3600), "ok"),
        ("exp in more than an hour", "exp", json!(now + 3660), "invalid_client"),
        ("exp beyond all time", "exp", json!(1e300), "invalid_client"),
        ("RFC 7523 §3, item 5: not yet", "nbf", json!(now + 90), "invalid_client"),
        ("nbf as text", "nbf", json!("0"), "invalid_client"),
        ("RFC 7523 §3, item 6: made in the future", "iat", json!(now + 90), "invalid_client"),
        ("no jti", "jti", absent.clone(), "invalid_client"),
        ("an empty jti", "jti", json!(""), "invalid_client"),
        ("a jti of another type", "jti", json!(7), "invalid_client"),
        ("a boundless jti", "jti", json!("x".repeat(256)), "invalid_client"),
    ];
    for (rule, name, value, expected) in rows {
        let mut claims = claims(&server, "svc");
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims.as_object_mut().unwrap().insert(name.to_owned(), value),
        };
        assert_eq!(outcome(&server, &key.sign(&key.header(), &claims)).await, expected, "{rule}");
    }
}

#[tokio::test]
async fn a_jwt_signed_for_another_purpose_is_no_assertion() {
    let server = TestServer::start().await;
    let key = Key::es256("k");
    service(&server, "svc", &[&key], json!({})).await;
    let typed = [
        ("RFC 9101 §4: a request object", "oauth-authz-req+jwt", "invalid_client"),
        ("RFC 9449 §4.2: a DPoP proof", "dpop+jwt", "invalid_client"),
        ("RFC 9068 §2.1: an access token", "at+jwt", "invalid_client"),
        ("a logout token", "logout+jwt", "invalid_client"),
        ("RFC 7519 §5.1", "JWT", "ok"),
        ("its own type", "client-authentication+jwt", "ok"),
    ];
    for (rule, typ, expected) in typed {
        let mut header = key.header();
        header["typ"] = json!(typ);
        assert_eq!(outcome(&server, &key.sign(&header, &claims(&server, "svc"))).await, expected, "{rule}");
    }
    for (rule, more) in [("response_type", "code"), ("client_id", "svc"), ("htu", "https://svc.example/")] {
        let mut claims = claims(&server, "svc");
        claims[rule] = json!(more);
        assert_eq!(outcome(&server, &key.sign(&key.header(), &claims)).await, "invalid_client", "with {rule}");
    }
}

#[tokio::test]
async fn the_registered_algorithm_is_the_only_one() {
    let server = TestServer::start().await;
    let ec = Key::es256("e");
    let mut rsa = Key::rsa("r", Algorithm::RS256);
    service(&server, "bound", &[&ec, &rsa], json!({"token_endpoint_auth_signing_alg": "ES256"})).await;
    assert_eq!(outcome(&server, &ec.sign(&ec.header(), &claims(&server, "bound"))).await, "ok");
    assert_eq!(outcome(&server, &rsa.sign(&rsa.header(), &claims(&server, "bound"))).await, "invalid_client");
    rsa.public["alg"] = json!("PS256");
    service(&server, "key", &[&rsa], json!({})).await;
    assert_eq!(outcome(&server, &rsa.sign(&rsa.header(), &claims(&server, "key"))).await, "invalid_client");
    rsa.algorithm = Algorithm::PS256;
    assert_eq!(outcome(&server, &rsa.sign(&rsa.header(), &claims(&server, "key"))).await, "ok");
}

#[tokio::test]
async fn an_assertion_is_accepted_once_at_every_node_and_after_a_restart() {
    let server = TestServer::start().await;
    let key = Key::es256("k");
    service(&server, "svc", &[&key], json!({})).await;
    service(&server, "other", &[&key], json!({})).await;
    let node = server.second_node().await;
    let for_both = |id: &str| {
        let mut claims = claims(&server, id);
        claims["aud"] = json!([server.issuer, node.issuer]);
        claims
    };
    let honest = for_both("svc");
    let assertion = key.sign(&key.header(), &honest);
    assert_eq!(outcome(&server, &assertion).await, "ok");
    assert_eq!(outcome(&server, &assertion).await, "invalid_client", "again");
    assert_eq!(outcome(&node, &assertion).await, "invalid_client", "at another node");
    assert_eq!(outcome(&node, &key.sign(&json!({"alg": "ES256"}), &honest)).await, "invalid_client", "signed again");
    server.advance(Span::from_secs(80)).await;
    assert_eq!(outcome(&server, &assertion).await, "invalid_client", "while it would still be accepted");

    let mut others = for_both("other");
    others["jti"] = honest["jti"].clone();
    assert_eq!(outcome(&node, &key.sign(&key.header(), &others)).await, "ok", "a jti is unique within its client");

    let wrong = Key::es256("k").sign(&key.header(), &honest);
    assert_eq!(outcome(&server, &wrong).await, "invalid_client");
    let mut unspent = for_both("svc");
    unspent["aud"] = json!("https://else.example");
    assert_eq!(outcome(&server, &key.sign(&key.header(), &unspent)).await, "invalid_client");
    unspent["aud"] = json!(server.issuer);
    assert_eq!(outcome(&server, &key.sign(&key.header(), &unspent)).await, "ok", "a refusal does not use the jti up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_ten_uses_of_one_assertion_at_once_one_succeeds() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let key = Key::es256("k");
    service(&server, "svc", &[&key], json!({})).await;
    for round in 0..rounds(5) {
        let assertion = key.sign(&key.header(), &claims(&server, "svc"));
        let at = |turn: usize| if turn.is_multiple_of(2) { &server } else { &twin };
        let outcomes = join_all((0..10).map(|turn| outcome(at(turn), &assertion))).await;
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "ok").count(), 1, "round {round}");
    }
}

/// A rule, the client of the Basic credentials, parameters, status and error.
type Row<'a> = (&'a str, Option<&'a str>, Vec<(&'a str, &'a str)>, u16, &'a str);

#[tokio::test]
async fn an_assertion_is_the_only_way_in_for_its_client_and_no_way_for_others() {
    let server = TestServer::start().await;
    let key = Key::es256("k");
    service(&server, "svc", &[&key], json!({})).await;
    let jwks = json!({"keys": [key.public]});
    let basic = server.client("basic", json!({"jwks": jwks, "grant_types": ["client_credentials"]})).await;
    let assertion = |id: &str| key.sign(&key.header(), &claims(&server, id));
    assert_eq!(outcome(&server, &assertion("basic")).await, "invalid_client", "registered for a secret");

    let own = assertion("svc");
    let others = assertion("svc");
    let secret = basic.secret.as_deref().unwrap();
    let rows: [Row<'_>; 6] = [
        ("its id alone", None, vec![("client_id", "svc")], 400, "invalid_client"),
        ("a secret", None, vec![("client_id", "svc"), ("client_secret", "x")], 400, "invalid_client"),
        ("Basic", Some("svc"), vec![], 401, "invalid_client"),
        (
            "and another client_id",
            None,
            vec![("client_id", "basic"), ("client_assertion", &own)],
            400,
            "invalid_client",
        ),
        ("beside Basic", Some("basic"), vec![("client_assertion", &own)], 400, "invalid_request"),
        (
            "beside a secret",
            None,
            vec![("client_id", "svc"), ("client_secret", "x"), ("client_assertion", &own)],
            400,
            "invalid_request",
        ),
    ];
    for (rule, header, mut params, status, error) in rows {
        if params.iter().any(|(name, _)| *name == "client_assertion") {
            params.push(("client_assertion_type", TYPE));
        }
        params.push(("grant_type", "client_credentials"));
        let mut request = server.http.post(server.url("/token")).form(&params);
        if let Some(id) = header {
            request = request.basic_auth(id, Some(secret));
        }
        let reply = Reply::of(request.send().await.unwrap()).await;
        assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (status, &json!(error)), "{rule}: {reply:?}");
    }
    assert_eq!(outcome(&server, &own).await, "ok", "none of these used it up");
    server.set_client_standing("svc", Standing::Disabled).await;
    assert_eq!(outcome(&server, &others).await, "invalid_client", "disabled");
}
