//! The audit log as a hash chain: changes made in the database outside the server are detected.

use serde_json::json;
use signet::flows::events::audit::{self, Checked};
use signet_protocol::time::Span;

use crate::support::{TestServer, claims};

/// A server with some history, a checkpoint, and stopped jobs.
async fn server_with_history() -> TestServer {
    let mut server = TestServer::start().await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
    server.upkeep().await;
    server
}

async fn verify(server: &TestServer) -> Result<Checked, String> {
    let provider = &server.app.provider;
    let realm = &server.app.realm.id;
    let keys = provider.keys.of(realm);
    audit::verify(&provider.store, &keys, realm).await.map_err(|fault| fault.to_string())
}

async fn number(server: &TestServer, query: &str) -> i64 {
    let text = server.database().query(&format!("SELECT CAST(({query}) AS TEXT)")).await.remove(0).remove(0);
    String::from_utf8(text).unwrap().parse().unwrap()
}

#[tokio::test]
async fn an_untouched_log_verifies_and_every_row_has_a_number() {
    let server = server_with_history().await;
    let checked = verify(&server).await.unwrap();
    let rows = number(&server, "SELECT count(*) FROM audit_events").await;
    assert!(rows >= 7, "keys, users, a client, a sign-in, a consent, a revocation: {rows}");
    assert_eq!((checked.rows, checked.last, checked.unchained), (rows, rows, 0));
    assert_eq!(checked.checkpoint.unwrap().last.seq, rows, "vouched for to the end");
}

#[tokio::test]
async fn a_change_to_any_column_is_detected() {
    let changes = [
        ("at", "at + 1"),
        ("event", "'logout'"),
        ("outcome", "'failure'"),
        ("actor", "'system'"),
        ("user_id", "'mallory'"),
        ("client_id", "'other'"),
        ("session_id", "'other'"),
        ("address", "'192.0.2.1'"),
        ("user_agent", "'another'"),
        ("request_id", "'another'"),
        ("reason", "'another'"),
        ("details", "'{}'"),
        ("id", "'another'"),
        ("hash", "NULL"),
        ("realm_id", "'other'"),
        ("seq", "1000"),
        ("seq", "NULL"),
    ];
    let server = server_with_history().await;
    let row = number(&server, "SELECT seq FROM audit_events WHERE event = 'login'").await;
    for (column, value) in changes {
        let database = server.database();
        let held = "id, realm_id, at, event, outcome, actor, user_id, client_id, session_id, address, user_agent, \
                    request_id, reason, seq, hash, details";
        database.execute(&format!("CREATE TABLE held AS SELECT {held} FROM audit_events WHERE seq = {row}")).await;
        let changed = database.execute(&format!("UPDATE audit_events SET {column} = {value} WHERE seq = {row}")).await;
        assert_eq!(changed, 1, "{column}");
        let fault = verify(&server).await.unwrap_err();
        assert!(fault.contains(&format!("row {row} ")) || fault.contains("have no number"), "{column}: {fault}");
        database.execute(&format!("DELETE FROM audit_events WHERE seq = {row} OR seq = 1000 OR seq IS NULL")).await;
        database.execute(&format!("INSERT INTO audit_events ({held}) SELECT {held} FROM held")).await;
        database.execute("DROP TABLE held").await;
        assert!(verify(&server).await.is_ok(), "{column} is as it was");
    }
}

#[tokio::test]
async fn a_row_with_an_impossible_number_is_detected() {
    let server = server_with_history().await;
    let database = server.database();
    let last = number(&server, "SELECT seq FROM audit_chains").await;
    let before = number(&server, "SELECT MAX(number) FROM audit_checkpoints").await;
    for seq in [last + 1, last + 1_000_000, 0, -5] {
        let forged = format!(
            "INSERT INTO audit_events (id, realm_id, at, event, outcome, actor, address, user_agent, request_id, reason, seq) \
             VALUES ('forged', 'default', 1, 'login', 'success', 'user', '', '', '', '', {seq})"
        );
        database.execute(&forged).await;
        let fault = format!("the audit log is broken: row {seq} is not part of the chain");
        assert_eq!(verify(&server).await.unwrap_err(), fault);
        server.clock.advance(Span::from_days(1));
        server.upkeep().await;
        assert_eq!(
            number(&server, "SELECT MAX(number) FROM audit_checkpoints").await,
            before,
            "{seq}: nothing is signed"
        );
        database.execute("DELETE FROM audit_events WHERE id = 'forged'").await;
        assert!(verify(&server).await.is_ok(), "{seq}: as it was");
    }
    server.upkeep().await;
    assert!(number(&server, "SELECT MAX(number) FROM audit_checkpoints").await > before, "and it goes on");
}

#[tokio::test]
async fn a_change_before_the_last_checkpoint_stops_the_signing_and_shows_in_metrics_and_health() {
    let server = server_with_history().await;
    let row = number(&server, "SELECT seq FROM audit_events WHERE event = 'login'").await;
    let broken = || server.app.provider.metrics.state.audit_log_broken.get();
    let health = async || {
        let checks = server.app.checks().await;
        checks.iter().find(|check| check.check == "audit-log").unwrap().status
    };
    assert_eq!((broken(), health().await), (0, "ok"));
    let before = number(&server, "SELECT MAX(number) FROM audit_checkpoints").await;
    let (database, reason) =
        (server.database(), format!("UPDATE audit_events SET reason = reason || 'x' WHERE seq = {row}"));
    database.execute(&reason).await;
    server.add_user("carol").await;
    for _ in 0..2 {
        server.upkeep().await;
        assert_eq!(number(&server, "SELECT MAX(number) FROM audit_checkpoints").await, before, "nothing is signed");
        assert_eq!((broken(), health().await), (1, "failing"));
    }
    database
        .execute(&format!("UPDATE audit_events SET reason = substr(reason, 1, length(reason) - 1) WHERE seq = {row}"))
        .await;
    server.upkeep().await;
    assert!(number(&server, "SELECT MAX(number) FROM audit_checkpoints").await > before, "as it was, it goes on");
    assert_eq!((broken(), health().await), (0, "ok"));
}

#[tokio::test]
async fn a_deleted_row_is_detected() {
    let server = server_with_history().await;
    let row = number(&server, "SELECT seq FROM audit_events WHERE event = 'consent'").await;
    server.database().execute(&format!("DELETE FROM audit_events WHERE seq = {row}")).await;
    assert_eq!(verify(&server).await.unwrap_err(), format!("the audit log is broken: row {row} is missing"));
    server.upkeep().await;
    assert!(verify(&server).await.is_err(), "and a server does not make it good");
}

#[tokio::test]
async fn a_truncated_log_is_detected_by_the_checkpoint() {
    let server = server_with_history().await;
    let database = server.database();
    let last = number(&server, "SELECT seq FROM audit_chains").await;
    database.execute(&format!("DELETE FROM audit_events WHERE seq > {}", last - 2)).await;
    let missing = format!("the audit log is broken: row {} is missing", last - 1);
    assert_eq!(verify(&server).await.unwrap_err(), missing);
    // An attacker who knows the construction resets the end of the chain too.
    let end = format!("(SELECT hash FROM audit_events WHERE seq = {})", last - 2);
    database.execute(&format!("UPDATE audit_chains SET seq = {}, hash = {end}", last - 2)).await;
    assert_eq!(verify(&server).await.unwrap_err(), missing);
    server.add_user("carol").await;
    server.add_user("dave").await;
    assert!(verify(&server).await.unwrap_err().contains("is not the one that a checkpoint signed"));
    let before = number(&server, "SELECT count(*) FROM audit_checkpoints").await;
    server.upkeep().await;
    assert_eq!(number(&server, "SELECT count(*) FROM audit_checkpoints").await, before, "nothing vouches for it");
}

#[tokio::test]
async fn a_checkpoint_with_a_foreign_signature_is_detected() {
    let server = server_with_history().await;
    let database = server.database();
    let changes = [
        "UPDATE audit_checkpoints SET seq = seq - 1",
        "UPDATE audit_checkpoints SET signed = 'e30.e30.AA'",
        "UPDATE audit_checkpoints SET signed = replace(signed, '.', '.e')",
    ];
    for change in changes {
        database.execute("CREATE TABLE held AS SELECT * FROM audit_checkpoints").await;
        database.execute(change).await;
        assert!(verify(&server).await.is_err(), "{change}");
        database.execute("DELETE FROM audit_checkpoints").await;
        database.execute("INSERT INTO audit_checkpoints SELECT * FROM held").await;
        database.execute("DROP TABLE held").await;
        assert!(verify(&server).await.is_ok(), "as it was");
    }
    // A token of the server is signed by the same key but is no checkpoint.
    let rp = server.client("svc", json!({ "grant_types": ["client_credentials"], "redirect_uris": [] })).await;
    let token = rp.client_credentials(&[]).await.tokens().access_token;
    assert_eq!(claims(&token)["client_id"], "svc");
    // The signature of another document does not make a forged checkpoint valid either.
    let signed = database.query("SELECT signed FROM audit_checkpoints ORDER BY number DESC LIMIT 1").await.concat();
    let signed = String::from_utf8(signed.concat()).unwrap();
    let said = signed.rsplit_once('.').unwrap().0;
    let others = token.rsplit_once('.').unwrap().1;
    database
        .execute(&format!("UPDATE audit_checkpoints SET signed = '{said}.{others}' WHERE signed = '{signed}'"))
        .await;
    assert!(verify(&server).await.unwrap_err().contains("is not signed by a key of this server"));
    database.execute(&format!("UPDATE audit_checkpoints SET signed = '{token}'")).await;
    assert!(verify(&server).await.unwrap_err().contains("is not signed by a key of this server"));
}

#[tokio::test]
async fn retention_deletes_old_rows_and_leaves_a_checkpoint() {
    let server = server_with_history().await;
    let before = number(&server, "SELECT seq FROM audit_chains").await;
    // The keys that have signed checkpoints are replaced meanwhile.
    for days in [60, 40] {
        server.clock.advance(Span::from_days(days));
        server.upkeep().await;
        server.add_user(&format!("after{days}")).await;
        server.upkeep().await;
    }
    let checked = verify(&server).await.unwrap();
    let oldest = number(&server, "SELECT MIN(seq) FROM audit_events").await;
    assert!(oldest > before, "what is older is gone");
    let first = checked.checkpoint.unwrap().first;
    assert_eq!(first.seq, oldest - 1);
    // The deletion of any further row is detected.
    server.database().execute(&format!("DELETE FROM audit_events WHERE seq = {oldest}")).await;
    assert_eq!(verify(&server).await.unwrap_err(), format!("the audit log is broken: row {oldest} is missing"));
}

#[tokio::test]
async fn rows_older_than_the_chain_are_kept_and_none_can_be_added() {
    let server = server_with_history().await;
    let database = server.database();
    let insert = |id: &str| {
        format!(
            "INSERT INTO audit_events (id, realm_id, at, event, outcome, actor, address, user_agent, request_id, reason) \
             VALUES ('{id}', 'default', 1, 'login', 'success', 'user', '', '', '', '')"
        )
    };
    database.execute("DELETE FROM audit_checkpoints").await;
    database.execute(&insert("old")).await;
    let provider = &server.app.provider;
    let realm = &server.app.realm.id;
    let now = server.clock.now();
    audit::keep(&provider.store, &provider.keys, realm, Span::from_days(36_500), now).await.unwrap();
    assert_eq!(verify(&server).await.unwrap().unchained, 1);
    database.execute(&insert("forged")).await;
    assert!(verify(&server).await.unwrap_err().contains("2 rows have no number, 1 at the last checkpoint"));
}

#[tokio::test]
async fn failed_changes_leave_no_row_and_concurrent_ones_no_gap() {
    let server = TestServer::start().await;
    let adding = (0..12).map(|n| {
        let server = &server;
        async move { server.add_user(&format!("user{n}")).await }
    });
    futures_util::future::join_all(adding).await;
    let before = number(&server, "SELECT seq FROM audit_chains").await;
    let twice = std::panic::AssertUnwindSafe(server.add_user("alice"));
    assert!(futures_util::FutureExt::catch_unwind(twice).await.is_err(), "the name is taken");
    assert_eq!(number(&server, "SELECT seq FROM audit_chains").await, before);
    server.upkeep().await;
    assert_eq!(verify(&server).await.unwrap().last, before);
}
