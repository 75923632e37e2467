//! Grants that are bound to a session end with it, expiry included; offline access does not (OpenID Connect Core §11).

use serde_json::json;
use signet_protocol::time::Span;

use crate::session::logout::{is_signed_in, signed_in};
use crate::support::{Receiver, TestServer, claims};

/// A first-party client, whose grants are bound to the session unless they have `offline_access`.
async fn first_party(server: &TestServer) -> crate::support::RelyingParty {
    server.client("rp", json!({"skip_consent": true})).await
}

#[tokio::test]
async fn a_grant_that_is_bound_to_a_session_ends_when_it_lies_idle() {
    let server = TestServer::start().await;
    let rp = first_party(&server).await;
    let (_, bound) = signed_in(&rp, "openid").await;
    let (_, offline) = signed_in(&rp, "openid offline_access").await;
    server.advance(Span::from_secs(3601)).await;
    assert_eq!(rp.introspect(bound.refresh_token()).await, json!({"active": false}));
    rp.refresh(bound.refresh_token()).await.assert_error(400, "invalid_grant");
    let next = rp.refresh(offline.refresh_token()).await.tokens();
    assert!(claims(&next.access_token).get("sid").is_none(), "offline access outlives the session");
}

#[tokio::test]
async fn a_refresh_prolongs_the_idle_time_of_its_session_and_not_its_absolute_end() {
    let server = TestServer::start().await;
    let rp = first_party(&server).await;
    let (browser, mut bound) = signed_in(&rp, "openid").await;
    for minutes in (45..24 * 60).step_by(45) {
        server.advance(Span::from_minutes(45)).await;
        let reply = rp.refresh(bound.refresh_token()).await;
        assert_eq!(reply.status, 200, "after {minutes} minutes: {reply:?}");
        bound = reply.tokens();
    }
    assert!(is_signed_in(&browser, &rp).await, "the session was in use");
    server.advance(Span::from_minutes(45)).await;
    rp.refresh(bound.refresh_token()).await.assert_error(400, "invalid_grant");
    assert!(!is_signed_in(&browser, &rp).await, "after a day");
}

#[tokio::test]
async fn offline_access_does_not_keep_a_session_awake() {
    let server = TestServer::start().await;
    let rp = first_party(&server).await;
    let (browser, offline) = signed_in(&rp, "openid offline_access").await;
    server.advance(Span::from_minutes(40)).await;
    rp.refresh(offline.refresh_token()).await.tokens();
    server.advance(Span::from_minutes(21)).await;
    assert!(!is_signed_in(&browser, &rp).await);
}

#[tokio::test]
async fn the_end_of_an_idle_session_is_announced_once_and_ends_its_grants() {
    let mut server =
        TestServer::start_with(|settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()]).await;
    server.stop_jobs().await;
    let receiver = Receiver::start().await;
    let rp = server.client("rp", json!({"skip_consent": true, "backchannel_logout_uri": receiver.url})).await;
    let (_, bound) = signed_in(&rp, "openid").await;
    let (_, offline) = signed_in(&rp, "openid offline_access").await;
    let live = "SELECT id FROM token_families WHERE revoked_at IS NULL";
    let waiting = "SELECT id FROM outbox";
    server.upkeep().await;
    assert_eq!(server.database().query(waiting).await.len(), 0, "both sessions live");
    for _ in 0..9 {
        server.advance(Span::from_minutes(14)).await;
        server.upkeep().await;
    }
    assert_eq!(server.database().query(waiting).await.len(), 2, "once for each session");
    assert_eq!(server.database().query(live).await.len(), 1, "the grant of offline access");
    rp.refresh(bound.refresh_token()).await.assert_error(400, "invalid_grant");
    rp.refresh(offline.refresh_token()).await.tokens();
    server.start_jobs();
    let ended = [receiver.token().await, receiver.token().await].map(|token| claims(&token)["sid"].clone());
    assert!(ended.contains(&claims(bound.id_token())["sid"]) && ended.contains(&claims(offline.id_token())["sid"]));
    server.advance(Span::from_days(3)).await;
    server.upkeep().await;
    assert!(server.database().query("SELECT id FROM sessions").await.is_empty(), "they are swept");
    assert_eq!(server.database().query(waiting).await.len(), 0, "and not announced again");
}

#[tokio::test]
async fn a_code_of_an_expired_session_cannot_be_redeemed() {
    let server = TestServer::start_with(|settings| settings.sessions.idle = Span::from_secs(30)).await;
    let rp = first_party(&server).await;
    let code = rp.authorize_with("alice", &[("scope", "openid")]).await.code();
    server.advance(Span::from_secs(31)).await;
    rp.redeem(&code).await.assert_error(400, "invalid_grant");
}

#[tokio::test]
async fn a_revocation_reaches_the_access_tokens_of_a_grant_whose_session_has_expired() {
    let server = TestServer::start_with(|settings| settings.sessions.idle = Span::from_minutes(2)).await;
    let rp = first_party(&server).await;
    let (_, bound) = signed_in(&rp, "openid").await;
    server.advance(Span::from_minutes(3)).await;
    assert!(rp.is_active(&bound.access_token).await, "it lives to its own end");
    assert_eq!(rp.revoke(bound.refresh_token()).await.status, 200);
    assert!(!rp.is_active(&bound.access_token).await, "RFC 7009 §2.1");
}
