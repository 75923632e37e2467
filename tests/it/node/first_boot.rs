//! Several nodes that start on one empty database, or find the same keys due at the same moment: the first one creates
//! them, the others read them, and no request fails meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use serde_json::{Value, json};
use signet::config::Settings;
use signet::jobs;
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::time::Span;

use crate::support::database::Database;
use crate::support::{TestServer, rounds};

const NODES: usize = 5;
const ISSUER: &str = "http://127.0.0.1:8000";

fn settings(settings: &mut Settings) {
    settings.issuer = ISSUER.to_owned();
    settings.keys.encryption_algorithms = vec![KeyManagement::EcdhEs, KeyManagement::RsaOaep256];
    // Smaller than the settings allow, since larger keys take long to generate.
    settings.keys.rsa_bits = 2048;
    // These stories last for years and count rows of the log.
    settings.audit.retention = Span::from_days(36_500);
}

/// A node, reached at its own address.
async fn start(database: Arc<Database>) -> TestServer {
    let mut node = TestServer::on(database, settings).await;
    node.issuer = format!("http://{}", node.app.settings.listen);
    node
}

/// Starts a node, sends requests as soon as it is ready, and returns the highest status.
async fn boot(database: Arc<Database>, number: usize) -> (TestServer, u16) {
    let node = start(database).await;
    assert_eq!(node.app.readiness().await, Ok(()), "it listens, so it is ready");
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" });
    let service = node.client(&format!("service{number}"), metadata).await;
    let mut worst = 0;
    for path in ["/.well-known/openid-configuration", "/jwks", "/authorize?client_id=nobody", "/userinfo", "/login"] {
        worst = worst.max(node.get(path).await.status().as_u16());
    }
    node.add_user(&format!("user{number}")).await;
    for _ in 0..3 {
        let token = service.client_credentials(&[]).await.tokens().access_token;
        assert!(service.is_active(&token).await);
        worst = worst.max(node.userinfo(&token).await.status().as_u16());
        worst = worst.max(node.post("/token", &[("grant_type", "refresh_token")]).await.status.as_u16());
    }
    (node, worst)
}

/// The number of keys of each algorithm, and the newest generation.
async fn keys(database: &Database) -> BTreeMap<String, (usize, u64)> {
    let mut found = BTreeMap::<String, (usize, u64)>::new();
    let sql = "SELECT algorithm, CAST(generation AS TEXT) FROM signing_keys";
    for row in database.query(sql).await {
        let text = |at: usize| String::from_utf8(row[at].clone()).unwrap();
        let entry = found.entry(text(0)).or_default();
        *entry = (entry.0 + 1, entry.1.max(text(1).parse().unwrap()));
    }
    found
}

/// Runs upkeep on all nodes concurrently.
async fn run_upkeep(nodes: &[TestServer]) {
    let all = nodes.iter().enumerate().map(|(number, node)| async move {
        let holder = number.to_string();
        let (leased, own) = tokio::join!(jobs::run_upkeep(&node.app, &holder), node.app.rotate_keys());
        leased.and(own).unwrap();
    });
    join_all(all).await;
    for node in nodes {
        node.app.follow().await.unwrap();
    }
}

/// Checks that all nodes publish the same keys, and accept the signatures of each other.
async fn assert_agreed(nodes: &[TestServer]) {
    let mut sets = Vec::new();
    for node in nodes {
        sets.push(node.get("/jwks").await.json::<Value>().await.unwrap());
    }
    assert!(sets.iter().all(|set| *set == sets[0]), "{sets:?}");
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" });
    let made = nodes[0].client(&format!("judge{}", nodes[0].clock.now().as_millis()), metadata).await;
    let token = made.at(&nodes[NODES - 1]).client_credentials(&[]).await.tokens().access_token;
    for node in nodes {
        assert!(made.at(node).is_active(&token).await, "{}", node.issuer);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn five_nodes_starting_on_an_empty_database_create_each_row_once() {
    for round in 0..rounds(2) {
        let database = Arc::new(Database::empty().await);
        let booted = join_all((0..NODES).map(|number| tokio::spawn(boot(database.clone(), number)))).await;
        let (nodes, worst): (Vec<_>, Vec<_>) = booted.into_iter().map(Result::unwrap).unzip();
        assert!(worst.iter().all(|status| (200..500).contains(status)), "round {round}: {worst:?}");
        run_upkeep(&nodes).await;
        let made = keys(&database).await;
        let algorithms: Vec<&str> = made.keys().map(String::as_str).collect();
        assert_eq!(algorithms, ["ECDH-ES", "ES256", "RS256", "RSA-OAEP-256"], "round {round}");
        assert!(made.values().all(|key| *key == (1, 1)), "round {round}: {made:?}");
        assert_eq!(database.query("SELECT id FROM realms").await.len(), 1, "round {round}");
        let announced = database.audit_events().await.iter().filter(|event| *event == "key.announced").count();
        assert_eq!(announced, 4, "round {round}");
        assert_agreed(&nodes).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_find_the_same_rotation_due_make_one_key_each_time() {
    let database = Arc::new(Database::new().await);
    let first = start(database.clone()).await;
    let mut nodes = vec![first];
    while nodes.len() < NODES {
        nodes.push(nodes[0].twin_with(settings).await);
    }
    run_upkeep(&nodes).await;
    let interval = nodes[0].app.settings.keys.rotation_interval;
    for round in 0..rounds(3) {
        let before = keys(&database).await;
        let events = database.audit_events().await;
        nodes[0].clock.advance(interval);
        run_upkeep(&nodes).await;
        let after = keys(&database).await;
        for (algorithm, (_, generation)) in &before {
            assert_eq!(after[algorithm].1, generation + 1, "round {round}: {algorithm}");
        }
        let count = |events: &[String]| events.iter().filter(|event| *event == "key.announced").count();
        let announced = count(&database.audit_events().await) - count(&events);
        assert_eq!(announced, before.len(), "round {round}: each by one node");
        assert_agreed(&nodes).await;
    }
}
