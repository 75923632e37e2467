//! `prompt`, `max_age` and the hints (OpenID Connect Core §3.1.2.1, §3.1.2.3): when a person is asked again.

use serde_json::{Value, json};
use signet_protocol::time::Span;

use crate::authorize::requests::assert_error_at_client;
use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer, claims};

/// The claims of the ID token behind the code of this page.
async fn id_token(rp: &RelyingParty, page: &Page) -> Value {
    claims(rp.redeem(&page.code()).await.tokens().id_token())
}

/// A browser in which alice has signed in and consented, with its ID token.
async fn signed_in(rp: &RelyingParty) -> (Browser, String) {
    let authorized = rp.authorize_as("alice").await;
    let tokens = rp.redeem(&authorized.code()).await.tokens();
    (authorized.browser, tokens.id_token().to_owned())
}

#[track_caller]
fn assert_login_form(page: &Page) {
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.has("<title>Sign in</title>") && page.has("id=\"login-submit\""), "{page:?}");
}

#[tokio::test]
async fn prompt_none_shows_nothing_and_changes_nothing() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let state = "s".repeat(128);
    let silent = rp.authorization_url(&[("prompt", "none"), ("state", &state)]);
    let page = server.browser().get(&silent).await;
    assert_error_at_client("signed out", &rp, &page, "login_required", Some(&state));
    assert_eq!(page.header("set-cookie"), None, "the browser is not even named");

    let browser = server.browser();
    let consent = browser.visit(&rp.authorization_url(&[])).await;
    let consent = browser.sign_in(&consent, "alice").await;
    let page = browser.get(&silent).await;
    assert_error_at_client("no consent yet", &rp, &page, "consent_required", Some(&state));
    let first = browser.allow(&consent).await;
    let first = id_token(&rp, &first).await;

    server.advance(Span::from_secs(5)).await;
    let page = browser.get(&silent).await;
    let second = id_token(&rp, &page).await;
    assert_eq!((&first["sub"], &first["auth_time"]), (&second["sub"], &second["auth_time"]));
    assert!(second["iat"].as_i64() > first["iat"].as_i64());
    let page = browser.get(&rp.authorization_url(&[("prompt", "none"), ("scope", "openid address")])).await;
    assert_error_at_client("a new scope", &rp, &page, "consent_required", Some("the-state"));
}

#[tokio::test]
async fn prompt_login_asks_for_the_password_again() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, before) = signed_in(&rp).await;
    server.advance(Span::from_secs(2)).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    assert_login_form(&page);
    assert!(page.has("Confirm it is you.") && page.has("value=\"alice\""), "{page:?}");
    let page = browser.sign_in(&page, "alice").await;
    let after = id_token(&rp, &page).await;
    assert!(after["auth_time"].as_i64() > claims(&before)["auth_time"].as_i64());
    assert_eq!(after["sid"], claims(&before)["sid"], "the same session goes on");
}

#[tokio::test]
async fn no_other_step_goes_around_a_demanded_login() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, _) = signed_in(&rp).await;
    server.advance(Span::from_secs(20)).await;
    for demand in [("prompt", "login"), ("prompt", "select_account"), ("max_age", "10")] {
        let assert_shown = |page: &Page| {
            let is_choice = demand.1 == "select_account" && page.has("id=\"account-choose-1\"");
            assert!(is_choice || page.has("id=\"login-submit\""), "{demand:?}: {page:?}");
        };
        let url = browser.get(&rp.authorization_url(&[demand])).await.location().unwrap();
        let consent = url.replace("/login", "/consent");
        assert_shown(&browser.visit(&consent).await);
        let other = browser.visit(&rp.authorization_url(&[("prompt", "consent")])).await;
        let csrf = other.form().field("csrf").unwrap().to_owned();
        let page = browser.post(&consent, &[("csrf", &csrf), ("consent-allow", "yes")]).await;
        assert_eq!(page.location().as_deref(), Some(url.as_str()), "{demand:?}: consent is not a login");
        let form = browser.get(&format!("{url}&switch=yes")).await;
        let page =
            browser.submit(&form, &[("username", "alice"), ("password", "wrong"), ("login-submit", "yes")]).await;
        assert_login_form(&page);
        assert_shown(&browser.visit(&url).await);
    }
}

#[tokio::test]
async fn prompt_consent_and_select_account_ask_again() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, before) = signed_in(&rp).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "consent")])).await;
    assert!(page.has("id=\"consent-allow\""), "{page:?}");
    let page = browser.allow(&page).await;
    assert_eq!(id_token(&rp, &page).await["auth_time"], claims(&before)["auth_time"]);

    server.advance(Span::from_secs(2)).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "select_account")])).await;
    assert!(page.has("id=\"account-choose-1\""), "{page:?}");
    let page = browser.visit(&format!("{}&switch=yes", page.url)).await;
    assert_login_form(&page);
    let page = browser.sign_in(&page, "bob").await;
    let page = browser.allow(&page).await;
    assert_ne!(id_token(&rp, &page).await["sub"], claims(&before)["sub"]);

    let page = browser.visit(&rp.authorization_url(&[("prompt", "login consent")])).await;
    assert_login_form(&page);
    let page = browser.sign_in(&page, "bob").await;
    assert!(page.has("id=\"consent-allow\""), "{page:?}");
}

#[tokio::test]
async fn a_login_older_than_max_age_is_asked_for_again() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let (browser, before) = signed_in(&rp).await;
    let before = claims(&before)["auth_time"].as_i64().unwrap();

    let page = browser.visit(&rp.authorization_url(&[("max_age", "15000")])).await;
    assert_eq!(id_token(&rp, &page).await["auth_time"], before);
    server.advance(Span::from_secs(2)).await;
    let page = browser.visit(&rp.authorization_url(&[("max_age", "10000")])).await;
    assert_eq!(id_token(&rp, &page).await["auth_time"], before, "no second login");

    let page = browser.get(&rp.authorization_url(&[("max_age", "1"), ("prompt", "none")])).await;
    assert_error_at_client("too old, and nothing may be shown", &rp, &page, "login_required", Some("the-state"));
    let page = browser.visit(&rp.authorization_url(&[("max_age", "1")])).await;
    assert_login_form(&page);
    // A login made for the request is recent enough, however long the person takes afterwards.
    server.advance(Span::from_secs(60)).await;
    let page = browser.sign_in(&page, "alice").await;
    let after = id_token(&rp, &page).await;
    assert!(after["auth_time"].as_i64().unwrap() >= before + 62, "{after}");
    assert!(after["iat"].as_i64().unwrap() - after["auth_time"].as_i64().unwrap() <= 5, "{after}");
    let page = browser.visit(&rp.authorization_url(&[("max_age", "0")])).await;
    assert_login_form(&page);
    browser.sign_in(&page, "alice").await.code();
}

#[tokio::test]
async fn a_clients_default_max_age_holds_unless_the_request_names_one() {
    let server = TestServer::start().await;
    let rp = server.client("strict", json!({"default_max_age": 10})).await;
    let (browser, _) = signed_in(&rp).await;
    server.advance(Span::from_secs(11)).await;
    browser.visit(&rp.authorization_url(&[("max_age", "60")])).await.code();
    assert_login_form(&browser.visit(&rp.authorization_url(&[])).await);
}

#[tokio::test]
async fn an_id_token_hint_names_who_is_meant() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    let fields = [("username", "alice"), ("password", PASSWORD), ("remember", "yes"), ("login-submit", "yes")];
    let page = browser.submit(&page, &fields).await;
    let page = browser.allow(&page).await;
    let own = rp.redeem(&page.code()).await.tokens();
    let bobs = rp.redeem(&rp.authorize_as("bob").await.code()).await.tokens();

    let hinted = |hint: &str| rp.authorization_url(&[("prompt", "none"), ("id_token_hint", hint)]);
    let page = browser.get(&hinted(own.id_token())).await;
    assert_eq!(id_token(&rp, &page).await["sub"], claims(own.id_token())["sub"]);
    let page = browser.get(&hinted(bobs.id_token())).await;
    assert_error_at_client("another person", &rp, &page, "login_required", Some("the-state"));
    let page = browser.visit(&rp.authorization_url(&[("id_token_hint", bobs.id_token())])).await;
    assert_login_form(&page);

    server.advance(Span::from_hours(2)).await;
    let page = browser.get(&hinted(own.id_token())).await;
    assert_eq!(id_token(&rp, &page).await["sub"], claims(own.id_token())["sub"], "it may have expired");
}

#[tokio::test]
async fn a_hint_that_is_not_the_clients_own_id_token_is_refused() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let other = server.client("other", json!({})).await;
    let stranger = TestServer::start().await;
    let elsewhere = stranger.relying_party().await;
    let (browser, own) = signed_in(&rp).await;
    let (_, of_another_client) = signed_in(&other).await;
    let (_, of_another_server) = signed_in(&elsewhere).await;
    let tokens = rp.sign_in("alice").await;
    let parts: Vec<&str> = own.split('.').collect();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    let payload = format!("{}A", &parts[1][..parts[1].len() - 1]);
    let rows: [(&str, &str); 9] = [
        ("another client's", &of_another_client),
        ("another issuer's", &of_another_server),
        ("alg none", &unsigned),
        ("another payload", &format!("{}.{payload}.{}", parts[0], parts[2])),
        ("another signature", &format!("{}.{}.{}", parts[0], parts[1], parts[2].replace(|c: char| c != 'A', "A"))),
        ("no signature", &format!("{}.{}.", parts[0], parts[1])),
        ("an access token", &tokens.access_token),
        ("a refresh token", tokens.refresh_token()),
        ("not a JWT", "hello"),
    ];
    for (rule, hint) in rows {
        for prompt in ["none", ""] {
            let page = browser.get(&rp.authorization_url(&[("prompt", prompt), ("id_token_hint", hint)])).await;
            assert_error_at_client(rule, &rp, &page, "invalid_request", Some("the-state"));
        }
    }
}

#[tokio::test]
async fn a_login_hint_fills_in_the_name_and_no_more() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[("login_hint", "bob")])).await;
    assert!(page.has("name=\"username\" value=\"bob\""), "{page:?}");
    let long = "b".repeat(2000);
    let page = browser.visit(&rp.authorization_url(&[("login_hint", &long)])).await;
    assert!(page.has(&format!("value=\"{}\"", "b".repeat(254))), "{page:?}");
    let page = browser.sign_in(&page, "alice").await;
    browser.allow(&page).await.code();
    browser.visit(&rp.authorization_url(&[("login_hint", "bob"), ("prompt", "none")])).await.code();
}
