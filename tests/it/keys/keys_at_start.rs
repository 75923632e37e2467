//! Signing keys across processes: starts, restarts, damaged rows, and several nodes (RFC 9700 §2.6).

use std::collections::BTreeSet;

use serde_json::{Value, json};
use signet::app::App;
use signet::config::MasterKey;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::time::Span;

use crate::support::database::Database;
use crate::support::{RelyingParty, TestServer, header};

async fn kids(server: &TestServer) -> BTreeSet<String> {
    let set: Value = server.get("/jwks").await.json().await.unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn service(server: &TestServer) -> RelyingParty {
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" });
    server.client("service", metadata).await
}

async fn signer(service: &RelyingParty) -> String {
    let token = service.client_credentials(&[]).await.tokens().access_token;
    header(&token)["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_restart_keeps_the_key_that_signs() {
    let server = TestServer::start().await;
    let service = service(&server).await;
    let rotated = server.app.provider.keys.rotate(&server.app.realm.id, SigningAlgorithm::ES256, server.clock.now());
    let rotated = rotated.await.unwrap();
    let restarted = server.twin().await;
    assert_ne!(signer(&service.at(&restarted)).await, rotated.kid.as_str(), "the announced key waits on");
    server.advance(Span::from_hours(1)).await;
    for _ in 0..3 {
        let restarted = server.twin().await;
        assert_eq!(signer(&service.at(&restarted)).await, rotated.kid.as_str());
        assert_eq!(kids(&restarted).await, kids(&server).await);
    }
}

#[tokio::test]
async fn a_server_whose_keys_cannot_be_opened_does_not_start_and_makes_no_others() {
    let swap = "UPDATE signing_keys SET sealed = (SELECT o.sealed FROM signing_keys o WHERE o.kid <> signing_keys.kid)";
    let corrupt = if Database::is_postgres() {
        "UPDATE signing_keys SET sealed = set_byte(sealed, 40, 0)"
    } else {
        "UPDATE signing_keys SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB)"
    };
    let truncate = "UPDATE signing_keys SET sealed = substr(sealed, 1, 8)";
    let relabel = "UPDATE signing_keys SET kid = 'another' WHERE algorithm = 'ES256'";
    let rows = [
        ("another master key", "", [8; 32]),
        ("swapped rows", swap, [7; 32]),
        ("a changed byte", corrupt, [7; 32]),
        ("a cut row", truncate, [7; 32]),
        ("another kid", relabel, [7; 32]),
    ];
    for (fault, sql, master) in rows {
        let server = TestServer::start().await;
        if !sql.is_empty() {
            assert!(server.database().execute(sql).await > 0, "{fault}");
        }
        let before = server.database().query("SELECT kid, sealed FROM signing_keys ORDER BY kid").await;
        let mut settings = server.settings();
        settings.keys.master_key = Some(MasterKey::new(master));
        let refused = App::open(settings, server.clock.clone()).await.err();
        let line = refused.unwrap_or_else(|| panic!("{fault}: it starts")).to_string();
        assert!(line.contains("stored key") && !line.contains('\n'), "{fault}: {line}");
        let after = server.database().query("SELECT kid, sealed FROM signing_keys ORDER BY kid").await;
        assert_eq!(before, after, "{fault}: nothing is replaced");
    }
}

#[tokio::test]
async fn nodes_that_rotate_at_once_make_one_key_and_name_it_alike() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let now = server.clock.now();
    let one = server.app.provider.keys.rotate(&server.app.realm.id, SigningAlgorithm::ES256, now);
    let other = twin.app.provider.keys.rotate(&twin.app.realm.id, SigningAlgorithm::ES256, now);
    let (one, other) = tokio::join!(one, other);
    assert_eq!(one.unwrap().kid, other.unwrap().kid);
    assert_eq!(server.database().query("SELECT kid FROM signing_keys").await.len(), 3);
}

#[tokio::test]
async fn a_node_follows_the_rotation_of_another() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let service = service(&server).await;
    let rotated = server.app.provider.keys.rotate(&server.app.realm.id, SigningAlgorithm::ES256, server.clock.now());
    let rotated = rotated.await.unwrap();
    twin.app.follow().await.unwrap();
    assert!(kids(&twin).await.contains(rotated.kid.as_str()));
    server.clock.advance(Span::from_hours(1));
    for node in [&server, &twin] {
        assert_eq!(signer(&service.at(node)).await, rotated.kid.as_str());
    }
}

#[tokio::test]
async fn a_node_that_catches_up_on_a_revocation_does_not_lose_sight_of_a_new_key() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let now = server.clock.now();
    for _ in 0..3 {
        let rotated =
            server.app.provider.keys.rotate(&server.app.realm.id, SigningAlgorithm::ES256, now).await.unwrap();
        twin.app.provider.catch_up().await.unwrap();
        twin.app.follow().await.unwrap();
        assert!(kids(&twin).await.contains(rotated.kid.as_str()));
        server.advance(Span::from_hours(1)).await;
    }
}
