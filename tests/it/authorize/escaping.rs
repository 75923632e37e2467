//! Text from people and clients is escaped on pages: it creates no element, attribute or link.

use serde_json::json;
use signet::flows::admin::Person;
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::secret::Password;
use signet_protocol::time::Span;

use crate::support::server::PASSWORD;
use crate::support::{Page, TestServer};

const PAYLOADS: [&str; 12] = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onfocus='alert(1)' autofocus='",
    "\" onmouseover=\"alert(1)\" x=\"",
    "</title></p></main><iframe src=//evil.example>",
    "<a href=javascript:alert(1)>x</a>",
    "--><!--<script>alert(1)</script>",
    "{{7*7}}{% include \"x\" %}",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<ScRiPt/x>alert(1)</sCrIpT>",
    "</script><form action=https://evil.example><input>",
];
const HARMLESS: &str = "Harmless";

/// The tags of a page with the names of their attributes: its structure, without its text.
fn structure(html: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!') {
            continue;
        }
        let mut quote = None;
        let mut tag = String::new();
        for c in rest.chars() {
            match (c, quote) {
                ('>', None) => break,
                ('"' | '\'', None) => quote = Some(c),
                (c, Some(open)) if c == open => quote = None,
                (c, None) => tag.push(c),
                (_, Some(_)) => {}
            }
        }
        tags.push(tag);
    }
    tags
}

#[track_caller]
fn assert_same_structure(rule: &str, payload: &str, hostile: &Page, harmless: &Page) {
    assert_eq!(hostile.status, harmless.status, "{rule} {payload}: {hostile:?}");
    assert_eq!(structure(&hostile.body), structure(&harmless.body), "{rule}: {payload}");
    assert!(!hostile.has("<img") && !hostile.has("alert(1)>") && !hostile.has("=\"alert(1)"), "{rule}: {payload}");
}

#[test]
fn the_structure_of_a_page_shows_what_slips_through() {
    assert_eq!(structure("<p class=\"a>b\">x</p>"), ["p class=", "/p"]);
    for payload in PAYLOADS.into_iter().filter(|payload| payload.contains('<')) {
        assert_ne!(structure(&format!("<p>{payload}</p>")), structure("<p>x</p>"), "{payload}");
    }
    assert_ne!(structure(&format!("<p title=\"{}\">", PAYLOADS[4])), structure("<p title=\"\">"));
}

#[tokio::test]
async fn a_clients_name_links_and_scopes_are_text() {
    let server = TestServer::start().await;
    let mut pages: Vec<Vec<Page>> = Vec::new();
    for (number, payload) in [HARMLESS].into_iter().chain(PAYLOADS).enumerate() {
        // Registration refuses characters that no URI may contain. The others must not end the attribute either.
        let legal: String = payload.chars().filter(|c| !"\"<>\\^`{|} ".contains(*c) && c.is_ascii()).collect();
        let link = format!("https://rp.example/{legal}");
        let token: String = payload.chars().filter(|c| !" \"\\".contains(*c)).collect();
        let metadata = json!({
            "client_name": payload, "client_uri": link, "policy_uri": link, "tos_uri": link,
            "scope": format!("openid {token}"),
        });
        let rp = server.client(&format!("rp{number}"), metadata).await;
        let browser = server.browser();
        let login = browser.visit(&rp.authorization_url(&[("scope", &format!("openid {token}"))])).await;
        let consent = browser.sign_in(&login, "alice").await;
        let logout = browser.get(&format!("/logout?client_id={}", rp.id)).await;
        browser.allow(&consent).await.code();
        let done = browser.get(&login.form().action).await;
        assert!(done.has("Back to "), "{done:?}");
        pages.push(vec![login, consent, logout, done]);
    }
    for (payload, hostile) in PAYLOADS.iter().zip(&pages[1..]) {
        for (rule, (hostile, harmless)) in
            ["login", "consent", "logout", "done"].iter().zip(hostile.iter().zip(&pages[0]))
        {
            assert_same_structure(rule, payload, hostile, harmless);
        }
    }
}

#[tokio::test]
async fn a_persons_name_is_text() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let mut pages: Vec<Vec<Page>> = Vec::new();
    for name in [HARMLESS].into_iter().chain(PAYLOADS) {
        let person = Person {
            username: name.to_owned(),
            email: None,
            email_verified: false,
            password: Some(Password::new(PASSWORD.to_owned())),
            claims: PersonClaims::from_json("{}").unwrap(),
            attributes: serde_json::Map::new(),
            roles: Vec::new(),
        };
        server.add_person(person).await;
        server.app.follow().await.unwrap();
        let browser = server.browser();
        let login = browser.visit(&rp.authorization_url(&[("login_hint", name)])).await;
        let fields = [("username", name), ("password", "wrong"), ("login-submit", "yes")];
        let wrong = browser.submit(&login, &fields).await;
        let consent = browser.sign_in(&wrong, name).await;
        assert!(consent.has("id=\"consent-allow\""), "{name}: {consent:?}");
        let home = browser.get("/").await;
        let logout = browser.get("/logout").await;
        browser.allow(&consent).await.code();
        server.advance(Span::from_secs(1)).await;
        let again = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
        pages.push(vec![login, wrong, consent, home, logout, again]);
    }
    let rules = ["login_hint", "wrong password", "consent", "home", "logout", "reauthenticate"];
    for (payload, hostile) in PAYLOADS.iter().zip(&pages[1..]) {
        for (rule, (hostile, harmless)) in rules.iter().zip(hostile.iter().zip(&pages[0])) {
            assert_same_structure(rule, payload, hostile, harmless);
        }
    }
}

#[tokio::test]
async fn a_state_is_text() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let bye = "https://rp.example/bye";
    let urls = |state: &str| {
        let pairs = [("client_id", "rp"), ("post_logout_redirect_uri", bye), ("state", state)];
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let form = [("response_mode", "form_post"), ("prompt", "none"), ("state", state)];
        [format!("/logout?{query}"), rp.authorization_url(&form)]
    };
    for payload in PAYLOADS {
        for (hostile, harmless) in urls(payload).iter().zip(&urls(HARMLESS)) {
            let hostile = browser.get(hostile).await;
            let harmless = browser.get(harmless).await;
            assert_eq!(hostile.form().field("state"), Some(payload));
            assert_eq!(structure(&hostile.body), structure(&harmless.body), "{payload}: {hostile:?}");
        }
    }
}

#[tokio::test]
async fn errors_repeat_nothing_from_the_request() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let urls = |text: &str| {
        let text: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let known = rp.authorization_url(&[("redirect_uri", "")]);
        [
            format!("/authorize?client_id={text}"),
            format!("{known}&redirect_uri={text}"),
            format!("/login?request={text}"),
            format!("/consent?request={text}&x={text}"),
            format!("/logout?id_token_hint={text}"),
            format!("/logout?post_logout_redirect_uri={text}&client_id=rp&state={text}"),
            format!("/{text}"),
            format!("/assets/{text}"),
            format!("/?{text}={text}"),
        ]
    };
    for payload in PAYLOADS {
        for (hostile, harmless) in urls(payload).iter().zip(&urls(HARMLESS)) {
            let page = browser.get(hostile).await;
            let other = browser.get(harmless).await;
            assert_same_structure(hostile, payload, &page, &other);
            assert!(!page.has("alert(1)") && !page.has("evil.example") && !other.has(HARMLESS), "{hostile}: {page:?}");
        }
    }
}
