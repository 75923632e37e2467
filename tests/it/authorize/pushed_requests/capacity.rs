//! The number of pushed requests that are kept: per client, per network, and per realm.

use serde_json::json;
use signet::flows::authorize::pending::CAP;
use signet_protocol::time::Span;

use super::{open, push, pushed};
use crate::support::TestServer;
use crate::support::database::Database;

/// Requests of a client that were pushed just now, in equal shares by some networks.
struct Flood {
    client: &'static str,
    requests: i64,
    networks: i64,
    /// The seconds until they end.
    seconds: i64,
}

impl Flood {
    async fn reaches(&self, server: &TestServer) {
        let Self { client, requests, networks, seconds } = self;
        let realm = server.app.realm.id.as_str();
        let now = server.clock.now().as_millis();
        let end = now + seconds * 1_000;
        let digest = if Database::is_postgres() { "sha256(('x' || i)::bytea)" } else { "randomblob(32)" };
        let sql = format!(
            "INSERT INTO pushed_requests \
                 (digest, realm_id, client_id, params, created_at, expires_at, kept_until, holder) \
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {requests}) \
             SELECT {digest}, '{realm}', '{client}', '', {now}, {end}, {end}, \
                 '2001:db8:' || (i % {networks}) || '::/48' FROM n"
        );
        assert_eq!(server.database().execute(&sql).await, u64::try_from(*requests).unwrap());
    }
}

#[tokio::test]
async fn networks_share_the_allowance_of_a_public_client() {
    let server = TestServer::stopped_with(|_| {}).await;
    let app = server.client("app", json!({"token_endpoint_auth_method": "none"})).await;
    let before = pushed(&app).await;
    server.clock.advance(Span::from_secs(1));
    Flood { client: "app", requests: 10_000, networks: 17, seconds: 60 }.reaches(&server).await;
    let uri = pushed(&app).await;
    let share = "SELECT digest FROM pushed_requests WHERE holder = '2001:db8:3::/48'";
    assert!((540..570).contains(&server.database().query(share).await.len()), "each hostile network has lost as much");
    server.app.follow().await.unwrap();
    for uri in [before, uri] {
        let page = server.browser().authorize(&open(&app, &uri, &[]), "alice").await;
        assert!(!page.code().is_empty(), "another network's requests are not touched, though they are older");
    }
}

#[tokio::test]
async fn at_the_cap_of_a_realm_the_networks_with_the_most_make_room() {
    let server = TestServer::stopped_with(|_| {}).await;
    let rp = server.relying_party().await;
    server.client("app", json!({"token_endpoint_auth_method": "none"})).await;
    let before = pushed(&rp).await;
    server.clock.advance(Span::from_secs(1));
    // They have ended and are not swept yet, so that they are none of the client's allowance.
    Flood { client: "app", requests: CAP, networks: 13, seconds: 0 }.reaches(&server).await;
    server.app.count_waiting().await.unwrap();
    server.app.follow().await.unwrap();
    let uri = pushed(&rp).await;
    let rows = server.database().query("SELECT digest FROM pushed_requests").await.len();
    assert!(rows < usize::try_from(CAP).unwrap(), "{rows} rows");
    let share = "SELECT digest FROM pushed_requests WHERE holder = '2001:db8:3::/48'";
    assert!((7_500..7_600).contains(&server.database().query(share).await.len()), "each network has lost as much");
    for uri in [before, uri] {
        let page = server.browser().authorize(&open(&rp, &uri, &[]), "alice").await;
        assert!(!page.code().is_empty(), "a client's own requests are not touched, though they are older");
    }
}

#[tokio::test]
async fn a_refused_push_states_when_there_is_room() {
    let server = TestServer::stopped_with(|_| {}).await;
    let rp = server.relying_party().await;
    Flood { client: "rp", requests: 10_000, networks: 1, seconds: 42 }.reaches(&server).await;
    let refused = push(&rp, &[]).await;
    refused.assert_error(503, "temporarily_unavailable");
    assert_eq!(refused.header("retry-after"), Some("42"));
    let other = server.client("other", json!({})).await;
    pushed(&other).await;
    server.clock.advance(Span::from_secs(42));
    server.app.follow().await.unwrap();
    pushed(&rp).await;
}

#[tokio::test]
async fn requests_of_one_client_do_not_wait_for_each_other() {
    if !Database::is_postgres() {
        return;
    }
    let server = TestServer::start().await;
    let confidential = server.relying_party().await;
    let public = server.client("app", json!({ "token_endpoint_auth_method": "none" })).await;
    let _held = server.database().begin("SELECT id FROM clients FOR NO KEY UPDATE").await;
    for client in [&confidential, &public] {
        pushed(client).await;
    }
}
