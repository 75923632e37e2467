//! The device flow across two nodes.

use serde_json::json;

use super::{Device, INTERVAL, allow, television};
use crate::support::TestServer;

#[tokio::test]
async fn of_two_decisions_at_two_nodes_one_holds() {
    let one = TestServer::stopped_with(|_| {}).await;
    let two = one.twin().await;
    let tv = television(&one, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let alice = one.browser();
    let bob = two.browser();
    let asked_alice = device.question(&alice, "alice").await;
    let asked_bob = device.question(&bob, "bob").await;
    let (allowed, denied) = tokio::join!(
        alice.submit(&asked_alice, &[("device-allow", "yes")]),
        bob.submit(&asked_bob, &[("device-deny", "yes")])
    );
    let outcomes = [allowed.status.as_u16(), denied.status.as_u16()];
    assert!(matches!(outcomes, [200, 400] | [400, 200]), "{outcomes:?}");
    let expected = if outcomes == [200, 400] { 200 } else { 400 };
    assert_eq!(device.poll(&tv.at(&two)).await.status, expected);
    let events = one.database().audit_events().await;
    assert_eq!(events.iter().filter(|event| event.starts_with("device.")).count(), 1, "{events:?}");
}

#[tokio::test]
async fn of_two_polls_at_two_nodes_one_gets_the_tokens() {
    let one = TestServer::stopped_with(|_| {}).await;
    let two = one.twin().await;
    let tv = television(&one, json!({})).await;
    let device = Device::of(&tv, "openid").await;
    let browser = one.browser();
    let page = device.question(&browser.at(&two), "alice").await;
    drop(page);
    let page = device.question(&browser, "alice").await;
    allow(&browser, &page).await;
    let here = tv.at(&one);
    let there = tv.at(&two);
    let (first, second) = tokio::join!(device.poll(&here), device.poll(&there));
    let (won, lost) = if first.status == 200 { (first, second) } else { (second, first) };
    lost.assert_error(400, "slow_down");
    assert_eq!(one.userinfo(&won.tokens().access_token).await.status(), 200);
}

#[tokio::test]
async fn every_step_may_reach_another_node() {
    let one = TestServer::start().await;
    let two = one.twin().await;
    let tv = television(&one, json!({})).await;
    let device = Device::of(&tv.at(&two), "openid").await;
    device.poll(&tv).await.assert_error(400, "authorization_pending");
    let browser = one.browser();
    let page = browser.visit("/device").await;
    let browser = browser.at(&two);
    let login = browser.submit_once(&page, &[("user_code", &device.user_code), ("device-submit", "yes")]).await;
    let browser = browser.at(&one);
    let page = browser.visit(&login.location().unwrap()).await;
    let page = browser.sign_in(&page, "alice").await;
    let browser = browser.at(&two);
    allow(&browser, &page).await;
    one.advance(INTERVAL).await;
    device.poll(&tv).await.tokens();
}
