//! The form_post response mode (OAuth 2.0 Form Post Response Mode): a page that posts itself, and works without
//! scripts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::{Form, Page, TestServer};

/// The form of a page that posts a response to this URI, by its one script or by its button.
#[track_caller]
pub fn posted_form(page: &Page, action: &str) -> Form {
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{page:?}");
    assert_eq!(page.header("cache-control"), Some("no-store"), "{page:?}");
    assert!(page.has("<form method=\"post\"") && page.has("<button type=\"submit\""), "{page:?}");
    let script = page.body.split("<script>").nth(1).unwrap().split("</script>").next().unwrap();
    assert_eq!(page.body.matches("<script").count(), 1, "{page:?}");
    let hash = STANDARD.encode(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, script.as_bytes()));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains(&format!("script-src 'sha256-{hash}'")), "{policy}");
    assert!(!policy.contains("unsafe") && policy.contains("default-src 'none'"), "{policy}");
    let form = page.form();
    assert_eq!(form.action, action);
    form
}

fn names(form: &Form) -> Vec<&str> {
    form.hidden.iter().map(|(name, _)| name.as_str()).collect()
}

#[tokio::test]
async fn a_code_is_posted_with_state_and_issuer() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let state = "\"><script>alert(1)</script>&amp;ü'";
    let page = rp.authorize_with("alice", &[("response_mode", "form_post"), ("state", state)]).await.page;
    let form = posted_form(&page, "https://rp.example/cb");
    assert_eq!(names(&form), ["code", "state", "iss"]);
    assert_eq!(form.field("state"), Some(state));
    assert_eq!(form.field("iss"), Some(server.issuer.as_str()));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("form-action https://rp.example;"), "{policy}");
    rp.redeem(form.field("code").unwrap()).await.tokens();
}

#[tokio::test]
async fn errors_are_posted_too() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let rows: [(&str, (&str, &str), &str); 4] = [
        ("response_type missing", ("response_type", ""), "invalid_request"),
        ("not supported", ("response_type", "token"), "unsupported_response_type"),
        ("no one is signed in", ("prompt", "none"), "login_required"),
        ("a scope of another", ("scope", "openid admin"), "invalid_scope"),
    ];
    for (rule, change, error) in rows {
        let url = rp.authorization_url(&[("response_mode", "form_post"), change]);
        let form = posted_form(&server.browser().get(&url).await, "https://rp.example/cb");
        assert_eq!(names(&form), ["error", "error_description", "state", "iss"], "{rule}");
        assert_eq!(form.field("error"), Some(error), "{rule}");
        assert_eq!(form.field("state"), Some("the-state"), "{rule}");
        assert_eq!(form.field("iss"), Some(server.issuer.as_str()), "{rule}");
    }
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[("response_mode", "form_post")])).await;
    let page = browser.submit(&page, &[("login-cancel", "yes")]).await;
    assert_eq!(posted_form(&page, "https://rp.example/cb").field("error"), Some("access_denied"));
}

#[tokio::test]
async fn a_response_is_posted_to_a_uri_with_a_query_and_to_an_app() {
    let server = TestServer::start().await;
    let uris = json!({"redirect_uris": ["https://rp.example:8443/cb?foo=bar", "com.example.app:/cb"]});
    let rp = server.client("rp", uris).await;
    for (uri, origin) in
        [("https://rp.example:8443/cb?foo=bar", "https://rp.example:8443"), ("com.example.app:/cb", "com.example.app:")]
    {
        let url = rp.authorization_url(&[("response_mode", "form_post"), ("redirect_uri", uri), ("prompt", "none")]);
        let page = server.browser().get(&url).await;
        posted_form(&page, uri);
        let policy = page.header("content-security-policy").unwrap();
        assert!(policy.contains(&format!("form-action {origin};")), "{policy}");
    }
}
