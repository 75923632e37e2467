//! Nodes that verify with public keys alone (RFC 7517 §9.2): they need no master key, and refuse what would sign.

use serde_json::{Value, json};
use signet::app::App;
use signet::jobs;
use signet::keys::KeyringError;
use signet_crypto::KeyError;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::time::Span;

use crate::admin::commands::{Place, refused, stdout, succeeded};
use crate::support::keys::encode;
use crate::support::{Reply, TestServer, header};

/// A node on the server's database that only verifies. Its folder of keys has a file that is no master key.
async fn verifier_of(server: &TestServer) -> (TestServer, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("master.key"), "unread").unwrap();
    let keys = folder.path().to_owned();
    let node = server.twin_with(|settings| {
        settings.keys.master_key = None;
        settings.keys.verify_only = true;
        settings.keys.dir = keys;
    });
    (node.await, folder)
}

/// The reason why a node that only verifies does not start on the server's database.
async fn refusal(server: &TestServer) -> String {
    let mut settings = server.settings();
    settings.keys.master_key = None;
    settings.keys.verify_only = true;
    App::open(settings, server.clock.clone()).await.err().expect("it does not start").to_string()
}

async fn body(server: &TestServer, path: &str) -> Value {
    server.get(path).await.json().await.unwrap()
}

/// The number of keys without a public part in the database.
async fn incomplete(server: &TestServer) -> usize {
    server.database().query("SELECT kid FROM signing_keys WHERE public_jwk IS NULL").await.len()
}

#[tokio::test]
async fn a_node_without_private_keys_verifies_what_other_nodes_sign() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let opaque = server.client("opaque", json!({"access_token_format": "opaque"})).await;
    let tokens = rp.sign_in("alice").await;
    let reference = opaque.sign_in("alice").await.access_token;
    let (node, _folder) = verifier_of(&server).await;
    for path in ["/jwks", "/.well-known/openid-configuration"] {
        assert_eq!(body(&node, path).await, body(&server, path).await, "{path}");
    }
    for token in [&tokens.access_token, &reference] {
        let there: Value = node.userinfo(token).await.json().await.unwrap();
        let here: Value = server.userinfo(token).await.json().await.unwrap();
        assert_eq!(there, here);
    }
    assert_eq!(rp.at(&node).introspect(&tokens.access_token).await, rp.introspect(&tokens.access_token).await);
    assert!(opaque.at(&node).is_active(&reference).await);
    assert_eq!(node.app.readiness().await, Ok(()));
    // A revocation takes effect, and a new key is read.
    node.is_one_of(2).await;
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
    assert_eq!(node.userinfo(&tokens.access_token).await.status(), 401);
    let realm = &server.app.realm.id;
    server.app.provider.keys.rotate(realm, SigningAlgorithm::ES256, server.clock.now()).await.unwrap();
    server.advance(Span::from_hours(2)).await;
    node.app.follow().await.unwrap();
    let fresh = rp.sign_in("alice").await.access_token;
    assert_ne!(header(&fresh)["kid"], header(&tokens.access_token)["kid"], "a new key signs");
    assert_eq!(node.userinfo(&fresh).await.status(), 200);
}

#[tokio::test]
async fn a_verifying_node_reads_neither_sealed_keys_nor_the_master_key() {
    let server = TestServer::start().await;
    let token = server.relying_party().await.sign_in("alice").await.access_token;
    server.database().execute("ALTER TABLE signing_keys RENAME COLUMN sealed TO withheld").await;
    let (node, folder) = verifier_of(&server).await;
    assert_eq!(node.userinfo(&token).await.status(), 200);
    let realm = &node.app.realm.id;
    node.app.provider.keys.reload(realm).await.unwrap();
    assert_eq!(node.userinfo(&token).await.status(), 200);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no file is created beside the unread one");
}

#[tokio::test]
async fn a_verifying_node_has_nothing_that_signs_seals_or_decrypts() {
    let server = TestServer::start_with(|settings| {
        settings.keys.encryption_algorithms = vec![signet::config::KeyManagement::EcdhEs];
    });
    let server = server.await;
    let (node, _folder) = verifier_of(&server).await;
    let provider = &node.app.provider;
    let realm = &node.app.realm.id;
    let now = node.clock.now();
    let keys = provider.keys.of(realm);
    for algorithm in [SigningAlgorithm::RS256, SigningAlgorithm::ES256] {
        assert_eq!(keys.sign_jwt(&json!({}), "JWT", algorithm, now), Err(KeyError::VerifyOnly));
        assert_eq!(keys.signing_key(algorithm, now).unwrap().sign(b"message"), Err(KeyError::VerifyOnly));
        let rotated = provider.keys.rotate(realm, algorithm, now).await;
        assert!(matches!(rotated, Err(KeyringError::Key(KeyError::VerifyOnly))));
    }
    assert_eq!(provider.keys.seal(b"secret", "place"), Err(KeyError::VerifyOnly));
    assert_eq!(provider.keys.pairwise().err(), Some(KeyError::VerifyOnly));
    for kid in keys.status(now).into_iter().map(|key| key.kid) {
        let replaced = provider.keys.without(realm, &kid, now).await;
        assert!(matches!(replaced, Err(KeyringError::Key(KeyError::VerifyOnly))));
    }
}

#[tokio::test]
async fn requests_that_need_private_keys_are_refused_as_unavailable() {
    let server = TestServer::start().await;
    let grants = json!({ "grant_types": ["authorization_code", "refresh_token", "client_credentials"] });
    let rp = server.client("rp", grants).await;
    let tokens = rp.sign_in("alice").await;
    let (node, _folder) = verifier_of(&server).await;
    let there = rp.at(&node);
    let code = rp.authorize_as("alice").await.code();
    let refusals = [
        there.client_credentials(&[]).await,
        there.refresh(tokens.refresh_token()).await,
        there.redeem(&code).await,
        there.revoke(&tokens.access_token).await,
        there.post("/par", &[("response_type", "code")]).await,
        // The master key derives the tag of a refresh token.
        there.post("/introspect", &[("token", tokens.refresh_token())]).await,
    ];
    for refusal in refusals {
        refusal.assert_error(503, "temporarily_unavailable");
        assert!(refusal.header("retry-after").is_some(), "{refusal:?}");
    }
    let page = node.browser().get(&rp.authorization_url(&[]).replace(&server.issuer, &node.issuer)).await;
    assert_eq!(page.status, 503, "{}", page.body);
    let order = node.http.post(node.url("/api/v1/revocations")).json(&json!({"target": "realm"}));
    assert_eq!(order.send().await.unwrap().status(), 503);
    assert_eq!(node.get("/nowhere").await.status(), 404);
    rp.redeem(&code).await.tokens();
    rp.refresh(tokens.refresh_token()).await.tokens();
}

#[tokio::test]
async fn a_token_that_only_the_master_key_explains_is_never_called_inactive() {
    let server = TestServer::start().await;
    let pairwise = server.client("pairwise", json!({"subject_type": "pairwise"})).await;
    let signed = server.client("signed", json!({"userinfo_signed_response_alg": "RS256"})).await;
    let hidden = pairwise.sign_in("alice").await.access_token;
    let open = signed.sign_in("alice").await.access_token;
    let (node, _folder) = verifier_of(&server).await;
    pairwise.at(&node).post("/introspect", &[("token", &hidden)]).await.assert_error(503, "temporarily_unavailable");
    for token in [&hidden, &open] {
        assert_eq!(node.userinfo(token).await.status(), 503);
        assert_eq!(server.userinfo(token).await.status(), 200);
    }
    assert!(signed.at(&node).is_active(&open).await, "only its userinfo is signed");
}

#[tokio::test]
async fn an_unknown_key_costs_a_verifying_node_neither_a_statement_nor_an_attempt() {
    let server = TestServer::start().await;
    let token = server.relying_party().await.sign_in("alice").await.access_token;
    let (node, _folder) = verifier_of(&server).await;
    assert_eq!(node.userinfo(&token).await.status(), 200);
    let mut head = header(&token);
    head["kid"] = json!("unheard-of");
    let unknown = format!("{}.{}", encode(&head), token.split_once('.').unwrap().1);
    let mut least = u64::MAX;
    for _ in 0..5 {
        let (status, statements) = node.statements(async { node.userinfo(&unknown).await.status() }).await;
        assert_eq!(status, 401, "though another key has signed it");
        least = least.min(statements);
    }
    assert_eq!(least, 0);
}

#[tokio::test]
async fn a_changed_public_part_stops_every_start_and_verifies_nothing() {
    let server = TestServer::start().await;
    let token = server.relying_party().await.sign_in("alice").await.access_token;
    let (node, _folder) = verifier_of(&server).await;
    let kid = header(&token)["kid"].as_str().unwrap().to_owned();
    let forger = TestServer::start().await;
    let made = forger.app.provider.keys.rotate(&forger.app.realm.id, SigningAlgorithm::ES256, forger.clock.now());
    let of_forger = made.await.unwrap().kid;
    assert_ne!(of_forger.as_str(), kid);
    let part = format!("SELECT public_jwk FROM signing_keys WHERE kid = '{of_forger}'");
    let part = String::from_utf8(forger.database().query(&part).await.remove(0).remove(0)).unwrap();
    for forged in [part.clone(), part.replace(of_forger.as_str(), &kid), "{}".to_owned()] {
        let sql = format!("UPDATE signing_keys SET public_jwk = '{forged}' WHERE kid = '{kid}'");
        assert_eq!(server.database().execute(&sql).await, 1);
        let line = refusal(&server).await;
        assert!(line.contains("the public part of a stored key is not that of the key"), "{line}");
        let line = App::open(server.settings(), server.clock.clone()).await.err().unwrap().to_string();
        assert!(line.contains("the public part of a stored key is not that of the key"), "{line}");
    }
    for running in [&server, &node] {
        assert_eq!(running.userinfo(&token).await.status(), 200, "keys in memory are kept");
    }
}

#[tokio::test]
async fn keys_of_an_earlier_release_get_their_public_part_from_a_node_with_the_master_key() {
    let server = TestServer::start().await;
    let token = server.relying_party().await.sign_in("alice").await.access_token;
    server.database().execute("UPDATE signing_keys SET public_jwk = NULL").await;
    let line = refusal(&server).await;
    assert!(line.contains("a stored key has no public part yet"), "{line}");
    let started = server.twin().await;
    assert_eq!(incomplete(&server).await, 0, "a start adds it");
    let (node, _folder) = verifier_of(&server).await;
    for running in [&started, &node] {
        assert_eq!(running.userinfo(&token).await.status(), 200);
    }
    // A node of the earlier release announces a key; a running node adds its public part as soon as it reads the key.
    server.database().execute("UPDATE signing_keys SET public_jwk = NULL").await;
    let provider = &server.app.provider;
    provider.keys.rotate(&server.app.realm.id, SigningAlgorithm::ES256, server.clock.now()).await.unwrap();
    server.app.follow().await.unwrap();
    assert_eq!(incomplete(&server).await, 0, "a running node adds it");
    node.app.follow().await.unwrap();
    assert_eq!(body(&node, "/jwks").await, body(&server, "/jwks").await);
}

#[tokio::test]
async fn a_key_without_its_public_part_makes_a_verifying_node_unavailable_until_it_is_added() {
    let mut server = TestServer::start().await;
    let token = server.relying_party().await.sign_in("alice").await.access_token;
    let (mut node, _folder) = verifier_of(&server).await;
    server.stop_jobs().await;
    node.stop_jobs().await;
    let provider = &server.app.provider;
    let realm = &server.app.realm.id;
    let made = provider.keys.rotate(realm, SigningAlgorithm::ES256, server.clock.now()).await.unwrap();
    let forget = format!("UPDATE signing_keys SET public_jwk = NULL WHERE kid = '{}'", made.kid);
    assert_eq!(server.database().execute(&forget).await, 1);
    node.app.follow().await.unwrap_err();
    assert_eq!(node.userinfo(&token).await.status(), 503, "the new key may have signed");
    provider.keys.reload(realm).await.unwrap();
    provider.keys.store_public_parts(realm).await.unwrap();
    assert_eq!(node.userinfo(&token).await.status(), 200);
}

#[tokio::test]
async fn a_verifying_node_leaves_upkeep_to_those_with_keys() {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    let (node, _folder) = verifier_of(&server).await;
    server.database().execute("DELETE FROM leases").await;
    jobs::run_upkeep(&node.app, "verifier").await.unwrap();
    let held = server.database().query("SELECT name FROM leases WHERE holder = 'verifier'").await;
    assert!(held.is_empty(), "it takes no lease");
    assert_eq!(node.app.readiness().await, Ok(()));
}

#[tokio::test]
async fn commands_on_a_verifying_node_say_where_the_keys_are() {
    let place = Place::new().await;
    let mut server = place.serve().await;
    server.kill().await.unwrap();
    let file = place.path().join("signet.toml");
    let settings = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{settings}[keys]\nverify_only = true\n")).unwrap();
    let doctor = succeeded(&place.run(&["doctor"]).await);
    assert!(doctor.contains("is on this host; remove it"), "{doctor}");
    std::fs::remove_file(place.path().join("keys/master.key")).unwrap();
    refused(&place.run(&["keys", "rotate"]).await, "this node has no private keys");
    let set_password = ["user", "set-password", "alice", "--password-stdin"];
    let refusal = place.run_with_input(&set_password, "correct horse battery").await;
    refused(&refusal, "this node has no master key");
    let listed = succeeded(&place.run(&["keys", "list"]).await);
    assert!(listed.contains("active"), "{listed}");
    let _server = place.serve().await;
    let token = format!("{}/token", place.issuer());
    let reply = Reply::of(crate::support::server::http_client().post(token).send().await.unwrap()).await;
    reply.assert_error(503, "temporarily_unavailable");
    let doctor = succeeded(&place.run(&["doctor", "--invariants"]).await);
    assert!(doctor.contains("none, because keys.verify_only is set"), "{doctor}");
    place.database().execute("UPDATE signing_keys SET public_jwk = NULL").await;
    let doctor = place.run(&["doctor"]).await;
    assert_eq!(doctor.status.code(), Some(1), "{doctor:?}");
    assert!(stdout(&doctor).contains("2 keys have no public part"), "{doctor:?}");
    assert!(!place.path().join("keys/master.key").exists());
}
