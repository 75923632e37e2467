//! Signing in like a person.

use fantoccini::key::Key;
use serde_json::json;
use signet_protocol::time::Span;

use super::{Scripts, Stage};
use crate::support::claims;
use crate::support::server::PASSWORD;

#[tokio::test]
async fn a_person_signs_in_and_consents_and_the_application_gets_a_code() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    stage.chromium.find("login-submit").await;
    assert_eq!(stage.chromium.title().await, "Sign in");
    assert!(stage.chromium.text().await.contains("Test application"), "the page names the application");
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.click("consent-allow").await;
    let visit = stage.returned().await;
    assert_eq!(visit.path, "/callback");
    assert_eq!(visit.parameter("state"), "the-state");
    assert_eq!(visit.parameter("iss"), stage.server.issuer);
    let tokens = stage.rp.redeem(visit.parameter("code")).await.tokens();
    assert_eq!(claims(tokens.id_token())["nonce"], "the-nonce");
    assert_eq!(stage.deliveries(), 1);
}

#[tokio::test]
async fn the_whole_login_works_without_scripts() {
    let Some(stage) = Stage::set_with(Scripts::Off, json!({})).await else { return };
    stage.site.show("<!doctype html><title>off</title><script>document.title = 'on'</script>");
    stage.chromium.goto(&stage.site.origin).await;
    assert_eq!(stage.chromium.title().await, "off", "scripts are off");
    let code = stage.log_in().await;
    stage.rp.redeem(&code).await.tokens();
}

#[tokio::test]
async fn the_keyboard_is_enough_to_log_in() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    let chromium = &stage.chromium;
    chromium.find("username").await;
    assert_eq!(chromium.focus().await, "username", "the first field has the focus");
    chromium.type_keys("alice").await;
    for expected in ["password", "remember", "login-submit", "login-cancel"] {
        chromium.press(Key::Tab).await;
        assert_eq!(chromium.focus().await, expected);
        if expected == "password" {
            chromium.type_keys(PASSWORD).await;
        }
    }
    // Enter in a field means the first button, and that is the one that signs in.
    chromium.find("password").await.send_keys(&char::from(Key::Enter).to_string()).await.unwrap();
    chromium.find("consent-allow").await;
    for _ in 0..10 {
        if chromium.focus().await == "consent-allow" {
            break;
        }
        chromium.press(Key::Tab).await;
    }
    assert_eq!(chromium.focus().await, "consent-allow", "the button can be reached");
    chromium.press(Key::Enter).await;
    assert!(!stage.returned().await.parameter("code").is_empty());
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_the_name_stays() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    stage.chromium.find("login-submit").await;
    let url = stage.chromium.url().await;
    stage.sign_in("alice", "something else").await;
    let alert = stage.chromium.find("login-error").await;
    assert!(alert.is_displayed().await.unwrap());
    assert_eq!(alert.attr("role").await.unwrap().as_deref(), Some("alert"), "screen readers say it");
    assert_eq!(stage.chromium.url().await, url);
    assert_eq!(stage.chromium.value("username").await, "alice");
    assert_eq!(stage.chromium.value("password").await, "");
    assert_eq!(stage.chromium.focus().await, "password", "what is to be typed again has the focus");
    stage.chromium.type_keys(PASSWORD).await;
    stage.chromium.click("login-submit").await;
    stage.chromium.click("consent-allow").await;
    assert!(!stage.returned().await.parameter("code").is_empty());
}

#[tokio::test]
async fn cancelling_the_sign_in_returns_to_the_application() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    // With nothing filled in: the required fields must not hold it up.
    stage.chromium.click("login-cancel").await;
    let visit = stage.returned().await;
    assert_eq!(visit.parameter("error"), "access_denied");
    assert_eq!(visit.parameter("state"), "the-state");
}

#[tokio::test]
async fn a_signed_in_person_from_another_site_sees_no_page() {
    let Some(stage) = Stage::set().await else { return };
    let first = stage.log_in().await;
    // SameSite=Strict would leave the session's cookie out here, and ask for the password at every application.
    stage.authorize(&[("state", "second")]).await;
    let visit = stage.returned().await;
    assert_eq!(visit.parameter("state"), "second");
    assert_ne!(visit.parameter("code"), first);
    stage.rp.redeem(visit.parameter("code")).await.tokens();

    let other = stage.site.client(&stage.server, "other", json!({ "skip_consent": true })).await;
    stage.follow(&other.authorization_url(&[("state", "third")])).await;
    let visit = stage.returned().await;
    assert_eq!(visit.parameter("state"), "third");
    other.redeem(visit.parameter("code")).await.tokens();
    assert_eq!(stage.deliveries(), 3);
}

#[tokio::test]
async fn a_sign_in_that_has_waited_too_long_ends_on_a_page_that_says_so() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    stage.chromium.find("login-submit").await;
    stage.server.advance(Span::from_minutes(31)).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.find("request-id").await;
    let text = stage.chromium.text().await;
    assert!(text.contains("This sign-in has expired."), "{text}");
    assert!(text.contains("Go back to the application and start again."), "{text}");
    assert_eq!(stage.deliveries(), 0);
}

#[tokio::test]
async fn going_back_after_the_login_neither_breaks_nor_issues_anything() {
    let Some(stage) = Stage::set().await else { return };
    let chromium = &stage.chromium;
    for (deliveries, page) in [(1, "consent"), (2, "login")] {
        stage.authorize(&[("prompt", "login consent")]).await;
        chromium.has_left_for("/login").await;
        chromium.find("login-submit").await;
        let login = chromium.url().await;
        stage.sign_in("alice", PASSWORD).await;
        chromium.has_left_for("/consent").await;
        chromium.find("consent-allow").await;
        let consent = chromium.url().await;
        chromium.click("consent-allow").await;
        stage.returned().await.parameter("code");
        chromium.has_left_for("code=").await;
        chromium.go_back(1, &[&consent, &login]).await;
        if page == "login" && chromium.url().await == consent {
            chromium.has_left_for("/consent").await;
            chromium.go_back(1, &[&login]).await;
        }
        // Chromium may restore the page as it was. Posting its form again shows the message too.
        chromium.find_any("#consent-allow, #login-submit, #request-id").await;
        if chromium.has("consent-allow").await {
            chromium.click("consent-allow").await;
        }
        if chromium.has("login-submit").await {
            stage.sign_in("alice", PASSWORD).await;
        }
        chromium.find("request-id").await;
        let text = chromium.text().await;
        assert!(text.contains("This sign-in is already done."), "{page}: {text}");
        assert!(text.contains("Continue in the application."), "{page}: {text}");
        assert_eq!(stage.deliveries(), deliveries, "{page}: no second code");
    }
}

/// The application's page with a form that posts the authorization request (OpenID Connect Core §3.1.2.1).
fn posting_page(url: &str) -> String {
    let url = url::Url::parse(url).unwrap();
    let field = |(name, value): (std::borrow::Cow<str>, std::borrow::Cow<str>)| {
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
    };
    let fields: String = url.query_pairs().map(field).collect();
    let action = url.as_str().split('?').next().unwrap();
    format!("<!doctype html><form method=\"post\" action=\"{action}\">{fields}<button id=\"go\">Log in</button></form>")
}

#[tokio::test]
async fn a_request_posted_from_another_site_works_although_no_cookie_comes_with_it() {
    let Some(stage) = Stage::set().await else { return };
    let post = async |changes: &[(&str, &str)]| {
        stage.site.show(&posting_page(&stage.rp.authorization_url(changes)));
        stage.chromium.goto(&stage.site.origin).await;
        stage.chromium.click("go").await;
    };
    post(&[]).await;
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.click("consent-allow").await;
    let visit = stage.returned().await;
    stage.rp.redeem(visit.parameter("code")).await.tokens();

    post(&[("state", "again")]).await;
    let visit = stage.returned().await;
    assert_eq!(visit.parameter("state"), "again", "the session is found without a page");
    stage.rp.redeem(visit.parameter("code")).await.tokens();

    post(&[("state", "silent"), ("prompt", "none")]).await;
    let visit = stage.returned().await;
    assert_eq!(visit.parameter("state"), "silent");
    assert!(visit.params.contains_key("code"), "prompt=none finds the session too: {visit:?}");
}

#[tokio::test]
async fn a_request_posted_from_another_site_leaves_a_sign_in_in_another_tab_alone() {
    let Some(stage) = Stage::set().await else { return };
    stage.authorize(&[]).await;
    let first = stage.chromium.client.window().await.unwrap();
    stage.chromium.find("login-submit").await;
    let second = stage.chromium.client.new_window(true).await.unwrap().handle;
    stage.chromium.client.switch_to_window(second).await.unwrap();
    stage.site.show(&posting_page(&stage.rp.authorization_url(&[])));
    stage.chromium.goto(&stage.site.origin).await;
    stage.chromium.click("go").await;
    stage.chromium.find("login-submit").await;
    stage.chromium.client.switch_to_window(first).await.unwrap();
    stage.sign_in("alice", PASSWORD).await;
    stage.chromium.click("consent-allow").await;
    assert!(!stage.returned().await.parameter("code").is_empty());
}
