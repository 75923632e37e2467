//! The connected applications of the account console.

use serde_json::json;
use signet_protocol::time::Span;

use super::sessions_page::{press, signed_in};
use crate::support::TestServer;

#[tokio::test]
async fn the_connected_applications_are_listed_with_what_they_may() {
    let server = TestServer::start().await;
    let changes = json!({ "client_uri": "https://rp.example", "policy_uri": "https://rp.example/policy" });
    let rp = server.client("rp", changes).await;
    rp.sign_in("alice").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/applications").await;
    for shown in [
        "<bdi>Test application</bdi>",
        "(<bdi>rp.example</bdi>)",
        "See your profile",
        "Also after you sign out",
        "https://rp.example/policy",
        "id=\"application-remove-1\"",
        "Last used",
    ] {
        assert!(page.has(shown), "{shown}: {page:?}");
    }
    assert!(!page.has("Registered itself"), "{page:?}");
    let other = signed_in(&server, "bob").await.visit("/account/applications").await;
    assert!(other.has("No application has access to your account.") && !other.has("Test application"), "{other:?}");
}

#[tokio::test]
async fn removing_an_application_stops_its_access_at_once() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let unredeemed = rp.authorize_as("alice").await.code();
    let kept = rp.sign_in("bob").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/applications").await;
    let done = press(&browser, &page, &[("application", "rp"), ("application-remove", "yes")]).await;
    let shown = browser.follow(done).await;
    assert!(shown.has("role=\"status\"") && shown.has("no longer has access"), "{shown:?}");
    assert!(shown.has("No application has access to your account."), "{shown:?}");
    assert_eq!(rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.status, 400);
    assert!(!rp.is_active(&tokens.access_token).await);
    assert_eq!(server.userinfo(&tokens.access_token).await.status(), 401);
    assert_eq!(rp.redeem(&unredeemed).await.status, 400);
    assert!(rp.is_active(&kept.access_token).await, "the access to another account stays");
    let asked = browser.visit(&rp.authorization_url(&[])).await;
    assert!(asked.has("id=\"consent-allow\""), "it has to ask again: {asked:?}");
    let twice = press(&browser, &page, &[("application", "rp"), ("application-remove", "yes")]).await;
    let shown = browser.follow(twice).await;
    assert!(shown.has("This application had no access to your account."), "{shown:?}");
    let rows = server.database().query("SELECT id FROM audit_events WHERE event = 'consent.withdrawn'").await;
    assert_eq!(rows.len(), 1);
}

#[tokio::test]
async fn the_last_use_of_an_application_is_its_last_token() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    server.advance(Span::from_days(3)).await;
    let used = server.context().now.to_chrono().format("%Y-%m-%d %H:%M").to_string();
    rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.tokens();
    let page = signed_in(&server, "alice").await.visit("/account/applications").await;
    assert!(page.has(&used), "{used}: {page:?}");
}
