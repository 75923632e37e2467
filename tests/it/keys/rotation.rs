//! Signing keys (RFC 7517, RFC 9700 §2.6): publication, activation and removal.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::CoreJsonWebKeySet;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use signet::config::Algorithm;
use signet::jobs;
use signet::keys::{KeyStatus, Rotated};
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::time::Span;

use crate::support::{RelyingParty, TestServer, header};

const HOUR: Span = Span::from_hours(1);

async fn key_set(server: &TestServer) -> Vec<Value> {
    let set: Value = server.get("/.well-known/jwks.json").await.json().await.unwrap();
    set["keys"].as_array().unwrap().clone()
}

async fn kids(server: &TestServer) -> BTreeSet<String> {
    key_set(server).await.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

async fn rotate(server: &TestServer, algorithm: SigningAlgorithm) -> Rotated {
    let rotated = server.app.provider.keys.rotate(&server.app.realm.id, algorithm, server.clock.now()).await.unwrap();
    server.app.follow().await.unwrap();
    rotated
}

fn status(server: &TestServer) -> Vec<KeyStatus> {
    server.app.provider.keys.status(&server.app.realm.id, server.clock.now())
}

/// A client that gets access tokens for itself.
async fn service(server: &TestServer) -> RelyingParty {
    let alg = if server.app.settings.keys.algorithms.contains(&Algorithm::RS256) { "RS256" } else { "ES256" };
    let metadata = json!({
        "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api", "id_token_signed_response_alg": alg,
    });
    server.client("service", metadata).await
}

async fn token(service: &RelyingParty) -> String {
    service.client_credentials(&[]).await.tokens().access_token
}

#[tokio::test]
async fn the_key_set_holds_public_keys_of_good_size_and_nothing_else() {
    let all = vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA];
    let server = TestServer::start_with(|settings| settings.keys.algorithms = all).await;
    let keys = key_set(&server).await;
    let bytes = |text: &Value| URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).expect("base64url without padding");
    for key in &keys {
        assert_eq!(key["use"], "sig", "{key}");
        let (members, thumbprint) = match key["alg"].as_str().unwrap() {
            "RS256" => {
                let modulus = bytes(&key["n"]);
                assert!(
                    modulus.len() == 384 && modulus[0] >= 0x80,
                    "3072 bits and no leading zero (RFC 7518 §6.3.1.1)"
                );
                assert_eq!(key["e"], "AQAB");
                (vec!["e", "kty", "n"], json!({ "e": key["e"], "kty": "RSA", "n": key["n"] }))
            }
            "ES256" => {
                assert_eq!(
                    (bytes(&key["x"]).len(), bytes(&key["y"]).len()),
                    (32, 32),
                    "fixed width (RFC 7518 §6.2.1.2)"
                );
                (vec!["crv", "kty", "x", "y"], json!({ "crv": "P-256", "kty": "EC", "x": key["x"], "y": key["y"] }))
            }
            "EdDSA" => {
                assert_eq!(bytes(&key["x"]).len(), 32, "RFC 8037 §2");
                (vec!["crv", "kty", "x"], json!({ "crv": "Ed25519", "kty": "OKP", "x": key["x"] }))
            }
            other => panic!("{other}"),
        };
        let mut named: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        named.retain(|name| !["alg", "kid", "use"].contains(name));
        named.sort_unstable();
        assert_eq!(named, members, "no private and no unknown member");
        let digest = Sha256::digest(thumbprint.to_string());
        assert_eq!(bytes(&key["kid"]), digest.as_slice(), "the kid is the thumbprint (RFC 7638 §3)");
    }
    assert_eq!(kids(&server).await.len(), 3, "one key an algorithm, and no kid twice");

    let text = server.get("/.well-known/jwks.json").await.text().await.unwrap();
    assert_eq!(serde_json::from_str::<jsonwebtoken::jwk::JwkSet>(&text).unwrap().keys.len(), 3);
    assert_eq!(serde_json::from_str::<CoreJsonWebKeySet>(&text).unwrap().keys().len(), 3);
}

#[tokio::test]
async fn an_announced_key_does_not_sign_before_caches_have_it() {
    let server = TestServer::start().await;
    let service = service(&server).await;
    let old = token(&service).await;
    let before = kids(&server).await;
    let rotated = rotate(&server, SigningAlgorithm::ES256).await;
    assert!(rotated.announced_now && rotated.signs_from >= server.clock.now().plus(Span::from_minutes(59)));
    let new = rotated.kid.as_str();
    assert!(!before.contains(new) && kids(&server).await.contains(new), "published at once");
    assert_eq!(kid(&token(&service).await), kid(&old));

    let again = rotate(&server, SigningAlgorithm::ES256).await;
    assert_eq!((again.kid.as_str(), again.announced_now), (new, false), "one key waits, not two");

    server.advance(Span::from_minutes(59)).await;
    let last = token(&service).await;
    assert_eq!(kid(&last), kid(&old), "not yet");
    server.advance(Span::from_minutes(1)).await;
    assert_eq!(kid(&token(&service).await), new);
    assert!(service.is_active(&last).await, "what the old key has signed stays valid");
    assert!(kids(&server).await.is_superset(&before), "and can be verified");
}

#[tokio::test]
async fn an_announced_key_can_be_activated_once_caches_have_it() {
    let server = TestServer::start_with(|settings| settings.keys.rotation_interval = Span::from_days(30)).await;
    let service = service(&server).await;
    server.advance(Span::from_days(29)).await;
    let announced: Vec<KeyStatus> = status(&server).into_iter().filter(|key| key.state == "announced").collect();
    assert_eq!(announced.len(), 2, "the next keys are announced a day ahead");
    server.advance(HOUR).await;
    let rotated = rotate(&server, SigningAlgorithm::ES256).await;
    assert!(!rotated.announced_now && rotated.signs_from <= server.clock.now());
    assert_eq!(kid(&token(&service).await), rotated.kid.as_str());
}

#[tokio::test]
async fn keys_rotate_by_the_clock() {
    let server = TestServer::start().await;
    let service = service(&server).await;
    let first = kid(&token(&service).await);
    // After how many days, how many keys of an algorithm are announced, and whether the first still signs.
    let rows = [(28, 0, true), (1, 1, true), (1, 0, false), (29, 1, false), (1, 0, false)];
    let mut seen = BTreeSet::from([first.clone()]);
    for (days, announced, is_first) in rows {
        server.advance(Span::from_days(days)).await;
        let keys = status(&server);
        for algorithm in ["RS256", "ES256"] {
            let in_state = |state| keys.iter().filter(|key| key.algorithm == algorithm && key.state == state).count();
            assert_eq!((in_state("active"), in_state("announced")), (1, announced), "{algorithm} {days}: {keys:?}");
        }
        let signs = kid(&token(&service).await);
        assert_eq!(signs == first, is_first, "{days}: {keys:?}");
        seen.insert(signs);
    }
    assert_eq!(seen.len(), 3, "no key comes back");
}

#[tokio::test]
async fn a_retired_key_verifies_until_its_retention_has_passed() {
    let short = |settings: &mut signet::config::Settings| settings.keys.retention = Span::from_minutes(5);
    let server = TestServer::start_with(short).await;
    let service = service(&server).await;
    rotate(&server, SigningAlgorithm::ES256).await;
    server.advance(Span::from_minutes(59)).await;
    let old = token(&service).await;
    server.advance(Span::from_minutes(1)).await;
    assert_ne!(kid(&token(&service).await), kid(&old));
    server.advance(Span::from_minutes(4)).await;
    assert!(service.is_active(&old).await && kids(&server).await.contains(&kid(&old)));
    // Time alone ends it, before anybody has tidied up.
    server.clock.advance(Span::from_minutes(1));
    assert!(!service.is_active(&old).await, "the key is gone, although the token has not expired");
    server.advance(Span::ZERO).await;
    assert_eq!(server.userinfo(&old).await.status(), 401);
    assert!(!kids(&server).await.contains(&kid(&old)));
    let rows = server.database().query(&format!("SELECT kid FROM signing_keys WHERE kid = '{}'", kid(&old))).await;
    assert!(rows.is_empty(), "its private part is deleted");
}

#[tokio::test]
async fn upkeep_that_waits_for_the_database_publishes_no_key_that_is_gone_meanwhile() {
    let short = |settings: &mut signet::config::Settings| settings.keys.retention = Span::from_minutes(5);
    let mut server = TestServer::start_with(short).await;
    server.stop_jobs().await;
    server.upkeep().await;
    let old = kid(&token(&service(&server).await).await);
    rotate(&server, SigningAlgorithm::ES256).await;
    let app = server.app.clone();
    let ends = server.clock.now().plus(Span::from_minutes(1)).as_millis();
    let taken = format!("UPDATE leases SET holder = 'another node', expires_at = {ends}");
    let commit = server.database().begin(&taken).await;
    let round = tokio::spawn(async move { jobs::run_upkeep(&app, "this node").await });
    // Long enough for the round to begin. Were it too short, the story would hold for nothing, but never fail.
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    server.clock.advance(Span::from_minutes(66));
    server.app.refresh_documents().unwrap();
    assert!(!kids(&server).await.contains(&old));
    commit.send(()).unwrap();
    round.await.unwrap().unwrap();
    assert!(!kids(&server).await.contains(&old), "the keys of now, not those of when the round began");
}

#[tokio::test]
async fn every_step_of_a_key_is_in_the_audit_log() {
    let server = TestServer::start_with(|settings| settings.keys.retention = Span::from_minutes(5)).await;
    let rotated = rotate(&server, SigningAlgorithm::ES256).await;
    server.advance(HOUR).await;
    server.advance(HOUR).await;
    let select = |event: &str| format!("SELECT reason FROM audit_events WHERE event = '{event}'");
    let announced = server.database().query(&select("key.announced")).await.concat();
    assert!(announced.contains(&rotated.kid.as_str().as_bytes().to_vec()));
    assert_eq!(announced.len(), 3, "two at the start, one by command");
    assert_eq!(server.database().query(&select("key.removed")).await.len(), 1);
}

#[tokio::test]
async fn a_server_that_signs_with_eddsa_alone_serves_everything() {
    let server = TestServer::start_with(|settings| settings.keys.algorithms = vec![Algorithm::EdDSA]).await;
    let rp = server.client("rp", json!({ "id_token_signed_response_alg": "EdDSA" })).await;
    let code = rp.authorize_as("alice").await.code();
    let tokens = rp.redeem(&code).await.tokens();
    for signed in [&tokens.access_token, tokens.id_token()] {
        assert_eq!(header(signed)["alg"], "EdDSA");
        assert!(kids(&server).await.contains(&kid(signed)));
    }
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 200);
}

/// A resource server that caches the key set for as long as it may.
struct Verifier {
    keys: Vec<Value>,
    fetched: i64,
}

impl Verifier {
    async fn verify(&mut self, server: &TestServer, token: &str) {
        let now = server.clock.now().as_secs();
        if now - self.fetched >= 3600 {
            *self = Self { keys: key_set(server).await, fetched: now };
        }
        let key = self.keys.iter().find(|key| key["kid"] == kid(token)).expect("the key is known");
        let key = jsonwebtoken::DecodingKey::from_jwk(&serde_json::from_value(key.clone()).unwrap()).unwrap();
        let mut rules = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::ES256);
        (rules.validate_exp, rules.validate_aud) = (false, false);
        jsonwebtoken::decode::<Value>(token, &key, &rules).unwrap();
    }
}

#[tokio::test]
async fn verifiers_that_cache_the_key_set_never_meet_an_unknown_key() {
    let server = TestServer::start_with(|settings| {
        settings.keys.algorithms = vec![Algorithm::ES256];
        settings.keys.retention = Span::from_hours(25);
    })
    .await;
    let service = service(&server).await;
    let mut verifiers = [0, 1, 2, 3].map(|_| Verifier { keys: Vec::new(), fetched: 0 });
    let mut seen = BTreeSet::new();
    for hour in 0..40 * 24 {
        // A rotation by command every hour, and at each step one more verifier that has just filled its cache.
        rotate(&server, SigningAlgorithm::ES256).await;
        let late = &mut verifiers[hour % 4];
        late.fetched = 0;
        for minutes in [10, 50] {
            let token = token(&service).await;
            seen.insert(kid(&token));
            for verifier in &mut verifiers {
                verifier.verify(&server, &token).await;
            }
            server.advance(Span::from_minutes(minutes)).await;
        }
    }
    assert!(seen.len() > 900, "the keys did rotate: {}", seen.len());
    assert!(key_set(&server).await.len() < 30, "old keys go");
}
