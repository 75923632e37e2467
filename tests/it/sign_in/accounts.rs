//! The accounts that the sign-in page of a browser lists, and the choice between them (OpenID Connect Core §3.1.2.1,
//! `prompt=select_account`).

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer, claims};
use signet_protocol::time::Span;

/// Signs a person in who chooses to stay signed in.
async fn remembered(browser: &Browser, rp: &RelyingParty, username: &str) -> Page {
    let page = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    let page = if page.has("id=\"account-other\"") { browser.visit(&other(&page)).await } else { page };
    let fields = [("username", username), ("password", PASSWORD), ("remember", "yes"), ("login-submit", "yes")];
    let page = browser.submit(&page, &fields).await;
    if page.has("id=\"consent-allow\"") { browser.allow(&page).await } else { page }
}

fn link(page: &Page, id: &str) -> String {
    let at = page.body.find(&format!("id=\"{id}\"")).unwrap_or_else(|| panic!("{id}: {page:?}"));
    let start = page.body[..at].rfind('<').unwrap();
    crate::support::browser::attribute(&page.body[start..], "href").unwrap()
}

fn other(page: &Page) -> String {
    link(page, "account-other")
}

async fn sign_out(browser: &Browser) {
    let page = browser.visit("/logout").await;
    browser.submit(&page, &[("logout-confirm", "yes")]).await;
}

/// A browser that lists Alice and Bob; Bob is signed in.
async fn with_both(server: &TestServer, rp: &RelyingParty) -> Browser {
    let browser = server.browser();
    remembered(&browser, rp, "alice").await;
    server.advance(Span::from_secs(2)).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "select_account")])).await;
    let page = browser.visit(&other(&page)).await;
    let fields = [("username", "bob"), ("password", PASSWORD), ("remember", "yes"), ("login-submit", "yes")];
    let page = browser.submit(&page, &fields).await;
    browser.allow(&page).await.code();
    server.advance(Span::from_secs(2)).await;
    browser
}

/// The submitted form of the page's account with this name.
async fn press(browser: &Browser, page: &Page, button: &str, username: &str) -> Page {
    let row = page.body.split("<li>").find(|row| row.contains(&format!("<bdi>{username}</bdi>"))).expect("a row");
    let form = row.split("<form").find(|form| form.contains(&format!("name=\"{button}\""))).expect("a form");
    let value = |name: &str| {
        let at = form.find(&format!("name=\"{name}\"")).unwrap();
        crate::support::browser::attribute(&form[form[..at].rfind('<').unwrap()..], "value").unwrap()
    };
    let fields = [("csrf", value("csrf")), ("account", value("account")), (button, "yes".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    browser.follow(browser.post(&page.url, &fields).await).await
}

#[tokio::test]
async fn a_request_to_select_an_account_offers_the_session_and_the_listed_accounts() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = with_both(&server, &rp).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "select_account")])).await;
    assert!(page.has("<bdi>alice</bdi>") && page.has("<bdi>bob</bdi>") && page.has("Password needed"), "{page:?}");
    let chosen = press(&browser, &page, "account-choose", "bob").await;
    let tokens = rp.redeem(&chosen.code()).await.tokens();
    let bob = claims(tokens.id_token())["sub"].clone();
    let auth_time = claims(tokens.id_token())["auth_time"].as_i64().unwrap();
    assert!(auth_time <= server.context().now.as_secs() - 2, "no second sign-in");

    let page = browser.visit(&rp.authorization_url(&[("prompt", "select_account")])).await;
    let form = browser.visit(&link(&page, "account-choose-2")).await;
    assert!(form.has("value=\"alice\"") && form.has("id=\"login-submit\""), "{form:?}");
    let page = browser.sign_in(&form, "alice").await;
    let page = if page.has("id=\"consent-allow\"") { browser.allow(&page).await } else { page };
    assert_ne!(claims(rp.redeem(&page.code()).await.tokens().id_token())["sub"], bob);
}

#[tokio::test]
async fn a_signed_out_browser_offers_its_accounts_and_forgets_them_on_request() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = with_both(&server, &rp).await;
    sign_out(&browser).await;
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("<bdi>alice</bdi>") && page.has("<bdi>bob</bdi>"), "{page:?}");
    let page = press(&browser, &page, "account-forget", "alice").await;
    assert!(page.has("value=\"bob\"") && !page.has("alice"), "the only account is filled in: {page:?}");
    let page = browser.visit(&other(&page)).await;
    assert!(!page.has("bob"), "{page:?}");
    let account = browser.visit("/account").await;
    assert!(account.has("value=\"bob\"") && !account.has("alice"), "the console has the same list: {account:?}");
}

#[tokio::test]
async fn only_a_person_who_chose_to_stay_signed_in_is_listed() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    browser.authorize(&rp.authorization_url(&[]), "alice").await;
    sign_out(&browser).await;
    let page = browser.visit(&rp.authorization_url(&[])).await;
    assert!(page.has("id=\"login-submit\"") && !page.has("alice"), "{page:?}");
}

#[tokio::test]
async fn an_account_is_chosen_by_the_person_of_the_session_alone() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = with_both(&server, &rp).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "select_account")])).await;
    let alice = link(&page, "account-choose-2").split_once("account=").unwrap().1.to_owned();
    let csrf = page.form().field("csrf").unwrap().to_owned();
    let fields = [("csrf", csrf.as_str()), ("account", alice.as_str()), ("account-choose", "yes")];
    let refused = browser.post(&page.url, &fields).await;
    assert!(refused.location().unwrap().starts_with("/login?request="), "{refused:?}");
    let stranger = server.browser();
    stranger.visit("/account").await;
    let listed = stranger.visit(&format!("/login?to=%2Faccount&account={alice}")).await;
    assert!(!listed.has("alice\""), "an id alone shows no name: {listed:?}");
}

#[tokio::test]
async fn the_choice_of_an_account_needs_a_form_of_this_browser() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = with_both(&server, &rp).await;
    let page = browser.visit(&rp.authorization_url(&[("prompt", "select_account")])).await;
    for button in ["account-choose", "account-forget"] {
        let forged = browser.post(&page.url, &[("account", "x"), (button, "yes")]).await;
        assert_eq!(forged.status, 403, "{button}: {forged:?}");
    }
}
