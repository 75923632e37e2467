//! Under steady use the size of the database is bounded by the live data.

use serde_json::json;
use signet_protocol::time::Span;

use crate::support::database::Database;
use crate::support::{RelyingParty, TestServer};

/// The number of rows in each table.
async fn rows(server: &TestServer) -> Vec<(String, usize)> {
    let names = if Database::is_postgres() {
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut counts = Vec::new();
    for row in server.database().query(names).await {
        let table = text(&row[0]);
        let count = server.database().query(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}")).await;
        counts.push((table, text(&count[0][0]).parse().unwrap()));
    }
    counts.sort();
    counts
}

/// The duration of the simulation.
const DAYS: usize = 9;

/// The events of every three hours: sign-ins, abandoned sign-ins, tokens of all kinds, and some revocations.
async fn live(server: &TestServer, rp: &RelyingParty, opaque: &RelyingParty, turn: usize) {
    let tokens = rp.sign_in("alice").await;
    let renewed = rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.tokens();
    if turn.is_multiple_of(2) {
        assert_eq!(rp.revoke(renewed.refresh_token.as_deref().unwrap()).await.status, 200);
    }
    assert!(!opaque.sign_in("alice").await.access_token.contains('.'));
    server.browser().visit(&rp.authorization_url(&[])).await;
}

#[tokio::test]
async fn the_database_does_not_grow_under_steady_use() {
    let mut server = TestServer::start_with(|settings| {
        settings.audit.retention = Span::from_days(1);
        settings.tokens.refresh_token_idle = Span::from_hours(6);
        settings.tokens.refresh_token_lifetime = Span::from_hours(12);
        settings.sessions.idle = Span::from_hours(2);
        settings.sessions.lifetime = Span::from_hours(4);
    })
    .await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    let opaque = server.client("opaque", json!({ "access_token_format": "opaque" })).await;
    let mut measured = Vec::new();
    for round in 0..DAYS * 102 {
        if round % 12 == 0 {
            live(&server, &rp, &opaque, round / 12).await;
            measured.push(rows(&server).await);
        }
        // A step of more than a quarter of an hour would count as a clock jump, after which rows that keep something
        // void are not deleted.
        server.advance(Span::from_minutes(14)).await;
        server.upkeep().await;
    }
    // The longest retention is two days.
    let (_, settled) = measured.split_at(measured.len() / 3);
    let (before, after) = settled.split_at(settled.len() / 2);
    let most = |days: &[Vec<(String, usize)>], table: usize| days.iter().map(|rows| rows[table].1).max().unwrap();
    for (table, (name, _)) in before[0].iter().enumerate() {
        let before = most(before, table);
        let after = most(after, table);
        if name == "audit_checkpoints" {
            // Each is kept for a week, and a round makes at most one.
            assert!(after <= 7 * 102, "{after}");
            continue;
        }
        assert!(after <= before, "{name}: {before} rows at most, then {after}");
        let lives = ["audit_events", "authorization_codes", "revocations", "sessions", "token_families"];
        assert!(after > 0 || !lives.contains(&name.as_str()), "{name}: the check would be empty");
    }
}
