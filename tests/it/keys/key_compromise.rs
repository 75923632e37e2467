//! A compromised key (RFC 7517, NIST SP 800-57 §5.5): dropped at once, together with everything that it signed.

use serde_json::{Value, json};
use signet::config::Algorithm;
use signet::flows::admin::{Compromised, KeysError, NotFound};
use signet::flows::events::audit;
use signet::keys::{Decryption, KeyStatus};
use signet_crypto::encrypt;
use signet_protocol::ids::KeyId;
use signet_protocol::jose::encryption::{ContentEncryption, KeyManagement};
use signet_protocol::jose::jwk::{self, SigningAlgorithm};
use signet_protocol::time::Span;
use signet_protocol::token::revocation::Reason;

use crate::admin::commands::{Place, refused, succeeded};
use crate::session::logout::{assert_question, is_signed_in, logout_url, signed_in};
use crate::support::server::PASSWORD;
use crate::support::{RelyingParty, TestServer, header};

async fn key_set(server: &TestServer) -> Value {
    server.get("/.well-known/jwks.json").await.json().await.unwrap()
}

async fn kids(server: &TestServer) -> Vec<String> {
    let set = key_set(server).await;
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

fn status(server: &TestServer, algorithm: &str) -> Vec<KeyStatus> {
    let keys = server.app.provider.keys.status(&server.app.realm.id, server.clock.now());
    keys.into_iter().filter(|key| key.algorithm == algorithm).collect()
}

async fn compromise(server: &TestServer, kid: &str, reason: &str) -> Result<Compromised, KeysError> {
    let kid = KeyId::from_stored(kid.to_owned());
    let context = server.context();
    let operator = server.operator(&context).because(Reason::parse(reason).unwrap());
    let done = operator.keys(&server.app.provider.keys).compromise(&kid).await;
    server.app.follow().await.unwrap();
    done
}

async fn rotate(server: &TestServer) -> String {
    let realm = &server.app.realm.id;
    let rotated = server.app.provider.keys.rotate(realm, SigningAlgorithm::ES256, server.clock.now()).await.unwrap();
    server.app.follow().await.unwrap();
    rotated.kid.as_str().to_owned()
}

async fn verify_log(server: &TestServer) -> Result<i64, String> {
    let provider = &server.app.provider;
    let realm = &server.app.realm.id;
    let checked = audit::verify(&provider.store, &provider.keys.of(realm), realm).await;
    checked.map(|checked| checked.checkpoint.unwrap().last.seq).map_err(|fault| fault.to_string())
}

async fn service(server: &TestServer) -> RelyingParty {
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" });
    server.client("service", metadata).await
}

async fn token(service: &RelyingParty) -> String {
    service.client_credentials(&[]).await.tokens().access_token
}

#[tokio::test]
async fn nothing_that_a_dropped_key_signed_is_accepted_on_any_node() {
    let server = TestServer::start().await;
    let other = server.twin().await;
    let rp = server.relying_party().await;
    let service = service(&server).await;
    let tokens = rp.sign_in("alice").await;
    let lost = kid(&tokens.access_token);
    let id_token_kid = kid(tokens.id_token());
    assert!(service.is_active(&token(&service).await).await && kids(&other).await.contains(&lost));
    // Both nodes have accepted it once, and may remember that they have.
    for node in [&server, &other] {
        assert_eq!(node.userinfo(&tokens.access_token).await.status(), 200);
    }

    let done = compromise(&server, &lost, "laptop stolen").await.unwrap();
    other.app.follow().await.unwrap();
    let next = done.successor.unwrap();
    assert!(done.is_new && done.audit_fault.is_none());
    for node in [&server, &other] {
        assert_eq!(node.userinfo(&tokens.access_token).await.status(), 401);
        assert!(!rp.at(node).is_active(&tokens.access_token).await);
        let published = kids(node).await;
        assert!(!published.contains(&lost) && published.contains(&next.as_str().to_owned()), "{published:?}");
        assert!(published.contains(&id_token_kid), "the other algorithm's key is none of this");
        let fresh = token(&service.at(node)).await;
        assert_eq!(kid(&fresh), next.as_str());
        assert!(service.is_active(&fresh).await);
    }
    // What was never signed with it goes on.
    let refreshed = rp.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(server.userinfo(&refreshed.access_token).await.status(), 200);

    let row = server.database().query("SELECT reason FROM audit_events WHERE event = 'key.compromised'").await.concat();
    assert_eq!(row, [format!("{lost}: laptop stolen").into_bytes()]);
    server.upkeep().await;
    let stored = server.database().query(&format!("SELECT kid FROM signing_keys WHERE kid = '{lost}'")).await;
    assert!(stored.is_empty(), "its private part is deleted");
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
}

#[tokio::test]
async fn an_id_token_of_a_dropped_key_is_no_hint() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, tokens) = signed_in(&rp, "openid").await;
    compromise(&server, &kid(tokens.id_token()), "").await.unwrap();
    for _ in 0..2 {
        let page = server.browser().get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
        assert_question("anyone who has the key can make one", &page);
        assert!(is_signed_in(&browser, &rp).await, "it ends nothing");
        server.upkeep().await;
    }
    assert!(server.database().query("SELECT kid FROM hint_keys").await.is_empty(), "nothing of the key is kept");
}

#[tokio::test]
async fn an_id_token_of_a_key_that_is_dropped_after_its_removal_is_no_hint() {
    let server = TestServer::start_with(|settings| settings.keys.rotation_interval = Span::from_days(2)).await;
    let twin = server.twin().await;
    let rp = server.client("rp", json!({"skip_consent": true})).await;
    let remembered = [("username", "alice"), ("password", PASSWORD), ("remember", "yes"), ("login-submit", "yes")];
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let tokens = rp.redeem(&browser.submit(&page, &remembered).await.code()).await.tokens();
    let lost = kid(tokens.id_token());
    for _ in 0..12 {
        server.advance(Span::from_days(1)).await;
    }
    assert!(!kids(&server).await.contains(&lost), "rotation has removed it");
    twin.app.follow().await.unwrap();

    let done = compromise(&server, &lost, "").await.unwrap();
    assert!(done.successor.is_some_and(|next| next.as_str() != lost) && !done.is_new);
    twin.app.follow().await.unwrap();
    for node in [&server, &twin] {
        let page = node.browser().get(&logout_url(&[("id_token_hint", tokens.id_token())])).await;
        assert_question("anyone who has the key can make one", &page);
    }
    assert!(is_signed_in(&browser, &rp).await, "it ends nothing");
    let recorded = "SELECT id FROM audit_events WHERE event = 'key.compromised'";
    assert_eq!(server.database().query(recorded).await.len(), 1);
    assert!(matches!(compromise(&server, &lost, "").await, Err(KeysError::NotFound(NotFound::Name("key")))), "once");
}

#[tokio::test]
async fn the_previous_key_signs_until_the_next_is_known() {
    let server = TestServer::start_with(|settings| settings.keys.algorithms = vec![Algorithm::ES256]).await;
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api",
        "id_token_signed_response_alg": "ES256" });
    let service = server.client("service", metadata).await;
    let before = token(&service).await;
    let lost = rotate(&server).await;
    server.advance(Span::from_hours(1)).await;
    assert_eq!(kid(&token(&service).await), lost);
    let done = compromise(&server, &lost, "").await.unwrap();
    assert_eq!((done.successor.unwrap().as_str(), done.is_new), (kid(&before).as_str(), false));
    assert_eq!(kid(&token(&service).await), kid(&before), "verifiers know it");
    server.advance(Span::from_hours(30)).await;
    assert_ne!(kid(&token(&service).await), lost);
}

#[tokio::test]
async fn an_announced_key_that_is_dropped_never_signs() {
    let server = TestServer::start().await;
    let service = service(&server).await;
    let before = kid(&token(&service).await);
    let lost = rotate(&server).await;
    let done = compromise(&server, &lost, "").await.unwrap();
    assert_eq!(done.successor.unwrap().as_str(), before);
    server.advance(Span::from_hours(2)).await;
    assert_eq!(kid(&token(&service).await), before);
    assert!(!kids(&server).await.contains(&lost));
}

#[tokio::test]
async fn a_key_is_dropped_once_and_only_where_there_is_one() {
    let server = TestServer::start().await;
    let lost = status(&server, "ES256").remove(0).kid;
    assert!(matches!(compromise(&server, "nobody", "").await, Err(KeysError::NotFound(NotFound::Name("key")))));
    assert_eq!(status(&server, "ES256").remove(0).kid, lost, "nothing has happened");
    compromise(&server, lost.as_str(), "").await.unwrap();
    assert!(matches!(compromise(&server, lost.as_str(), "").await, Err(KeysError::NotFound(NotFound::Name("key")))));
}

#[tokio::test]
async fn ten_who_drop_the_same_key_drop_it_once() {
    for is_rotated in [false, true] {
        let server = TestServer::start().await;
        if is_rotated {
            rotate(&server).await;
            server.advance(Span::from_hours(1)).await;
        }
        let lost = status(&server, "ES256").into_iter().find(KeyStatus::is_active).unwrap().kid;
        let tries = (0..10).map(|_| compromise(&server, lost.as_str(), ""));
        let done = futures_util::future::join_all(tries).await;
        assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
        let live = status(&server, "ES256").into_iter().filter(|key| key.state != "gone").count();
        assert_eq!(live, 1);
        let rows = server.database().query("SELECT id FROM audit_events WHERE event = 'key.compromised'").await;
        assert_eq!(rows.len(), 1);
        assert!(verify_log_at_all(&server).await.is_ok());
    }
}

async fn verify_log_at_all(server: &TestServer) -> Result<(), String> {
    let provider = &server.app.provider;
    let realm = &server.app.realm.id;
    let checked = audit::verify(&provider.store, &provider.keys.of(realm), realm).await;
    checked.map(|_| ()).map_err(|fault| fault.to_string())
}

#[tokio::test]
async fn another_key_signs_the_audit_log() {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    server.upkeep().await;
    let vouched = verify_log(&server).await.unwrap();
    // Whichever key has signed the checkpoint, it is among these.
    for algorithm in ["ES256", "RS256"] {
        let lost = status(&server, algorithm).remove(0).kid;
        compromise(&server, lost.as_str(), "").await.unwrap();
        assert!(verify_log(&server).await.unwrap() >= vouched, "{algorithm}: to the same row at least");
    }
    server.add_user("carol").await;
    server.upkeep().await;
    assert!(verify_log(&server).await.unwrap() > vouched, "and it goes on");
}

#[tokio::test]
async fn a_late_node_signs_no_checkpoint_with_the_dropped_key() {
    let mut server = TestServer::start_with(|settings| settings.keys.algorithms = vec![Algorithm::ES256]).await;
    server.stop_jobs().await;
    let lost = rotate(&server).await;
    server.advance(Span::from_hours(1)).await;
    let mut late = server.twin_with(|settings| settings.keys.algorithms = vec![Algorithm::ES256]).await;
    late.stop_jobs().await;
    // The key before vouches from now on, which the late node knows.
    assert!(!compromise(&server, &lost, "").await.unwrap().is_new);
    server.add_user("carol").await;
    let provider = &late.app.provider;
    let realm = &late.app.realm.id;
    let retention = Span::from_days(90);
    audit::keep(&provider.store, &provider.keys, realm, retention, late.clock.now()).await.unwrap();
    let vouched = verify_log(&server).await.unwrap();
    late.app.follow().await.unwrap();
    audit::keep(&provider.store, &provider.keys, realm, retention, late.clock.now()).await.unwrap();
    assert!(verify_log(&server).await.unwrap() > vouched, "it signs once it has applied the change");
}

#[tokio::test]
async fn a_broken_audit_log_neither_keeps_a_key_nor_is_repaired() {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    server.upkeep().await;
    server.database().execute("UPDATE audit_events SET reason = 'another' WHERE seq = 2").await;
    let lost = status(&server, "ES256").remove(0).kid;
    let done = compromise(&server, lost.as_str(), "").await.unwrap();
    assert!(done.audit_fault.unwrap().to_string().contains("row 2 "));
    assert!(!kids(&server).await.contains(&lost.as_str().to_owned()));
    server.upkeep().await;
    assert!(verify_log_at_all(&server).await.is_err());
}

#[tokio::test]
async fn a_token_encrypted_to_a_dropped_key_is_refused() {
    let alg = KeyManagement::EcdhEs;
    let server = TestServer::start_with(|settings| settings.keys.encryption_algorithms = vec![alg]).await;
    server.advance(Span::ZERO).await;
    let recipient = || async { jwk::encryption_keys(&key_set(&server).await).unwrap().remove(0) };
    let lost = recipient().await;
    let sealed = encrypt("e30.e30.", &lost, alg, ContentEncryption::A256Gcm).unwrap();
    let reads = |token: &str| {
        let keys = server.app.provider.keys.of(&server.app.realm.id);
        keys.decryption(token, server.clock.now()).and_then(Decryption::run).is_ok()
    };
    assert!(reads(&sealed));
    compromise(&server, lost.kid.as_deref().unwrap(), "").await.unwrap();
    assert!(!reads(&sealed));
    let next = recipient().await;
    assert_ne!(next.kid, lost.kid);
    assert!(reads(&encrypt("e30.e30.", &next, alg, ContentEncryption::A256Gcm).unwrap()));
}

#[tokio::test]
async fn the_command_works_beside_a_running_server() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    let list = |output: &str| serde_json::from_str::<Vec<Value>>(output).unwrap();
    let keys = list(&succeeded(&place.run(&["keys", "list", "--json"]).await));
    let lost = keys.iter().find(|key| key["algorithm"] == "ES256").unwrap()["kid"].as_str().unwrap().to_owned();
    let said = succeeded(&place.run(&["keys", "compromise", "--kid", &lost, "--reason", "a drill", "--yes"]).await);
    assert!(said.starts_with(&format!("Dropped ES256 key {lost}")), "{said}");
    place.published_without(&lost).await;
    refused(&place.run(&["keys", "compromise", "--kid", &lost, "--yes"]).await, "there is no key with this name");
    let long = "x".repeat(201);
    for reason in ["line\nbreak", "\u{1b}[31m", &long] {
        let output = place.run(&["keys", "compromise", "--kid", &lost, "--reason", reason, "--yes"]).await;
        refused(&output, "the reason must have at most 200 characters, none of them a control character");
    }
    succeeded(&place.run(&["audit", "verify"]).await);
    server.kill().await.unwrap();
}
