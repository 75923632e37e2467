//! Assertions that are not signed by a registered key of the client (RFC 8725).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::{Key, b64, claims, outcome, service, signed};
use crate::support::TestServer;

#[tokio::test]
async fn only_a_registered_key_counts_and_the_header_brings_none() {
    let server = TestServer::start().await;
    let key = Key::es256("k");
    let rsa = Key::rsa("r", Algorithm::RS256);
    let stranger = Key::es256("s");
    service(&server, "svc", &[&key, &rsa], json!({})).await;
    service(&server, "other", &[&stranger], json!({})).await;
    let claims = || claims(&server, "svc");
    let with = |name: &str, value: Value| {
        let mut header = key.header();
        header[name] = value;
        header
    };
    let der = spki(&rsa.public);
    let secret = |bytes: &[u8]| {
        let header = json!({"alg": "HS256", "kid": "r"});
        signed(&header, &claims(), &EncodingKey::from_secret(bytes), Algorithm::HS256)
    };
    let unsigned = |alg: &str, signature: &str| {
        let header = json!({"alg": alg, "kid": "k"});
        format!("{}.{}.{signature}", b64(header.to_string().as_bytes()), b64(claims().to_string().as_bytes()))
    };
    let strangers = |header: Value| stranger.sign(&header, &claims());
    let rows = [
        ("as it should be", key.sign(&key.header(), &claims()), "ok"),
        ("RFC 8725 §3.2: none, without a signature", unsigned("none", ""), "invalid_client"),
        ("none, with something for a signature", unsigned("none", "AA"), "invalid_client"),
        ("none in another spelling", unsigned("nOnE", "AA"), "invalid_client"),
        ("ES256 without a signature", unsigned("ES256", ""), "invalid_client"),
        ("ES256 with a signature of zeros", unsigned("ES256", &b64(&[0; 64])), "invalid_client"),
        ("RFC 8725 §2.1: HMAC with the public key", secret(&der), "invalid_client"),
        ("HMAC with its PEM", secret(pem(&der).as_bytes()), "invalid_client"),
        ("HMAC with the JWK", secret(rsa.public.to_string().as_bytes()), "invalid_client"),
        ("another client's key", strangers(stranger.header()), "invalid_client"),
        ("another client's key under the kid of its own", strangers(key.header()), "invalid_client"),
        ("RFC 8725 §3.10: a key in the header", strangers(with("jwk", stranger.public.clone())), "invalid_client"),
        ("a link to keys", strangers(with("jku", json!("https://evil.example/jwks"))), "invalid_client"),
        ("a link to a certificate", strangers(with("x5u", json!("https://evil.example/x"))), "invalid_client"),
        ("a certificate", strangers(with("x5c", json!(["MIIB"]))), "invalid_client"),
        ("a key in the header is passed over", key.sign(&with("jwk", stranger.public.clone()), &claims()), "ok"),
        ("an unknown kid", key.sign(&with("kid", json!("x")), &claims()), "invalid_client"),
        ("the kid of another key", key.sign(&with("kid", json!("r")), &claims()), "invalid_client"),
        ("a kid that is a path", key.sign(&with("kid", json!("../../dev/null")), &claims()), "invalid_client"),
        ("another algorithm in the header", key.sign(&with("alg", json!("ES384")), &claims()), "invalid_client"),
        ("RSA in the header", key.sign(&with("alg", json!("RS256")), &claims()), "invalid_client"),
        ("RFC 7515 §4.1.11: crit", key.sign(&with("crit", json!(["exp"])), &claims()), "invalid_client"),
        ("RFC 7797: b64", key.sign(&with("b64", json!(false)), &claims()), "invalid_client"),
        ("not a JWT", "nonsense".to_owned(), "invalid_client"),
    ];
    for (rule, assertion, expected) in rows {
        assert_eq!(outcome(&server, &assertion).await, expected, "{rule}");
    }
}

/// The public key in the form that a PEM file has.
fn spki(public: &Value) -> Vec<u8> {
    use rsa::pkcs8::EncodePublicKey as _;
    let number =
        |name: &str| rsa::BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(public[name].as_str().unwrap()).unwrap());
    rsa::RsaPublicKey::new(number("n"), number("e")).unwrap().to_public_key_der().unwrap().into_vec()
}

fn pem(der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}
