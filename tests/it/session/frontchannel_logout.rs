//! Front-channel logout (OpenID Connect Front-Channel Logout §2, §3): the page after a logout loads the clients' pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::browser::attribute;
use crate::support::{Browser, Page, RelyingParty, TestServer, claims};

/// A client of this host with this logout page.
async fn client(server: &TestServer, id: &str, page: &str) -> RelyingParty {
    let host = format!("https://{id}.example");
    let metadata = json!({
        "redirect_uris": [format!("{host}/cb")], "post_logout_redirect_uris": [format!("{host}/bye")],
        "frontchannel_logout_uri": format!("{host}{page}"), "frontchannel_logout_session_required": true,
        "skip_consent": true,
    });
    server.client(id, metadata).await
}

/// The addresses of all frames.
fn frames(page: &Page) -> Vec<String> {
    page.body.split("<iframe").skip(1).map(|frame| attribute(frame, "src").expect("an address")).collect()
}

fn policy(page: &Page, directive: &str) -> Option<String> {
    let policy = page.header("content-security-policy").unwrap();
    let found = policy.split("; ").find_map(|part| part.strip_prefix(directive)?.strip_prefix(' '));
    found.map(str::to_owned)
}

/// The one inline script, as a content security policy names it.
pub fn script_source(page: &Page) -> String {
    let script = page.body.split("<script>").nth(1).expect("a script").split("</script>").next().unwrap();
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(script)))
}

/// A browser in which alice is signed in at these clients, and the ID token of the first.
async fn signed_in(clients: &[&RelyingParty]) -> (Browser, String) {
    let first = clients[0].authorize_with("alice", &[("scope", "openid")]).await;
    let tokens = clients[0].redeem(&first.code()).await.tokens();
    for other in &clients[1..] {
        first.browser.get(&other.authorization_url(&[("scope", "openid")])).await.code();
    }
    (first.browser, tokens.id_token().to_owned())
}

fn logout_url(hint: &str, more: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!("/logout?{}", query.append_pair("id_token_hint", hint).extend_pairs(more).finish())
}

#[tokio::test]
async fn the_page_after_a_logout_loads_the_page_of_each_client_of_the_session() {
    let server = TestServer::start().await;
    let one = client(&server, "one", "/out").await;
    let two = client(&server, "two", "/out?tenant=a%20b").await;
    let absent = client(&server, "absent", "/out").await;
    let plain = server.client("plain", json!({ "skip_consent": true })).await;
    signed_in(&[&absent]).await;
    let (browser, id_token) = signed_in(&[&one, &two, &plain]).await;
    let onward = [("post_logout_redirect_uri", "https://one.example/bye"), ("state", "a&\"b")];
    let page = browser.get(&logout_url(&id_token, &onward)).await;
    assert_eq!((page.status.as_u16(), page.location()), (200, None), "{page:?}");
    assert!(page.has("<h1>You are signed out</h1>"), "{page:?}");
    let named = format!(
        "iss={}&sid={}",
        url::form_urlencoded::byte_serialize(server.issuer.as_bytes()).collect::<String>(),
        claims(&id_token)["sid"].as_str().unwrap()
    );
    let expected =
        [format!("https://one.example/out?{named}"), format!("https://two.example/out?tenant=a%20b&{named}")];
    assert_eq!(frames(&page), expected);
    for frame in page.body.split("<iframe").skip(1) {
        let tag = frame.split('>').next().unwrap();
        assert!(tag.contains(" hidden ") && !tag.contains("allow-top-navigation"), "{tag}");
    }
    assert_eq!(policy(&page, "frame-src").as_deref(), Some("https://one.example https://two.example"));
    assert_eq!(policy(&page, "script-src"), Some(script_source(&page)));
    assert_eq!(policy(&page, "frame-ancestors").as_deref(), Some("'none'"));
    let continues = "https://one.example/bye?state=a%26%22b";
    let link = page.body.split("<a class=\"button\" id=\"continue\"").nth(1).expect("a visible link");
    assert_eq!(attribute(link, "href").as_deref(), Some(continues));
    let refresh = page.body.split("<noscript><meta http-equiv=\"refresh\"").nth(1).expect("a way without scripts");
    assert_eq!(attribute(refresh, "content"), Some(format!("3; url={continues}")));
    assert_eq!(browser.cookie("signet-session"), None);
    let again = browser.get(&one.authorization_url(&[("prompt", "none")])).await;
    assert_eq!(again.error(), "login_required");
}

#[tokio::test]
async fn without_a_return_url_the_page_stays() {
    let server = TestServer::start().await;
    let one = client(&server, "one", "/out").await;
    let (browser, id_token) = signed_in(&[&one]).await;
    let page = browser.get(&logout_url(&id_token, &[])).await;
    assert_eq!(frames(&page).len(), 1, "{page:?}");
    assert!(!page.has("<script") && !page.has("http-equiv=\"refresh\"") && !page.has("id=\"continue\""), "{page:?}");
    assert_eq!(policy(&page, "script-src"), None);
}

#[tokio::test]
async fn a_logout_that_the_person_confirms_loads_them_too() {
    let server = TestServer::start().await;
    let one = client(&server, "one", "/out").await;
    let (browser, _) = signed_in(&[&one]).await;
    let asked = "/logout?client_id=one&post_logout_redirect_uri=https://one.example/bye";
    let question = browser.get(asked).await;
    assert_eq!(frames(&question), [""; 0], "nothing has ended yet");
    let page = browser.submit(&question, &[("logout-confirm", "yes")]).await;
    assert_eq!(frames(&page).len(), 1, "{page:?}");
    assert!(page.has("href=\"https://one.example/bye\""), "{page:?}");
    let page = browser.get(asked).await;
    let page = browser.submit_once(&page, &[("logout-confirm", "yes")]).await;
    assert_eq!(page.location().as_deref(), Some("https://one.example/bye"), "no session, no frames: {page:?}");
}

#[tokio::test]
async fn without_such_clients_the_browser_goes_back_at_once() {
    let server = TestServer::start().await;
    let one = client(&server, "one", "/out").await;
    let plain = server.client("plain", json!({})).await;
    signed_in(&[&one]).await;
    let (browser, id_token) = signed_in(&[&plain]).await;
    let page = browser.get(&logout_url(&id_token, &[("post_logout_redirect_uri", "https://rp.example/bye")])).await;
    assert_eq!(page.location().as_deref(), Some("https://rp.example/bye"), "{page:?}");
    let (browser, id_token) = signed_in(&[&plain]).await;
    let page = browser.get(&logout_url(&id_token, &[])).await;
    assert_eq!((frames(&page).len(), policy(&page, "frame-src")), (0, None), "{page:?}");
}

#[tokio::test]
async fn a_page_elsewhere_than_the_client_is_not_registered() {
    for uri in
        ["https://elsewhere.example/out", "http://rp.example/out", "javascript:alert(1)", "https://rp.example/#x"]
    {
        let metadata: Value = json!({ "redirect_uris": ["https://rp.example/cb"], "frontchannel_logout_uri": uri });
        let metadata: signet_protocol::client::ClientMetadata = serde_json::from_value(metadata).unwrap();
        let server = TestServer::start().await;
        let supported = server.app.provider.supported(&server.app.realm.id);
        assert!(metadata.check(&supported).is_err(), "{uri}");
    }
}
