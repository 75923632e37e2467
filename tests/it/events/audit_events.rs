//! The rows of the audit log, and the rollback of changes that cannot be recorded.

use signet::jobs;
use signet_protocol::ids::FamilyId;
use signet_protocol::time::Span;
use signet_store::client::clients::Standing;

use crate::support::server::PASSWORD;
use crate::support::{RelyingParty, TestServer};

async fn texts(server: &TestServer, query: &str) -> Vec<String> {
    let rows = server.database().query(query).await;
    rows.into_iter().map(|row| String::from_utf8(row[0].clone()).unwrap()).collect()
}

/// All rows except those that any request may write: rows about attempts, and timestamps.
async fn state(server: &TestServer) -> Vec<(String, Vec<u8>)> {
    let passing =
        ["audit_elsewhere", "leases", "login_failures", "authorization_requests", "changes", "sqlite_sequence"];
    let dump = server.database().dump().await;
    dump.into_iter().filter(|(table, _)| !passing.contains(&table.as_str())).collect()
}

#[tokio::test]
async fn a_change_whose_audit_row_fails_is_rolled_back() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let used = rp.authorize_as("bob").await;
    let code = used.code();
    let others = rp.redeem(&code).await.tokens();
    let session = texts(&server, "SELECT id FROM sessions ORDER BY created_at LIMIT 1").await.remove(0);
    server.database().execute("ALTER TABLE audit_events RENAME TO audit_elsewhere").await;
    let before = state(&server).await;

    let page = server.browser().visit(&rp.authorization_url(&[])).await;
    let form = page.form();
    let fields =
        [("csrf", form.field("csrf").unwrap()), ("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert_eq!(page.form().action.split('?').next(), form.action.split('?').next());
    let page = browser.submit(&page, &fields[1..]).await;
    assert_eq!(page.status, 500, "a sign-in");
    assert_eq!(rp.revoke(&tokens.access_token).await.status, 500, "never 200 for a revocation that did not happen");
    assert_eq!(rp.revoke(tokens.refresh_token()).await.status, 500);
    assert_eq!(rp.redeem(&code).await.status, 500, "a replay");
    let context = server.context();
    let operator = server.operator(&context);
    let id = signet_protocol::ids::ClientId::parse("rp").unwrap();
    for standing in [Standing::Disabled, Standing::Enabled] {
        assert!(operator.people().set_standing("alice", standing).await.is_err(), "{standing:?}");
        assert!(operator.clients().set_standing(id.clone(), standing).await.is_err(), "{standing:?}");
    }
    let revocations = operator.revocations();
    assert!(revocations.sign_out_user("alice", None).await.is_err());
    let session = signet_protocol::ids::SessionId::from_stored(session);
    assert!(revocations.end_session(&session).await.is_err());
    let grant = claims_of(&others.access_token);
    assert!(revocations.revoke_grant(&grant).await.is_err());
    assert!(revocations.sign_out_client(&id).await.is_err());
    assert!(revocations.sign_out_realm().await.is_err());
    let rotated =
        server.app.provider.keys.rotate(&server.app.realm.id, server.app.provider.keys.algorithms()[0], context.now);
    assert!(rotated.await.is_err());

    let after = state(&server).await;
    for (one, other) in before.iter().zip(&after) {
        assert_eq!(one, other);
    }
    assert_eq!(before.len(), after.len());
    server.database().execute("ALTER TABLE audit_elsewhere RENAME TO audit_events").await;
    server.app.follow().await.unwrap();
    assert!(rp.is_active(&others.access_token).await && rp.is_active(tokens.refresh_token()).await);
    assert_eq!(rp.revoke(tokens.refresh_token()).await.status, 200);
    assert!(!rp.is_active(&tokens.access_token).await);
}

fn claims_of(token: &str) -> FamilyId {
    FamilyId::from_stored(crate::support::claims(token)["grant_id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_key_activated_by_schedule_is_audited_once() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    let mut twin = server.twin().await;
    twin.stop_jobs().await;
    let activated = async || texts(&server, "SELECT reason FROM audit_events WHERE event = 'key.activated'").await;
    let interval = server.app.settings.keys.rotation_interval;
    // The next keys are announced a day before they sign.
    server.clock.advance(Span::from_millis(interval.as_millis() - Span::from_hours(12).as_millis()));
    jobs::run_upkeep(&server.app, "one").await.unwrap();
    assert!(activated().await.is_empty(), "announced is not active");
    server.clock.advance(Span::from_hours(13));
    for _ in 0..2 {
        jobs::run_upkeep(&server.app, "one").await.unwrap();
        jobs::run_upkeep(&twin.app, "two").await.unwrap();
    }
    let algorithms = server.app.provider.keys.algorithms().len();
    let signing = activated().await;
    let mut once = signing.clone();
    once.sort();
    once.dedup();
    assert_eq!((signing.len(), once.len()), (algorithms, algorithms), "{signing:?}");
    let promoted = texts(&server, "SELECT reason FROM audit_events WHERE event = 'key.promoted'").await;
    assert_eq!(promoted.len(), 0, "not by a command");
}

#[tokio::test]
async fn requests_above_a_limit_are_one_audit_row_for_each_class() {
    let mut server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.token = 3;
        settings.limits.authorize = 5;
    })
    .await;
    server.stop_jobs().await;
    let rp: RelyingParty = server.relying_party().await;
    for _ in 0..20 {
        rp.redeem("sgac_AAAA").await;
        server.browser().get(&rp.authorization_url(&[])).await;
    }
    let rows = "SELECT reason FROM audit_events WHERE event = 'limit.exceeded' ORDER BY reason";
    assert_eq!(texts(&server, rows).await.len(), 0, "no request writes one");
    for _ in 0..2 {
        jobs::run_upkeep(&server.app, "test").await.unwrap();
        assert_eq!(texts(&server, rows).await, ["authorize: 15 refused", "token: 17 refused"]);
    }
    let clients = "SELECT client_id FROM audit_events WHERE event = 'limit.exceeded' AND client_id IS NOT NULL";
    assert_eq!(texts(&server, clients).await, ["rp"]);
}

#[tokio::test]
async fn a_failed_step_of_upkeep_does_not_prevent_the_others() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    server.browser().visit(&rp.authorization_url(&[])).await;
    let waiting = async || server.database().query("SELECT id FROM authorization_requests").await.len();
    assert_eq!(waiting().await, 1);
    server.clock.advance(Span::from_hours(2));
    server.database().execute("ALTER TABLE audit_checkpoints RENAME TO elsewhere").await;
    assert!(jobs::run_upkeep(&server.app, "test").await.is_err(), "the log cannot be vouched for");
    assert_eq!(waiting().await, 0, "the tables were swept all the same");
}
