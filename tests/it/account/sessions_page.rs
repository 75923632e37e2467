//! The sessions of the account console.

use reqwest::StatusCode;
use serde_json::json;
use signet::config::Settings;
use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, Receiver, TestServer};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";

/// A browser in which this person is signed in to the console.
pub async fn signed_in(server: &TestServer, username: &str) -> Browser {
    let browser = server.browser();
    let form = browser.visit("/account").await;
    let page = browser.sign_in(&form, username).await;
    assert!(page.url.ends_with("/account"), "{page:?}");
    browser
}

/// The session of the console's browser.
pub async fn session_of(server: &TestServer, browser: &Browser) -> String {
    let page = browser.visit("/account/sessions").await;
    let id = page.form().field("session").unwrap().to_owned();
    let rows = server.database().query(&format!("SELECT id FROM sessions WHERE id = '{id}'")).await;
    assert_eq!(rows.len(), 1);
    id
}

pub async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/account").await.status == StatusCode::OK
}

/// Sends a form of this page with its token.
pub async fn press(browser: &Browser, page: &Page, fields: &[(&str, &str)]) -> Page {
    let token = page.form().field("csrf").unwrap().to_owned();
    let all: Vec<(&str, &str)> = [("csrf", token.as_str())].into_iter().chain(fields.iter().copied()).collect();
    browser.post(page.url.as_str(), &all).await
}

#[tokio::test]
async fn the_sessions_are_listed_with_browser_address_and_times() {
    let server = TestServer::start().await;
    let other = server.browser();
    let form = other.visit("/account").await;
    let csrf = form.form().field("csrf").unwrap().to_owned();
    let fields = [("csrf", csrf.as_str()), ("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    other.post_with(&[("user-agent", FIREFOX)], &form.url, &fields).await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/sessions").await;
    assert!(page.has("Firefox on Linux") && page.has("127.0.0.1") && page.has("by password"), "{page:?}");
    assert_eq!(page.body.matches("name=\"session-end\"").count(), 2, "{page:?}");
    assert_eq!(page.body.matches("This session").count(), 1, "{page:?}");
    assert!(page.body.find("This session") < page.body.find("Firefox on Linux"), "the present one is first: {page:?}");
    assert!(page.has("id=\"session-end-1\"") && page.has("id=\"session-end-2\""), "{page:?}");
}

#[tokio::test]
async fn a_person_ends_a_session_of_theirs_and_a_message_shows_once() {
    let server = TestServer::start().await;
    let lost = signed_in(&server, "alice").await;
    let id = session_of(&server, &lost).await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/sessions").await;
    let done = press(&browser, &page, &[("session", &id), ("session-end", "yes")]).await;
    assert_eq!((done.status, done.location().as_deref()), (StatusCode::SEE_OTHER, Some("/account/sessions")));
    assert!(!is_signed_in(&lost).await);
    let shown = browser.visit("/account/activity").await;
    assert!(shown.has("role=\"status\"") && shown.has("The session was ended."), "{shown:?}");
    let again = browser.visit("/account/activity").await;
    assert!(!again.has("The session was ended.") && again.has("A session was ended"), "{again:?}");
    let late = press(&browser, &page, &[("session", &id), ("session-end", "yes")]).await;
    let shown = browser.follow(late).await;
    assert!(shown.has("role=\"alert\"") && shown.has("This session had already ended."), "{shown:?}");
}

#[tokio::test]
async fn a_message_is_never_text_from_a_cookie() {
    let server = TestServer::start().await;
    let browser = signed_in(&server, "alice").await;
    browser.set_cookie("signet-flash", "call-555-0100");
    let page = browser.visit("/account").await;
    assert!(!page.has("id=\"flash\"") && !page.has("555"), "{page:?}");
}

#[tokio::test]
async fn the_session_of_another_person_is_not_ended() {
    let server = TestServer::start().await;
    let victim = signed_in(&server, "bob").await;
    let id = session_of(&server, &victim).await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/sessions").await;
    assert!(!page.has(&id));
    let done = press(&browser, &page, &[("session", &id), ("session-end", "yes")]).await;
    let shown = browser.follow(done).await;
    assert!(shown.has("This session had already ended."), "the same answer as for no session: {shown:?}");
    assert!(is_signed_in(&victim).await);
    let rows = server.database().query("SELECT id FROM audit_events WHERE event = 'session.ended'").await;
    assert_eq!(rows.len(), 0);
}

#[tokio::test]
async fn the_end_of_a_session_ends_its_tokens_and_tells_its_applications() {
    let allow_loopback = |settings: &mut Settings| settings.outbound.allow_hosts = vec!["127.0.0.1".to_owned()];
    let server = TestServer::start_with(allow_loopback).await;
    let receiver = Receiver::start().await;
    let rp = server.client("rp", json!({ "backchannel_logout_uri": receiver.url, "skip_consent": true })).await;
    let lost = rp.authorize_as("alice").await;
    let tokens = rp.redeem(&lost.code()).await.tokens();
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/sessions").await;
    assert!(page.has("<bdi>Test application</bdi>"), "the application takes part in the session: {page:?}");
    let done = press(&browser, &page, &[("sessions-end-others", "yes")]).await;
    let shown = browser.follow(done).await;
    assert!(shown.has("All other sessions were ended."), "{shown:?}");
    assert!(is_signed_in(&browser).await && !is_signed_in(&lost.browser).await);
    assert!(!rp.is_active(&tokens.access_token).await);
    assert_eq!(rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.status, 400);
    receiver.next().await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_application_too() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/sessions").await;
    let done = press(&browser, &page, &[("sessions-end-all", "yes")]).await;
    assert_eq!(done.location().as_deref(), Some("/"));
    assert!(!is_signed_in(&browser).await);
    assert!(!rp.is_active(&tokens.access_token).await);
    assert_eq!(rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.status, 400, "even with offline access");
}

#[tokio::test]
async fn a_sign_in_beyond_the_limit_ends_the_session_that_was_used_the_longest_time_ago() {
    let server = TestServer::start_with(|settings| settings.accounts.max_sessions = 2).await;
    let rp = server.client("rp", json!({ "skip_consent": true })).await;
    let oldest = rp.authorize_as("alice").await;
    let tokens = rp.redeem(&oldest.code()).await.tokens();
    server.advance(Span::from_minutes(2)).await;
    let second = signed_in(&server, "alice").await;
    let bob = signed_in(&server, "bob").await;
    assert!(is_signed_in(&oldest.browser).await, "two are allowed");
    server.advance(Span::from_minutes(2)).await;
    assert!(is_signed_in(&oldest.browser).await, "it is used now");
    let third = signed_in(&server, "alice").await;
    assert!(!is_signed_in(&second).await && is_signed_in(&oldest.browser).await && is_signed_in(&third).await);
    let fourth = signed_in(&server, "alice").await;
    assert!(is_signed_in(&fourth).await && is_signed_in(&bob).await);
    assert_eq!(rp.refresh(tokens.refresh_token.as_deref().unwrap()).await.status, 400, "the first one has ended");
}

#[tokio::test]
async fn a_form_of_the_console_needs_its_own_token() {
    let server = TestServer::start().await;
    let other = signed_in(&server, "alice").await;
    let browser = signed_in(&server, "alice").await;
    let page = browser.visit("/account/sessions").await;
    let foreign = other.visit("/account/sessions").await;
    let of_page = browser.visit("/account/activity/dispute").await;
    let tokens = [foreign.form().field("csrf").unwrap().to_owned(), of_page.form().field("csrf").unwrap().to_owned()];
    for token in tokens.iter().map(String::as_str).chain([""]) {
        let answer = browser.post(&page.url, &[("csrf", token), ("sessions-end-others", "yes")]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{answer:?}");
    }
    assert!(is_signed_in(&other).await);
    server.advance(Span::from_minutes(61)).await;
    let late = press(&browser, &page, &[("sessions-end-others", "yes")]).await;
    assert_eq!(late.status, StatusCode::FORBIDDEN, "a form is valid for an hour: {late:?}");
}
