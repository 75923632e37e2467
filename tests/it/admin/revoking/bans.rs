//! Bans: a revocation of a user until a time.

use serde_json::json;
use signet_protocol::time::Span;

use super::{assert_alive, is_refused, rfc3339};
use crate::support::{Administrator, TestServer, UserChange};

#[tokio::test]
async fn a_ban_keeps_a_user_out_until_its_end_and_revives_nothing() {
    let server = TestServer::start().await;
    let twin = server.twin().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    let old = rp.sign_in("alice").await;
    let bob = rp.sign_in("bob").await;
    let until = rfc3339(&server, Span::from_hours(2));
    let ended = ops.revoke(json!({"target": "user", "username": "alice", "until": until})).await;
    assert_eq!(ended, json!({"revoked": true, "sessions": 2, "grants": 1}));
    assert_alive([&server, &twin], &old.access_token, false, "banned").await;
    assert_alive([&server, &twin], &bob.access_token, true, "another user").await;
    assert!(is_refused(&rp, "alice").await && is_refused(&rp.at(&twin), "alice").await);
    assert!(!is_refused(&rp, "bob").await);
    rp.redeem(&authorized.code()).await.assert_error(400, "invalid_grant");
    assert_eq!(ops.read("/revocations").await["banned_users"], 1);

    server.change_user("alice", UserChange::SignOut).await;
    assert!(is_refused(&rp, "alice").await, "the later of two cut-offs holds");
    server.advance(Span::from_hours(2)).await;
    let new = rp.sign_in("alice").await;
    assert_alive([&server, &twin], &new.access_token, true, "after the ban").await;
    rp.refresh(old.refresh_token()).await.assert_error(400, "invalid_grant");
    let page = authorized.browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(page.error(), "login_required", "the session of before is over");
    assert_eq!(ops.read("/revocations").await["banned_users"], 0);
}

#[tokio::test]
async fn a_ban_is_ended_by_enabling_and_what_was_void_stays_void() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    let old = rp.sign_in("alice").await;
    ops.revoke(json!({"target": "user", "username": "alice", "until": "2100-01-01"})).await;
    assert!(is_refused(&rp, "alice").await);
    server.change_user("alice", UserChange::Enable).await;
    let new = rp.sign_in("alice").await;
    assert_alive([&server, &server], &new.access_token, true, "enabled").await;
    assert_alive([&server, &server], &old.access_token, false, "from before").await;
    rp.refresh(old.refresh_token()).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn only_the_audit_log_distinguishes_a_ban_from_a_wrong_password() {
    let server = TestServer::start().await;
    let ops = Administrator::of(&server).await;
    let rp = server.relying_party().await;
    ops.revoke(json!({"target": "user", "username": "alice", "until": "2100-01-01"})).await;
    assert!(is_refused(&rp, "alice").await, "the sentence of a wrong password");
    let sql = "SELECT reason FROM audit_events WHERE event = 'login' AND outcome = 'failure'";
    assert_eq!(server.database().query(sql).await.concat(), [b"account banned".to_vec()]);
}
