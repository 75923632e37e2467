//! Forged and damaged access tokens (RFC 8725 §2, §3; RFC 7515 §10): all get the same refusal, and none breaks
//! anything.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::support::keys::{KeyPair, encode};
use crate::support::{RelyingParty, Reply, TestServer, claims, header};

/// Asserts that userinfo and introspection refuse a token.
async fn refuse(server: &TestServer, rp: &RelyingParty, forgery: &str, token: &str) {
    let reply = Reply::of(server.userinfo(token).await).await;
    assert_eq!((reply.status.as_u16(), &reply.json()["error"]), (401, &json!("invalid_token")), "{forgery}: {token}");
    assert_eq!(rp.introspect(token).await, json!({ "active": false }), "{forgery}: {token}");
}

#[tokio::test]
async fn a_token_with_one_character_changed_is_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    for at in 0..token.len() {
        let other = match token.as_bytes()[at] {
            b'.' => "A",
            b'A' => "B",
            _ => "A",
        };
        let damaged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert_eq!(server.userinfo(&damaged).await.status(), 401, "{at}: {damaged}");
    }
    assert_eq!(server.userinfo(&token).await.status(), 200);
}

#[tokio::test]
async fn forged_tokens_are_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let other = rp.sign_in("bob").await;
    let token = tokens.access_token.as_str();
    let parts: Vec<&str> = token.split('.').collect();
    let head = header(token);
    let claims = claims(token);
    let with = |name: &str, value: Value| {
        let mut head = head.clone();
        head[name] = value;
        encode(&head)
    };
    let mut rows: Vec<(String, String)> = Vec::new();
    let mut row = |forgery: &str, token: String| rows.push((forgery.to_owned(), token));

    for none in ["none", "None", "NONE", "nOnE", " none", "none "] {
        let head = with("alg", json!(none));
        row("unsigned (RFC 8725 §2.1)", format!("{head}.{}.", parts[1]));
        row("unsigned, an old signature left", format!("{head}.{}.{}", parts[1], parts[2]));
        row("unsigned, two parts", format!("{head}.{}", parts[1]));
    }
    for (forgery, alg) in [("no alg", Value::Null), ("alg is a list", json!(["ES256"])), ("empty alg", json!(""))] {
        row(forgery, format!("{}.{}.{}", with("alg", alg), parts[1], parts[2]));
    }
    row("no signature", format!("{}.{}.", parts[0], parts[1]));

    let set: Value = server.get("/jwks").await.json().await.unwrap();
    for key in set["keys"].as_array().unwrap() {
        for secret in public_forms(key) {
            let mut head = head.clone();
            (head["alg"], head["kid"]) = (json!("HS256"), key["kid"].clone());
            let message = format!("{}.{}", encode(&head), parts[1]);
            let secret = EncodingKey::from_secret(&secret);
            let tag = jsonwebtoken::crypto::sign(message.as_bytes(), &secret, Algorithm::HS256).unwrap();
            row("a public key as a secret (RFC 8725 §2.1)", format!("{message}.{tag}"));
        }
        let alg = with("alg", key["alg"].clone());
        let kid = with("kid", key["kid"].clone());
        if key["kid"] != head["kid"] {
            row("the kid of another key", format!("{kid}.{}.{}", parts[1], parts[2]));
            row("the alg of another key", format!("{alg}.{}.{}", parts[1], parts[2]));
        }
    }
    let foreign: Vec<&str> = other.access_token.split('.').collect();
    row("the signature of another token", format!("{}.{}.{}", parts[0], parts[1], foreign[2]));
    row("the claims of another token", format!("{}.{}.{}", parts[0], foreign[1], parts[2]));

    let thief = KeyPair::generate("ES256");
    let at_jwt = |more: Value| {
        let mut head = json!({ "typ": "at+jwt", "kid": head["kid"] });
        more.as_object().unwrap().iter().for_each(|(name, value)| head[name] = value.clone());
        head
    };
    row("signed by a stranger under our kid", thief.sign(&at_jwt(json!({})), &claims));
    row("signed by a stranger", thief.sign(&at_jwt(json!({ "kid": "key-ES256" })), &claims));
    row("brings its key (RFC 8725 §3.10)", thief.sign(&at_jwt(json!({ "jwk": thief.jwk })), &claims));
    row("says where its key is", thief.sign(&at_jwt(json!({ "jku": "https://evil.example/jwks" })), &claims));
    row("a kid that is a path", thief.sign(&at_jwt(json!({ "kid": "../../dev/null" })), &claims));
    row("a kid that is SQL", thief.sign(&at_jwt(json!({ "kid": "' OR 1=1 --" })), &claims));
    for (name, value) in [("crit", json!(["exp"])), ("b64", json!(false)), ("zip", json!("DEF")), ("typ", json!("JWT"))]
    {
        row(&format!("{name} in the header"), format!("{}.{}.{}", with(name, value), parts[1], parts[2]));
    }
    row("five parts", format!("{token}.{}.{}", parts[1], parts[2]));
    row("a part repeated", format!("{token}.{}", parts[2]));
    row("empty parts", "..".to_owned());
    row(
        "JSON serialization",
        json!({ "payload": parts[1], "signature": parts[2] }).to_string().replace(['"', '{', '}'], "_"),
    );
    row("8 KB and more", format!("{}.{}.{}", parts[0], "A".repeat(8192), parts[2]));
    row("a header that nests deep", format!("{}.{}.{}", URL_SAFE_NO_PAD.encode("[".repeat(3000)), parts[1], parts[2]));
    for (forgery, token) in &rows {
        let text: String = token.chars().filter(|c| !c.is_whitespace()).collect();
        // A bearer token has its own alphabet (RFC 6750 §2.1), so some forgeries cannot be sent.
        refuse(&server, &rp, forgery, &text).await;
    }
    assert!(rows.len() > 45);
    assert!(rp.is_active(token).await, "the genuine token is none the worse");
}

/// The encodings of a public key that a careless verifier could use as an HMAC secret.
fn public_forms(key: &Value) -> Vec<Vec<u8>> {
    let mut forms = vec![key.to_string().into_bytes()];
    for member in ["n", "x"] {
        if let Some(text) = key[member].as_str() {
            forms.push(text.as_bytes().to_vec());
            forms.push(URL_SAFE_NO_PAD.decode(text).unwrap());
        }
    }
    if key["kty"] == "RSA" {
        use rsa::pkcs8::EncodePublicKey as _;
        let number =
            |name: &str| rsa::BigUint::from_bytes_be(&URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap());
        let der = rsa::RsaPublicKey::new(number("n"), number("e")).unwrap().to_public_key_der().unwrap();
        let mut pem = "-----BEGIN PUBLIC KEY-----\n".to_owned();
        for line in STANDARD.encode(der.as_bytes()).as_bytes().chunks(64) {
            writeln!(pem, "{}", std::str::from_utf8(line).unwrap()).unwrap();
        }
        pem.push_str("-----END PUBLIC KEY-----\n");
        forms.extend([der.as_bytes().to_vec(), pem.trim().as_bytes().to_vec(), pem.into_bytes()]);
    }
    forms
}

#[tokio::test]
async fn random_tokens_are_refused_and_break_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let token = rp.sign_in("alice").await.access_token;
    let part = "[A-Za-z0-9_-]{0,40}";
    let shapes = [
        "[ -~]{0,200}".to_owned(),
        format!("{part}\\.{part}\\.{part}"),
        "sg(at|rt|ac|ss|br)_[A-Za-z0-9_-]{0,80}".to_owned(),
        "\\PC{0,60}".to_owned(),
    ];
    let mut runner = TestRunner::default();
    for shape in &shapes {
        let strategy = proptest::string::string_regex(shape).unwrap();
        for _ in 0..60 {
            let text = strategy.new_tree(&mut runner).unwrap().current();
            let bytes = text.as_bytes();
            let in_header = [b"Bearer ", bytes].concat();
            let request = server.http.get(server.url("/userinfo")).header("authorization", &in_header[..]);
            assert_eq!(request.send().await.unwrap().status(), 401, "{text:?}");
            let form = server.post("/userinfo", &[("access_token", &text)]).await;
            assert!([400, 401].contains(&form.status.as_u16()), "{text:?}: {form:?}");
            let seen = rp.post("/introspect", &[("token", &text)]).await;
            assert!(seen.status == 400 || seen.json() == json!({ "active": false }), "{text:?}: {seen:?}");
            let revoked = rp.post("/revoke", &[("token", &text)]).await;
            assert!([200, 400].contains(&revoked.status.as_u16()), "{text:?}: {revoked:?}");
        }
    }
    let cuts = (0..token.len(), 0..token.len(), proptest::collection::vec(proptest::num::u8::ANY, 0..8));
    for _ in 0..120 {
        let (from, to, put) = cuts.new_tree(&mut runner).unwrap().current();
        let mut bytes = token.as_bytes().to_vec();
        bytes.splice(from.min(to)..from.max(to), put.iter().copied());
        bytes.retain(|byte| *byte >= 0x20 && *byte != 0x7f);
        if bytes == token.as_bytes() {
            continue;
        }
        let request =
            server.http.get(server.url("/userinfo")).header("authorization", [b"Bearer ", &bytes[..]].concat());
        assert_eq!(request.send().await.unwrap().status(), 401, "{:?}", String::from_utf8_lossy(&bytes));
    }
}
