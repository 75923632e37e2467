//! Signing in: the form, its protection, and its error messages.

use futures_util::future::join_all;
use reqwest::StatusCode;
use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer, UserChange};

const FAILURE: &str = "Incorrect username or password.";

/// A browser at the sign-in page.
async fn at_login(server: &TestServer, rp: &RelyingParty) -> (Browser, Page) {
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("id=\"login-submit\""), "{page:?}");
    (browser, page)
}

fn typed<'a>(username: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [("username", username), ("password", password), ("login-submit", "yes")]
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_with_the_name_but_not_the_password() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_login(&server, &rp).await;
    let wrong = [("username", "alice"), ("password", "not-the-password"), ("remember", "yes"), ("login-submit", "yes")];
    let again = browser.submit(&page, &wrong).await;
    assert_eq!((again.status, again.url.as_str()), (StatusCode::OK, page.form().action.as_str()));
    assert_eq!(again.form().action, page.form().action, "the same request is still waiting");
    assert!(again.has("<title>Sign in</title>") && again.has(FAILURE) && again.has("role=\"alert\""), "{again:?}");
    assert!(again.has("name=\"username\" value=\"alice\"") && again.has("value=\"yes\" checked"), "{again:?}");
    assert!(!again.has("not-the-password"), "{again:?}");
    assert_eq!(again.header("set-cookie"), None, "{again:?}");
    let page = browser.sign_in(&again, "alice").await;
    browser.allow(&page).await.code();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixty_four_people_who_sign_in_at_once_all_get_in() {
    let server = TestServer::start_with(|settings| {
        settings.passwords.workers = 2;
        settings.passwords.memory_kib = 4_096;
        settings.passwords.iterations = 2;
    });
    let server = server.await;
    let rp = server.relying_party().await;
    let people = join_all((0..64).map(|_| at_login(&server, &rp))).await;
    let fields = typed("alice", PASSWORD);
    let pages = join_all(people.iter().map(|(browser, page)| browser.submit_once(page, &fields))).await;
    let refused = pages.iter().filter(|page| page.status != StatusCode::SEE_OTHER).count();
    assert_eq!(refused, 0);
}

#[tokio::test]
async fn the_form_is_labelled_and_works_without_script() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (_, page) = at_login(&server, &rp).await;
    for part in [
        "<label for=\"username\">",
        "<label for=\"password\">",
        "autocomplete=\"username\"",
        "autocomplete=\"current-password\"",
        "<button type=\"submit\" class=\"primary\" id=\"login-submit\" name=\"login-submit\" value=\"yes\">",
        "id=\"login-cancel\" name=\"login-cancel\" value=\"yes\"",
        "<form method=\"post\"",
    ] {
        assert!(page.has(part), "{part}: {page:?}");
    }
    assert!(!page.has("<script"), "{page:?}");
}

#[tokio::test]
async fn unknown_wrong_and_disabled_get_the_same_answer() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    server.add_user("carol").await;
    server.change_user("carol", UserChange::Disable).await;
    let mut answers = Vec::new();
    for (rule, username, password) in [
        ("wrong password", "alice", "wrong"),
        ("unknown user", "nobody", PASSWORD),
        ("disabled user", "carol", PASSWORD),
        ("disabled user, wrong password", "carol", "wrong"),
        ("no password", "alice", ""),
        ("no name", "", PASSWORD),
        ("a password too long to hash", "alice", &"x".repeat(5000)),
        ("a name too long to exist", &"n".repeat(300), PASSWORD),
    ] {
        let (browser, page) = at_login(&server, &rp).await;
        let again = browser.submit(&page, &typed(username, password)).await;
        assert!(again.has(FAILURE), "{rule}: {again:?}");
        let form = again.form();
        let shown: String = username.chars().take(254).collect();
        let mut body = again.body.replace(form.field("csrf").unwrap(), "CSRF").replace(form.request(), "REQUEST");
        body = body.replace(&format!("value=\"{shown}\""), "value=\"NAME\"");
        let focus = |body: String| body.replace(" autofocus", "");
        let names: Vec<String> = again.headers.keys().map(ToString::to_string).collect();
        answers.push((rule, again.status, names, focus(body)));
    }
    for (rule, status, headers, body) in &answers {
        let (_, first_status, first_headers, first_body) = &answers[0];
        assert_eq!((status, headers), (first_status, first_headers), "{rule}");
        assert_eq!(body, first_body, "{rule}");
    }
}

#[tokio::test]
async fn a_user_disabled_between_login_and_code_gets_none() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_login(&server, &rp).await;
    let consent = browser.sign_in(&page, "alice").await;
    server.change_user("alice", UserChange::Disable).await;
    let page = browser.allow(&consent).await;
    assert!(page.location().is_none() && page.has("id=\"login-submit\""), "{page:?}");
    server.change_user("alice", UserChange::Enable).await;
    server.advance(Span::from_secs(1)).await;
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("id=\"login-submit\""), "the old session stays dead: {page:?}");
    let page = browser.sign_in(&page, "alice").await;
    browser.allow(&page).await.code();
}

#[tokio::test]
async fn the_password_grant_does_not_exist() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let params = [("grant_type", "password"), ("username", "alice"), ("password", PASSWORD), ("scope", "openid")];
    rp.post("/token", &params).await.assert_error(400, "unsupported_grant_type");
    let discovery: serde_json::Value = server.get("/.well-known/openid-configuration").await.json().await.unwrap();
    assert!(!discovery["grant_types_supported"].to_string().contains("password"), "{discovery}");
}

#[tokio::test]
async fn a_form_is_accepted_only_with_its_own_token() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_login(&server, &rp).await;
    let (_, foreign) = at_login(&server, &rp).await;
    let own = page.form().field("csrf").unwrap().to_owned();
    let logout = browser.get("/logout").await.form().field("csrf").unwrap().to_owned();
    let foreign = foreign.form().field("csrf").unwrap().to_owned();
    let flipped = if &own[20..21] == "A" { "B" } else { "A" };
    let tampered = format!("{}{flipped}{}", &own[..20], &own[21..]);
    let action = page.form().action;
    for (rule, token) in [
        ("missing", None),
        ("empty", Some("")),
        ("another browser's", Some(foreign.as_str())),
        ("another form's", Some(logout.as_str())),
        ("tampered with", Some(tampered.as_str())),
        ("cut short", Some(&own[..20])),
        ("no token at all", Some("üü")),
    ] {
        let mut fields = typed("alice", PASSWORD).to_vec();
        fields.extend(token.map(|token| ("csrf", token)));
        let refused = browser.post(&action, &fields).await;
        refused.assert_rejected(rule, 403, "The form has expired or was not sent from this site.");
        assert_eq!(refused.header("set-cookie"), None, "{rule}");
        let mut cancel = vec![("login-cancel", "yes")];
        cancel.extend(token.map(|token| ("csrf", token)));
        browser.post(&action, &cancel).await.assert_rejected(rule, 403, "The form has expired");
    }
    browser.sign_in(&page, "alice").await;
    let consent = browser.visit(&rp.authorization_url(&[])).await;
    assert!(consent.has("id=\"consent-allow\""), "{consent:?}");
    for (rule, token) in [("missing", ""), ("from before the login", own.as_str()), ("another browser's", &foreign)] {
        let fields = [("csrf", token), ("consent-allow", "yes")];
        browser.post(&consent.form().action, &fields).await.assert_rejected(rule, 403, "The form has expired");
    }
    browser.allow(&consent).await.code();
}

#[tokio::test]
async fn a_form_from_another_site_is_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_login(&server, &rp).await;
    let csrf = page.form().field("csrf").unwrap().to_owned();
    let mut fields = typed("alice", PASSWORD).to_vec();
    fields.push(("csrf", &csrf));
    let action = page.form().action;
    for headers in [
        [("origin", "https://evil.example"), ("accept", "*/*")],
        [("origin", "https://rp.example"), ("accept", "*/*")],
        [("origin", "http://127.0.0.1:1"), ("accept", "*/*")],
        [("sec-fetch-site", "cross-site"), ("accept", "*/*")],
        [("sec-fetch-site", "same-site"), ("accept", "*/*")],
        [("origin", "null"), ("sec-fetch-site", "cross-site")],
        [("origin", &server.issuer), ("sec-fetch-site", "cross-site")],
    ] {
        let refused = browser.post_with(&headers, &action, &fields).await;
        refused.assert_rejected(&format!("{headers:?}"), 403, "The form has expired or was not sent from this site.");
    }
    let ours = [("origin", "null"), ("sec-fetch-site", "same-origin")];
    let page = browser.post_with(&ours, &action, &fields).await;
    assert_eq!(page.status, 303, "our own pages send no referrer, so browsers call their origin null: {page:?}");
}

#[tokio::test]
async fn a_form_may_lie_open_for_an_hour() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_login(&server, &rp).await;
    let remembered = [("username", "alice"), ("password", PASSWORD), ("remember", "yes"), ("login-submit", "yes")];
    browser.submit(&page, &remembered).await;
    let form = browser.get("/logout").await;
    server.advance(Span::from_secs(3590)).await;
    let page = browser.submit_once(&form, &[("logout-cancel", "yes")]).await;
    assert_eq!(page.status, 303, "{page:?}");
    server.advance(Span::from_secs(11)).await;
    let page = browser.submit_once(&form, &[("logout-confirm", "yes")]).await;
    page.assert_rejected("after an hour", 403, "The form has expired");
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("id=\"consent-allow\""), "still signed in: {page:?}");
}

#[tokio::test]
async fn cancelling_the_sign_in_returns_access_denied() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, page) = at_login(&server, &rp).await;
    let cancelled = browser.submit(&page, &[("login-cancel", "yes")]).await;
    crate::authorize::requests::assert_error_at_client("cancel", &rp, &cancelled, "access_denied", Some("the-state"));
    let again = browser.submit(&page, &[("login-cancel", "yes")]).await;
    again.assert_rejected("a second time", 400, "This sign-in is already done.");
    let again = browser.sign_in(&page, "alice").await;
    again.assert_rejected("and no way back in", 400, "This sign-in is already done.");
}
