//! Session management (OpenID Connect Session Management §2, §3): the state in the response, the cookie, and the iframe
//! that compares them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use signet::config::Settings;

use crate::session::frontchannel_logout::script_source;
use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, TestServer, claims};

const STATE: &str = "signet-state";

/// Enables session management.
fn watched(settings: &mut Settings) {
    settings.sessions.management = true;
}

#[tokio::test]
async fn session_management_is_off_by_default() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let authorized = rp.authorize_as("alice").await;
    assert_eq!(authorized.page.parameter("session_state"), None);
    assert_eq!(authorized.browser.cookie(STATE), None);
    assert_eq!(server.get("/session/check").await.status(), 404);
    let metadata: serde_json::Value = server.get("/.well-known/openid-configuration").await.json().await.unwrap();
    assert_eq!(metadata.get("check_session_iframe"), None);
}

/// The state that the session iframe computes on a page of this origin.
fn expected(client: &str, origin: &str, browser_state: &str, session_state: &str) -> String {
    let salt = session_state.split_once('.').expect("a digest and a salt").1;
    let digest = Sha256::digest(format!("{client} {origin} {browser_state} {salt}"));
    format!("{}.{salt}", URL_SAFE_NO_PAD.encode(digest))
}

fn state_line(page: &Page) -> Option<String> {
    let mut lines = page.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap());
    lines.find(|line| line.contains("signet-state=")).map(str::to_owned)
}

#[tokio::test]
async fn the_state_in_the_response_is_that_of_the_browser() {
    let server = TestServer::start_with(watched).await;
    let rp = server.client("rp", json!({ "redirect_uris": ["https://rp.example:8443/cb?a=b"] })).await;
    let authorized = rp.authorize_as("alice").await;
    let state = authorized.page.parameter("session_state").expect("a session_state");
    let cookie = authorized.browser.cookie(STATE).expect("a cookie");
    assert_eq!(state, expected("rp", "https://rp.example:8443", &cookie, &state));
    let again = authorized.browser.get(&rp.authorization_url(&[])).await.parameter("session_state").unwrap();
    assert_eq!(again, expected("rp", "https://rp.example:8443", &cookie, &again));
    assert_ne!(again, state, "each response has a salt of its own");
}

#[tokio::test]
async fn only_successful_openid_responses_have_a_session_state() {
    let server = TestServer::start_with(watched).await;
    let rp = server.client("rp", json!({ "skip_consent": true })).await;
    let native = json!({
        "redirect_uris": ["com.example.app:/cb"], "token_endpoint_auth_method": "none", "skip_consent": true,
    });
    let native = server.client("native", native).await;
    let browser = rp.authorize_as("alice").await.browser;
    let page = browser.authorize(&native.authorization_url(&[]), "alice").await;
    assert!(page.location().unwrap().contains("code=") && !page.location().unwrap().contains("session_state"));
    let page = browser.get(&rp.authorization_url(&[("scope", "profile")])).await;
    assert!(page.parameter("code").is_some() && page.parameter("session_state").is_none(), "{page:?}");
    let page = server.browser().get(&rp.authorization_url(&[("prompt", "none")])).await;
    assert_eq!((page.error().as_str(), page.parameter("session_state")), ("login_required", None));
}

#[tokio::test]
async fn the_cookie_follows_the_person_and_shows_nothing_secret() {
    let server = TestServer::start_with(watched).await;
    let rp = server.client("rp", json!({ "skip_consent": true })).await;
    let authorized = rp.authorize_as("alice").await;
    let browser = &authorized.browser;
    let id_token = rp.redeem(&authorized.code()).await.tokens().id_token().to_owned();
    let first = browser.cookie(STATE).unwrap();
    let session = browser.cookie("signet-session").unwrap();
    let sid = claims(&id_token)["sid"].as_str().unwrap().to_owned();
    assert!(!first.contains(&sid) && !session.contains(&first) && !first.contains(&session[5..]));

    let login = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    browser.sign_in(&login, "alice").await.code();
    assert_ne!(browser.cookie("signet-session").unwrap(), session);
    assert_eq!(browser.cookie(STATE).unwrap(), first, "the same person");

    let login = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    let login = browser.get(&format!("{}&switch=yes", login.url)).await;
    let page = browser.sign_in(&login, "bob").await;
    let second = browser.cookie(STATE).unwrap();
    assert_ne!(second, first, "another person");
    let state = page.parameter("session_state").unwrap();
    assert_eq!(state, expected("rp", "https://rp.example", &second, &state));

    let question = browser.get("/logout").await;
    let page = browser.submit(&question, &[("logout-confirm", "yes")]).await;
    assert_eq!(state_line(&page).as_deref(), Some("signet-state=; Path=/; Max-Age=0"));
    assert_eq!(browser.cookie(STATE), None);
}

#[tokio::test]
async fn the_cookie_is_for_a_script_on_other_sites_pages() {
    let server = TestServer::start_with(|settings| {
        watched(settings);
        settings.issuer = "https://id.example".to_owned();
    })
    .await;
    let rp = server.relying_party().await;
    let browser = Browser::new(&format!("http://{}", server.app.settings.listen));
    let host = [("host", "id.example")];
    let url = rp.authorization_url(&[]).replace("https://id.example", "");
    let page = browser.get_with(&host, &browser.get_with(&host, &url).await.location().unwrap()).await;
    let form = page.form();
    let csrf = form.field("csrf").unwrap();
    let fields = [("csrf", csrf), ("username", "alice"), ("password", PASSWORD), ("remember", "yes")];
    let headers = [("host", "id.example"), ("origin", "https://id.example")];
    let line = state_line(&browser.post_with(&headers, &form.action, &fields).await).expect("a cookie");
    let (pair, attributes) = line.split_once("; ").unwrap();
    assert!(pair.starts_with("__Host-signet-state="), "{line}");
    assert_eq!(attributes, "Path=/; Secure; SameSite=None; Max-Age=2592000");
}

#[tokio::test]
async fn the_page_that_compares_may_be_framed_and_kept_by_anybody() {
    let server = TestServer::start_with(watched).await;
    let (page, statements) = server.statements(server.browser().get("/session/check")).await;
    assert_eq!((page.status.as_u16(), page.header("x-frame-options")), (200, None), "{page:?}");
    let policy = page.header("content-security-policy").unwrap();
    let script = script_source(&page);
    let expected = format!(
        "default-src 'none'; script-src {script}; base-uri 'none'; frame-ancestors *; report-uri /csp-reports; report-to csp"
    );
    assert_eq!(policy, expected);
    assert_eq!(page.header("cache-control"), Some("public, max-age=3600"));
    assert_eq!(page.header("cross-origin-resource-policy"), Some("cross-origin"));
    assert_eq!(page.header("cross-origin-opener-policy"), None);
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(page.header("set-cookie"), None);
    assert_eq!(page.body.matches("<script").count(), 1, "{page:?}");
    assert!(page.has("event.origin") && page.has("__Host-signet-state="), "{page:?}");
    let compares = page.body.find("const now = await digest(").unwrap();
    let without_state = page.body.find("if (!browser) {\n      return \"changed\";").unwrap();
    assert!(without_state < compares, "no page learns of a sign-out by computing a digest itself: {page:?}");
    assert_eq!(statements, 0);
    for other in ["/", "/login", "/logout", "/authorize"] {
        assert_eq!(server.browser().get(other).await.header("x-frame-options"), Some("DENY"), "{other}");
    }
}
