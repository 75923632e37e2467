//! The account console: signing in to it without an application, and fresh authentication.

use reqwest::StatusCode;
use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, TestServer, UserChange};

async fn signed_in(server: &TestServer) -> (Browser, Page) {
    let browser = server.browser();
    let form = browser.visit("/account").await;
    let page = browser.sign_in(&form, "alice").await;
    (browser, page)
}

async fn state(browser: &Browser) -> Value {
    serde_json::from_str(&browser.get("/account/session").await.body).unwrap()
}

#[tokio::test]
async fn the_start_page_signs_a_person_in_to_their_account() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let home = browser.visit("/").await;
    assert!(home.has("id=\"account-link\"") && home.has("href=\"/account\""), "{home:?}");
    let form = browser.visit("/account").await;
    assert!(form.url.ends_with("/login?to=%2Faccount") && form.has("id=\"login-submit\""), "{form:?}");
    assert!(!form.has("login-cancel"), "there is no application to return to: {form:?}");
    let account = browser.sign_in(&form, "alice").await;
    assert!(account.url.ends_with("/account") && account.has("<bdi>alice</bdi>"), "{account:?}");
    let home = browser.visit("/").await;
    assert!(home.has("You are signed in as <strong><bdi>alice</bdi></strong>"), "{home:?}");
}

#[tokio::test]
async fn an_application_gets_the_session_of_the_account_console() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&server).await;
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("id=\"consent-allow\""), "no second sign-in: {page:?}");
}

#[tokio::test]
async fn a_failed_sign_in_to_the_account_shows_the_form_again_and_begins_no_session() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let form = browser.visit("/account").await;
    let again = browser.submit(&form, &[("username", "alice"), ("password", "wrong"), ("login-submit", "yes")]).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(again.has("Incorrect username or password.") && again.has("value=\"alice\""), "{again:?}");
    assert_eq!(state(&browser).await, json!({ "authenticated": false }));
}

#[tokio::test]
async fn a_sign_in_form_that_another_browser_was_given_is_refused() {
    let server = TestServer::start().await;
    let form = server.browser().visit("/account").await;
    let victim = server.browser();
    victim.visit("/account").await;
    let fields = [("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    let page = victim.submit(&form, &fields).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN, "{page:?}");
    assert_eq!(state(&victim).await, json!({ "authenticated": false }));
}

#[tokio::test]
async fn a_sign_in_leads_to_no_other_page() {
    let server = TestServer::start().await;
    for to in
        ["https://evil.example/account", "//evil.example/account", "/logout", "/account/../logout", "/account/session"]
    {
        let page = server.browser().get(&format!("/login?to={}", to.replace('/', "%2F"))).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{to}: {page:?}");
    }
}

#[tokio::test]
async fn the_session_gets_a_new_cookie_at_each_sign_in() {
    let server = TestServer::start().await;
    let (browser, _) = signed_in(&server).await;
    let before = browser.cookie("signet-session").unwrap();
    server.advance(Span::from_minutes(11)).await;
    let form = browser.visit("/login?to=%2Faccount&fresh=yes").await;
    browser.sign_in(&form, "alice").await;
    let after = browser.cookie("signet-session").unwrap();
    assert_ne!(before, after);
    browser.set_cookie("signet-session", &before);
    assert_eq!(state(&browser).await, json!({ "authenticated": false }), "the old value is void");
}

#[tokio::test]
async fn a_page_that_needs_a_fresh_authentication_asks_again_after_ten_minutes() {
    let server = TestServer::start().await;
    let (browser, _) = signed_in(&server).await;
    let fresh = "/login?to=%2Faccount&fresh=yes";
    assert_eq!(browser.get(fresh).await.location().as_deref(), Some("/account"), "it is fresh");
    server.advance(Span::from_minutes(11)).await;
    assert!(browser.visit("/account").await.url.ends_with("/account"), "the session is still live");
    let form = browser.visit(fresh).await;
    assert!(form.has("Confirm it is you.") && form.has("name=\"username\" value=\"alice\""), "{form:?}");
    let page = browser.sign_in(&form, "alice").await;
    assert!(page.url.ends_with("/account"), "{page:?}");
}

#[tokio::test]
async fn the_session_state_tells_scripts_when_and_how_a_person_signed_in() {
    let server = TestServer::start().await;
    assert_eq!(state(&server.browser()).await, json!({ "authenticated": false }));
    let before = server.context().now.as_secs();
    let (browser, _) = signed_in(&server).await;
    let after = server.context().now.as_secs();
    let mut shown = state(&browser).await;
    let auth_time = shown.as_object_mut().unwrap().remove("auth_time").and_then(|time| time.as_i64()).unwrap();
    assert!((before..=after).contains(&auth_time), "{before} <= {auth_time} <= {after}");
    let expected = json!({ "authenticated": true, "acr": "urn:signet:acr:pwd", "amr": ["pwd"] });
    assert_eq!(shown, expected);
    let origin = [("origin", "https://evil.example")];
    let answer = browser.get_with(&origin, "/account/session").await;
    assert_eq!(answer.header("access-control-allow-origin"), None, "{answer:?}");
}

#[tokio::test]
async fn a_disabled_person_is_sent_to_the_sign_in_page() {
    let server = TestServer::start().await;
    let (browser, _) = signed_in(&server).await;
    server.change_user("alice", UserChange::Disable).await;
    let page = browser.visit("/account").await;
    assert!(page.has("id=\"login-submit\"") && !page.has("Confirm it is you."), "{page:?}");
}
