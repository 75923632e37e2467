//! Impossible transitions: the database refuses every statement that would make something ended valid again.

use serde_json::json;

use crate::support::database::Database;
use crate::support::{Administrator, TestServer};

/// A statement and its expected outcome.
enum Step {
    /// It is a transition that the server makes.
    Allowed(&'static str),
    /// It is none; the message names the kind of row.
    Refused(&'static str, &'static str),
}

use Step::{Allowed, Refused};

const GRANT: &str = "a grant";
const CODE: &str = "an authorization code";
const SESSION: &str = "a session";
const REQUEST: &str = "an authorization request";
const PUSHED: &str = "a pushed request";
const INITIAL: &str = "an initial access token";
const KEY: &str = "a signing key";
const REVOCATION: &str = "a revocation";
const REALM: &str = "a realm";

/// A digest of 32 equal bytes: `{1}` in the statements below.
fn with_digests(sql: &str) -> String {
    (1..=4).fold(sql.to_owned(), |sql, number| {
        let hex = format!("{number:02x}").repeat(32);
        let literal = if Database::is_postgres() { format!("'\\x{hex}'::bytea") } else { format!("x'{hex}'") };
        sql.replace(&format!("{{{number}}}"), &literal)
    })
}

async fn take(server: &TestServer, steps: &[Step]) {
    for step in steps {
        match step {
            Allowed(sql) => {
                let changed = server.database().attempt(&with_digests(sql)).await;
                assert!(changed.as_ref().is_ok_and(|rows| *rows > 0), "{sql}: {changed:?}");
            }
            Refused(kind, sql) => {
                let message = server.database().attempt(&with_digests(sql)).await.expect_err(sql);
                assert!(message.contains(&format!("impossible transition of {kind}")), "{sql}: {message}");
            }
        }
    }
}

/// A server whose jobs are stopped, with a row of each kind.
async fn server_with_rows() -> TestServer {
    let mut server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 200);
    server.browser().visit(&rp.authorization_url(&[])).await;
    let pushed = rp.authorization_url(&[]);
    let params: Vec<(String, String)> = url::Url::parse(&pushed).unwrap().query_pairs().into_owned().collect();
    let params: Vec<(&str, &str)> = params.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(rp.post("/par", &params).await.status, 201);
    let initial = "INSERT INTO initial_access_tokens (digest, realm_id, created_at, expires_at, uses_left) \
                   VALUES ({1}, 'default', 1, 2, 1)";
    server.database().execute(&with_digests(initial)).await;
    server.stop_jobs().await;
    server
}

#[tokio::test]
async fn a_grant_rotates_step_by_step_and_is_revoked_permanently() {
    let server = server_with_rows().await;
    let steps = [
        Refused(GRANT, "UPDATE token_families SET leaf = {1}"),
        Refused(GRANT, "UPDATE token_families SET generation = 1, leaf = {1}"),
        Refused(GRANT, "UPDATE token_families SET generation = 1, rotated_at = created_at + 1"),
        Refused(GRANT, "UPDATE token_families SET generation = 2, leaf = {1}, rotated_at = created_at + 1"),
        Refused(GRANT, "UPDATE token_families SET generation = 1, leaf = {1}, rotated_at = expires_at"),
        Refused(GRANT, "UPDATE token_families SET generation = 1, leaf = {1}, rotated_at = idle_expires_at"),
        Allowed("UPDATE token_families SET generation = 1, leaf = {1}, rotated_at = created_at + 1"),
        Allowed("UPDATE token_families SET generation = 2, leaf = {2}, rotated_at = created_at + 2"),
        Refused(GRANT, "UPDATE token_families SET generation = 1, leaf = {1}"),
        Refused(GRANT, "UPDATE token_families SET generation = 0, leaf = {3}, rotated_at = NULL"),
        Refused(GRANT, "UPDATE token_families SET generation = 1, leaf = {1}, rotated_at = NULL"),
        // A rotation whose successor was never sent is undone.
        Allowed("UPDATE token_families SET generation = 1, leaf = {1}, rotated_at = created_at"),
        Refused(GRANT, "UPDATE token_families SET expires_at = expires_at + 1"),
        Allowed("UPDATE token_families SET offline = 0"),
        Refused(GRANT, "UPDATE token_families SET offline = 1"),
        Allowed("UPDATE token_families SET revoked_at = 5, revoked_because = 'test'"),
        Refused(GRANT, "UPDATE token_families SET revoked_at = NULL, revoked_because = NULL"),
        Refused(GRANT, "UPDATE token_families SET revoked_at = 6"),
        Refused(GRANT, "UPDATE token_families SET generation = 2, leaf = {2}, rotated_at = created_at + 3"),
        Refused(GRANT, "UPDATE token_families SET generation = 0, leaf = {2}, rotated_at = NULL"),
        Allowed("DELETE FROM token_families"),
    ];
    take(&server, &steps).await;
}

#[tokio::test]
async fn used_and_ended_rows_stay_used_and_ended() {
    let server = server_with_rows().await;
    let steps = [
        Refused(CODE, "UPDATE authorization_codes SET redeemed_at = NULL"),
        Refused(CODE, "UPDATE authorization_codes SET redeemed_at = redeemed_at + 1"),
        Refused(CODE, "UPDATE authorization_codes SET expires_at = expires_at + 1"),
        Allowed("UPDATE sessions SET idle_expires_at = idle_expires_at + 1"),
        Allowed("UPDATE sessions SET ended_at = 5"),
        Refused(SESSION, "UPDATE sessions SET ended_at = NULL"),
        Refused(SESSION, "UPDATE sessions SET ended_at = 6"),
        Refused(SESSION, "UPDATE sessions SET digest = {1}"),
        Allowed("UPDATE authorization_requests SET closed_at = 5 WHERE closed_at IS NULL"),
        Refused(REQUEST, "UPDATE authorization_requests SET closed_at = NULL"),
        Refused(REQUEST, "UPDATE authorization_requests SET closed_at = closed_at + 1"),
        Refused(REQUEST, "UPDATE authorization_requests SET consented_at = 99999999999999, consented_by = 'alice'"),
        Allowed("UPDATE pushed_requests SET used_at = 5"),
        Refused(PUSHED, "UPDATE pushed_requests SET used_at = NULL"),
        Refused(PUSHED, "UPDATE pushed_requests SET used_at = 6"),
        Allowed("UPDATE initial_access_tokens SET uses_left = 0"),
        Refused(INITIAL, "UPDATE initial_access_tokens SET uses_left = 1"),
        Refused(KEY, "UPDATE signing_keys SET activates_at = activates_at + 1"),
        Allowed("UPDATE signing_keys SET dropped_at = 5"),
        Refused(KEY, "UPDATE signing_keys SET dropped_at = NULL"),
        Refused(KEY, "UPDATE signing_keys SET dropped_at = 6"),
        Refused(REVOCATION, "UPDATE revocations SET not_before = not_before - 1"),
        Refused(REVOCATION, "UPDATE revocations SET expires_at = expires_at - 1"),
        Allowed("UPDATE realms SET valid_from = 5"),
        Refused(REALM, "UPDATE realms SET valid_from = 4"),
    ];
    take(&server, &steps).await;
}

#[tokio::test]
async fn each_transition_of_the_server_is_one_that_the_database_allows() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let ops = Administrator::of(&server).await;
    let first = rp.sign_in("alice").await;
    let next = rp.refresh(first.refresh_token()).await.tokens();
    rp.refresh(next.refresh_token()).await.tokens();
    for target in ["user", "realm"] {
        let user = json!({"target": target, "username": "alice"});
        let order = if target == "realm" { json!({"target": target}) } else { user };
        // Twice, since ending something again is allowed.
        for _ in 0..2 {
            ops.revoke(order.clone()).await;
        }
        server.advance(signet_protocol::time::Span::from_secs(2)).await;
        rp.sign_in("alice").await;
    }
    server.upkeep().await;
    server.advance(signet_protocol::time::Span::from_days(40)).await;
    server.upkeep().await;
}
