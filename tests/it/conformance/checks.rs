//! The checks of (almost) every module: key sets, responses, token responses, ID tokens, and claims about a person.
//! Warnings of the suite are failures here.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::run::{Client, Run};
use crate::support::{Reply, TestServer, Tokens, header};

/// The claims of an ID token about itself and the login. Other claims belong to userinfo.
const PROTOCOL_CLAIMS: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "jti",
    "nbf",
    "sid",
    "s_hash",
];

/// The parameters of an error response.
const ERROR_PARAMETERS: [&str; 6] = ["error", "error_description", "error_uri", "state", "session_state", "iss"];

const FIFTY_YEARS: i64 = 50 * 366 * 86_400;

/// The published keys: public ones only, each with a name of its own, each well formed (RFC 7517 §4, §5).
pub async fn key_set(server: &TestServer, uri: &str) -> Vec<Value> {
    let reply = Reply::of(server.http.get(uri).send().await.unwrap()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    let keys = reply.json()["keys"].as_array().expect("a list of keys").clone();
    let kids: BTreeSet<&str> = keys.iter().map(|key| key["kid"].as_str().expect("a kid").trim()).collect();
    assert!(!keys.is_empty() && kids.len() == keys.len() && !kids.contains(""), "{keys:?}");
    for key in &keys {
        assert!(["RSA", "EC", "OKP"].contains(&key["kty"].as_str().unwrap()), "{key}");
        for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            assert_eq!(key.get(private), None, "{key}");
        }
        for part in ["n", "e", "x", "y"].into_iter().filter_map(|part| key.get(part)) {
            assert!(!URL_SAFE_NO_PAD.decode(part.as_str().unwrap()).unwrap().is_empty(), "{key}");
        }
        DecodingKey::from_jwk(&serde_json::from_value(key.clone()).unwrap()).expect("a key that parses");
    }
    keys
}

/// Asserts at least 128 bits, with more than 96 bits of Shannon entropy (RFC 6749 §10.10).
#[track_caller]
pub fn is_unguessable(secret: &str) {
    let mut counts = BTreeMap::new();
    for letter in secret.chars() {
        *counts.entry(letter).or_insert(0.0) += 1.0;
    }
    let length = secret.chars().count() as f64;
    let each: f64 = counts.values().map(|count: &f64| -(count / length) * (count / length).log2()).sum();
    assert!(secret.len() * 8 >= 128 && each * length > 96.0, "{secret}");
}

/// Checks a token response (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[track_caller]
pub fn token_response(reply: &Reply) -> Tokens {
    let tokens = reply.tokens();
    assert!(reply.header("content-type").unwrap().starts_with("application/json"), "{reply:?}");
    assert_eq!(reply.header("cache-control"), Some("no-store"), "{reply:?}");
    assert_eq!(tokens.json["token_type"], "Bearer", "{reply:?}");
    lifetime(tokens.json["expires_in"].as_i64().expect("a number"));
    is_unguessable(&tokens.access_token);
    tokens
}

/// The `expires_in` of an access token.
#[track_caller]
pub fn lifetime(seconds: i64) {
    assert!((1..=31_536_000).contains(&seconds), "{seconds}");
}

/// Checks an error response: only the error parameters, in the characters of RFC 6749 §4.1.2.1.
#[track_caller]
pub fn error_response(issuer: &str, state: Option<&str>, response: &BTreeMap<String, String>) -> String {
    let others: Vec<_> = response.keys().filter(|name| !ERROR_PARAMETERS.contains(&name.as_str())).collect();
    assert!(others.is_empty(), "{others:?}: {response:?}");
    assert_eq!(response.get("state").map(String::as_str), state, "{response:?}");
    assert_eq!(response.get("iss").map(String::as_str), Some(issuer), "{response:?}");
    let legal = |c: char| matches!(c, '\x20'..='\x21' | '\x23'..='\x5b' | '\x5d'..='\x7e');
    for name in ["error", "error_description"] {
        assert!(response.get(name).is_some_and(|text| !text.is_empty() && text.chars().all(legal)), "{response:?}");
    }
    response["error"].clone()
}

/// The request for an ID token, and the other values in its response.
#[derive(Clone, Copy, Default)]
pub struct IdTokenContext<'a> {
    pub nonce: Option<&'a str>,
    /// The access token in the same response, whose hash the ID token must contain.
    pub access_token: Option<&'a str>,
    pub code: Option<&'a str>,
    /// True if the ID token is the only place for claims about the person (OpenID Connect Core §5.4).
    pub holds_claims: bool,
}

/// The claims of an ID token that a client would accept (OpenID Connect Core §3.1.3.7, §3.2.2.11, §3.3.2.12).
pub async fn id_token(run: &Run, client: &Client, token: &str, context: IdTokenContext<'_>) -> Value {
    let claims = verified(run, client, token).await;
    let text = |name: &str| claims.get(name).map(|value| value.as_str().expect("a string"));
    assert_eq!(text("iss"), Some(run.server.issuer.as_str()), "{claims}");
    let audiences = claims["aud"].as_array().cloned().unwrap_or_else(|| vec![claims["aud"].clone()]);
    assert!(audiences.contains(&Value::from(client.id.as_str())), "{claims}");
    let now = run.server.clock.now().as_secs();
    let issued = claims["iat"].as_i64().unwrap();
    let expires = claims["exp"].as_i64().unwrap();
    assert!((now + 1..now + FIFTY_YEARS).contains(&expires) && (now - issued).abs() <= 300, "{claims}");
    assert_eq!(text("nonce"), context.nonce, "{claims}");
    assert!(text("acr").is_none_or(|acr| !acr.is_empty()), "{claims}");
    let subject = text("sub").expect("a sub");
    assert!(!subject.is_empty() && subject.len() <= 255 && subject.is_ascii(), "{claims}");
    for (name, vouched) in [("at_hash", context.access_token), ("c_hash", context.code)] {
        assert_eq!(text(name), vouched.map(half_hash).as_deref(), "{name}: {claims}");
    }
    well_formed(&claims);
    let others = claims.as_object().unwrap().keys().filter(|name| !PROTOCOL_CLAIMS.contains(&name.as_str()));
    assert!(context.holds_claims || others.count() == 0, "{claims}");
    claims
}

/// Verifies a token with the one published key that can have signed it by RS256, and returns its claims.
pub async fn verified(run: &Run, client: &Client, token: &str) -> Value {
    let header = header(token);
    let kid = header["kid"].as_str().expect("a kid");
    assert_eq!(header["alg"], "RS256", "the default for {}", client.id);
    let fits = |key: &&Value| {
        let is = |name: &str, value: &str| key.get(name).is_none_or(|held| held == value);
        key["kid"] == kid && key["kty"] == "RSA" && is("alg", "RS256") && is("use", "sig")
    };
    let keys = run.key_set().await;
    let found: Vec<&Value> = keys.iter().filter(fits).collect();
    assert_eq!(found.len(), 1, "{kid}: {keys:?}");
    let key = DecodingKey::from_jwk(&serde_json::from_value(found[0].clone()).unwrap()).unwrap();
    let mut rules = Validation::new(jsonwebtoken::Algorithm::RS256);
    // The test controls the server's clock.
    (rules.validate_exp, rules.validate_aud) = (false, false);
    rules.required_spec_claims.clear();
    jsonwebtoken::decode::<Value>(token, &key, &rules).expect("a valid signature").claims
}

/// The left half of a SHA-256 digest.
fn half_hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&Sha256::digest(text)[..16])
}

/// Claims about a person as OpenID Connect Core §5.1 defines them, none of them empty.
#[track_caller]
pub fn well_formed(claims: &Value) {
    for (name, value) in claims.as_object().expect("an object") {
        assert!(!value.is_null() && value != "" && value != "null", "{name}: {claims}");
        let right = match name.as_str() {
            "email_verified" | "phone_number_verified" => value.is_boolean(),
            "updated_at" | "auth_time" | "iat" | "nbf" | "exp" => value.is_i64(),
            "address" => value.as_object().is_some_and(|parts| parts.values().all(Value::is_string)),
            "birthdate" => is_birthdate(value.as_str().unwrap()),
            "aud" | "amr" => value.is_string() || value.is_array(),
            _ => value.is_string(),
        };
        assert!(right, "{name}: {claims}");
    }
}

fn is_birthdate(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let is_number = |part: &&str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
    match parts.as_slice() {
        [year] => is_number(year, 4),
        [year, month, day] => is_number(year, 4) && is_number(month, 2) && is_number(day, 2),
        _ => false,
    }
}
