//! A password that an operator has set is replaced at the next sign-in, before any session begins.

use signet_protocol::time::Span;
use signet_store::account::users::Validity;

use crate::support::{Browser, Page, RelyingParty, TestServer};

const GIVEN: &str = "given by the help desk";
const CHOSEN: &str = "purple otters juggle quietly";

/// A server on which an operator has just set alice's password.
async fn server() -> TestServer {
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.login = 100_000;
        settings.limits.pages = 100_000;
        settings.limits.authorize = 100_000;
        settings.limits.waiting = 100_000;
    });
    let server = server.await;
    server.set_password_until("alice", GIVEN, Validity::NextSignIn).await;
    server.advance(Span::from_secs(1)).await;
    server
}

async fn sign_in_with(rp: &RelyingParty, password: &str) -> (Browser, Page) {
    let browser = Browser::new(&rp.issuer);
    let login = browser.visit(&rp.authorization_url(&[])).await;
    let page = browser.submit(&login, &[("username", "alice"), ("password", password), ("login-submit", "yes")]).await;
    (browser, page)
}

async fn choose(browser: &Browser, page: &Page, password: &str) -> Page {
    browser.submit(page, &[("new-password", password), ("password-submit", "yes")]).await
}

/// Submits the form with another ticket.
async fn choose_with(browser: &Browser, page: &Page, ticket: &str) -> Page {
    let form = page.form();
    let fields = [("csrf", form.field("csrf").unwrap()), ("ticket", ticket), ("new-password", CHOSEN)];
    let next = browser.post(&form.action, &fields).await;
    browser.follow(next).await
}

async fn sessions(server: &TestServer) -> usize {
    server.database().query("SELECT id FROM sessions WHERE ended_at IS NULL").await.len()
}

#[tokio::test]
async fn a_person_chooses_a_new_password_before_a_session_begins() {
    let server = server().await;
    let rp = server.relying_party().await;
    let (browser, page) = sign_in_with(&rp, GIVEN).await;
    assert!(page.has("<h1>Choose a new password</h1>") && page.has("id=\"new-password\""), "{page:?}");
    assert!(page.has("autocomplete=\"new-password\"") && page.has("id=\"password-submit\""), "{page:?}");
    assert_eq!(page.header("set-cookie"), None, "{page:?}");
    assert_eq!(sessions(&server).await, 0, "no session before the change");
    let silent = browser.get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(silent.error(), "login_required", "nor for another request");
    let consent = choose(&browser, &page, CHOSEN).await;
    assert!(consent.has("id=\"consent-allow\""), "{consent:?}");
    let code = browser.allow(&consent).await.code();
    server.advance(Span::from_secs(1)).await;
    let tokens = rp.redeem(&code).await.tokens();
    assert!(rp.is_active(&tokens.access_token).await);
    let events = server.database().audit_events().await;
    assert!(events.iter().filter(|event| *event == "user.password_set").count() == 2, "{events:?}");
    let (_, old) = sign_in_with(&rp, GIVEN).await;
    assert!(old.has("Incorrect username or password."), "{old:?}");
    let (_, new) = sign_in_with(&rp, CHOSEN).await;
    assert!(new.has("id=\"consent-allow\"") || new.location().is_some(), "no second change: {new:?}");
}

#[tokio::test]
async fn a_refused_password_shows_the_form_again_with_the_reason() {
    let server = server().await;
    let rp = server.relying_party().await;
    let (browser, mut page) = sign_in_with(&rp, GIVEN).await;
    for (password, why) in [
        ("", "at least 8 characters"),
        ("2shrt", "at least 8 characters"),
        (&*"x".repeat(129), "at most 128 characters"),
        ("password123", "too common"),
        ("alice@example.org", "your name or e-mail address"),
        ("pineapple7", "too easy to guess"),
        (GIVEN, "must differ from the old one"),
    ] {
        page = choose(&browser, &page, password).await;
        assert_eq!(page.status, 200, "{why}: {page:?}");
        assert!(page.has(why) && page.has("role=\"alert\"") && page.has("aria-invalid=\"true\""), "{why}: {page:?}");
        assert!(password.is_empty() || !page.body.contains(password), "{why}: the password is not repeated");
        assert_eq!(sessions(&server).await, 0, "{why}");
    }
    let consent = choose(&browser, &page, CHOSEN).await;
    assert!(consent.has("id=\"consent-allow\""), "{consent:?}");
}

#[tokio::test]
async fn the_form_works_once_in_its_browser_for_its_request_and_ten_minutes() {
    let server = server().await;
    let rp = server.relying_party().await;
    let (browser, page) = sign_in_with(&rp, GIVEN).await;
    let ticket = page.form().field("ticket").unwrap().to_owned();

    let stranger = server.browser();
    stranger.visit(&rp.authorization_url(&[])).await;
    choose(&stranger, &page, CHOSEN).await.assert_rejected("another browser", 400, "This sign-in");

    let own = server.browser();
    let login = own.visit(&rp.authorization_url(&[])).await;
    let fields = [("username", "alice"), ("password", GIVEN), ("login-submit", "yes")];
    let foreign = own.submit(&login, &fields).await;
    let borrowed = choose_with(&own, &foreign, &ticket).await;
    assert!(borrowed.has("id=\"login-submit\"") && borrowed.has("Sign in again."), "{borrowed:?}");

    let other = browser.visit(&rp.authorization_url(&[])).await;
    let request = other.form().action.split_once('?').unwrap().1.to_owned();
    let csrf = page.form().field("csrf").unwrap().to_owned();
    let elsewhere = [("csrf", csrf.as_str()), ("ticket", &ticket), ("new-password", CHOSEN)];
    let moved = browser.post(&format!("/login/password?{request}"), &elsewhere).await;
    assert!(moved.has("id=\"login-submit\""), "another request: {moved:?}");

    for bent in ["", "AAAA", &ticket[..ticket.len() - 2]] {
        let bent = choose_with(&browser, &page, bent).await;
        assert!(bent.has("id=\"login-submit\""), "{bent:?}");
    }
    assert_eq!(sessions(&server).await, 0);

    server.advance(Span::from_minutes(10)).await;
    let late = choose(&browser, &page, CHOSEN).await;
    assert!(late.has("id=\"login-submit\""), "too late: {late:?}");

    let (browser, page) = sign_in_with(&rp, GIVEN).await;
    assert!(choose(&browser, &page, CHOSEN).await.has("id=\"consent-allow\""));
    let again = choose(&browser, &page, "another set of uncommon words").await;
    assert!(!again.has("id=\"consent-allow\""), "used up: {again:?}");
    let (_, signed_in) = sign_in_with(&rp, CHOSEN).await;
    assert!(signed_in.has("id=\"consent-allow\""), "{signed_in:?}");
}

#[tokio::test]
async fn the_form_dies_with_the_password_that_it_replaces() {
    let server = server().await;
    let rp = server.relying_party().await;
    let (browser, page) = sign_in_with(&rp, GIVEN).await;
    server.set_password_until("alice", "another one by the help desk", Validity::NextSignIn).await;
    server.advance(Span::from_secs(1)).await;
    let late = choose(&browser, &page, CHOSEN).await;
    assert!(late.has("id=\"login-submit\""), "{late:?}");
    assert_eq!(sessions(&server).await, 0);
}

#[tokio::test]
async fn the_form_can_be_answered_by_another_node() {
    let server = server().await;
    let twin = server.twin().await;
    let rp = server.relying_party().await;
    let (browser, page) = sign_in_with(&rp, GIVEN).await;
    let consent = choose(&browser.at(&twin), &page, CHOSEN).await;
    assert!(consent.has("id=\"consent-allow\""), "{consent:?}");
}

#[tokio::test]
async fn a_disabled_person_cannot_choose_a_password() {
    let server = server().await;
    let rp = server.relying_party().await;
    let (browser, page) = sign_in_with(&rp, GIVEN).await;
    server.change_user("alice", crate::support::UserChange::Disable).await;
    let refused = choose(&browser, &page, CHOSEN).await;
    assert!(refused.has("id=\"login-submit\""), "{refused:?}");
    assert_eq!(sessions(&server).await, 0);
}

#[tokio::test]
async fn a_right_password_that_must_be_changed_clears_the_failures() {
    let server = server().await;
    let rp = server.relying_party().await;
    for _ in 0..3 {
        sign_in_with(&rp, "wrong").await;
    }
    sign_in_with(&rp, GIVEN).await;
    let held = server.database().query("SELECT kind FROM login_failures WHERE kind = 'account'").await;
    assert!(held.is_empty(), "an abandoned change is no failure");
}

#[tokio::test]
async fn a_password_without_the_mark_signs_in_at_once() {
    let server = server().await;
    let rp = server.relying_party().await;
    server.set_password_until("alice", GIVEN, Validity::Lasting).await;
    server.advance(Span::from_secs(1)).await;
    let (_, page) = sign_in_with(&rp, GIVEN).await;
    assert!(page.has("id=\"consent-allow\""), "{page:?}");
    let (browser, login) = (server.browser(), rp.authorization_url(&[]));
    let opened = browser.visit(&login).await;
    let direct = browser.get(&opened.form().action.replace("/login", "/login/password")).await;
    assert!(direct.location().is_some_and(|at| at.contains("/login?request=")), "{direct:?}");
}
