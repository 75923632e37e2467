//! Snapshots of documents for programs and people: discovery, the pages, and error bodies. A change to any of them
//! shows up in review; `INSTA_UPDATE=always cargo test --test it -- snapshots::` accepts it.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use signet::config::RegistrationMode;

use crate::support::server::PASSWORD;
use crate::support::{Browser, Page, RelyingParty, TestServer};

/// The text without the values that differ from run to run.
fn settled(text: &str, server: &TestServer) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(server.issuer.as_bytes()).collect();
    let text = text.replace(&server.issuer, "https://op.example").replace(&encoded, "https%3A%2F%2Fop.example");
    let random = [
        ("name=\"csrf\" value=\"", '"', "CSRF"),
        ("name=\"code\" value=\"", '"', "CODE"),
        ("name=\"session_state\" value=\"", '"', "SESSION-STATE"),
        ("id_token_hint\" value=\"", '"', "ID-TOKEN"),
        ("request=", '"', "REQUEST"),
        ("sid=", '"', "SID"),
        ("id=\"request-id\">", '<', "REQUEST-ID"),
        ("<dt>Version</dt><dd>", '<', "VERSION"),
    ];
    random.into_iter().fold(text, |text, (before, end, stand_in)| {
        let mut parts = text.split(before);
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |text, part| {
            // An attribute may hold further parameters, written with an entity.
            let at = part.find([end, '&']).unwrap();
            text + before + stand_in + &part[at..]
        })
    })
}

/// The source of a page: title and content, without empty lines.
fn shown(page: &Page, server: &TestServer) -> String {
    let title = page.body.split_once("<title>").unwrap().1.split_once("</title>").unwrap().0;
    let main = page.body.split_once("<main class=\"sheet\">").unwrap().1.split_once("</main>").unwrap().0;
    let lines = main.lines().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    settled(&format!("{} {title}\n\n{lines}\n", page.status), server)
}

/// Compares a page with the snapshot of this name.
macro_rules! assert_page {
    ($server:expr, $name:expr, $page:expr) => {
        insta::assert_snapshot!(format!("page_{}", $name), shown(&$page, &$server))
    };
}

#[tokio::test]
async fn the_discovery_document() {
    let server = TestServer::start().await;
    let text = server.get("/.well-known/openid-configuration").await.text().await.unwrap();
    let document: BTreeMap<String, Value> = serde_json::from_str(&settled(&text, &server)).unwrap();
    insta::assert_json_snapshot!(document);
}

/// A client with a name and links, as people see it.
async fn client(server: &TestServer, id: &str, scope: &str) -> RelyingParty {
    let metadata = json!({
        "client_name": "Field notes",
        "client_uri": "https://rp.example/",
        "policy_uri": "https://rp.example/privacy",
        "tos_uri": "https://rp.example/terms",
        "scope": scope,
    });
    server.client(id, metadata).await
}

#[tokio::test]
async fn the_pages_of_a_sign_in() {
    let server = TestServer::start().await;
    let rp = client(&server, "rp", "openid profile email offline_access notes:write").await;
    let browser = server.browser();
    assert_page!(server, "home", browser.get("/").await);
    let login = browser.visit(&rp.authorization_url(&[("login_hint", "alice")])).await;
    assert_page!(server, "login", login);
    let wrong = [("username", "alice"), ("password", "wrong"), ("remember", "yes"), ("login-submit", "yes")];
    let failed = browser.submit(&login, &wrong).await;
    assert_page!(server, "login_failed", failed);
    let consent = browser.sign_in(&failed, "alice").await;
    assert_page!(server, "consent", consent);
    browser.allow(&consent).await;
    let over = browser.get(&consent.form().action).await;
    assert_page!(server, "sign_in_over", over);
    let wider = [("scope", "openid profile email offline_access notes:write")];
    let more = browser.visit(&rp.authorization_url(&wider)).await;
    assert_page!(server, "consent_to_more", more);
    let again = browser.visit(&rp.authorization_url(&[("prompt", "login")])).await;
    assert_page!(server, "reauthentication", again);
    let form_post = browser.visit(&rp.authorization_url(&[("response_mode", "form_post")])).await;
    assert_page!(server, "form_post", form_post);
    assert_page!(server, "home_signed_in", browser.get("/").await);
}

#[tokio::test]
async fn the_pages_of_a_device() {
    // The clock is stopped, so that the age of the request is constant.
    let server = TestServer::stopped_with(|_| {}).await;
    let grants = json!(["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]);
    let tv = server.client("tv", json!({ "client_name": "Television", "grant_types": grants })).await;
    let codes = tv.post("/device_authorization", &[("scope", "openid profile")]).await.json();
    let code = codes["user_code"].as_str().unwrap();
    let browser = server.browser();
    let page = browser.visit("/device").await;
    assert_page!(server, "device", page);
    let unknown = browser.submit(&page, &[("user_code", "BBBB-BBBB"), ("device-submit", "yes")]).await;
    assert_page!(server, "device_unknown_code", unknown);
    let login = browser.submit(&page, &[("user_code", code), ("device-submit", "yes")]).await;
    let question = browser.sign_in(&login, "alice").await;
    insta::assert_snapshot!("page_device_confirm", shown(&question, &server).replace(code, "CODE"));
    let done = browser.submit(&question, &[("device-allow", "yes")]).await;
    assert_page!(server, "device_done", done);
}

#[tokio::test]
async fn the_pages_of_limits() {
    // The clock is stopped, so that waiting times are constant.
    let server = TestServer::stopped_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.authorize = 2;
    })
    .await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let mut page = browser.visit(&rp.authorization_url(&[])).await;
    for _ in 0..6 {
        let wrong = [("username", "alice"), ("password", "wrong"), ("login-submit", "yes")];
        page = browser.submit(&page, &wrong).await;
    }
    assert_page!(server, "login_paused", page);
    browser.get_with(&[("accept", "text/html")], "/authorize").await;
    let refused = browser.get_with(&[("accept", "text/html")], "/authorize").await;
    assert_page!(server, "error_too_many", refused);
}

#[tokio::test]
async fn the_pages_of_a_logout() {
    let server = TestServer::start().await;
    let metadata = json!({
        "client_name": "Field notes",
        "frontchannel_logout_uri": "https://rp.example/logout",
        "frontchannel_logout_session_required": true,
    });
    let rp = server.client("rp", metadata).await;
    let authorized = rp.authorize_as("alice").await;
    let id_token = rp.redeem(&authorized.code()).await.tokens().id_token().to_owned();
    let browser = authorized.browser;
    assert_page!(server, "logout", browser.get("/logout?client_id=rp").await);
    let refused = browser.get("/logout?id_token_hint=x").await;
    assert_page!(server, "logout_refused", refused);
    let onward = "post_logout_redirect_uri=https%3A%2F%2Frp.example%2Fbye&state=s";
    let ended = browser.get(&format!("/logout?id_token_hint={id_token}&{onward}")).await;
    assert_page!(server, "signed_out_with_frames", ended);
    assert_page!(server, "logout_without_session", browser.visit("/logout").await);
    let browser = rp.authorize_as("bob").await.browser;
    let question = browser.get("/logout").await;
    let ended = browser.submit(&question, &[("logout-confirm", "yes")]).await;
    assert_page!(server, "signed_out", ended);
}

#[tokio::test]
async fn the_pages_of_errors() {
    let server = TestServer::start_with(|settings| settings.contact = Some("help@op.example".to_owned())).await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let html = [("accept", "text/html")];
    let request = rp.authorization_url(&[]);
    let elsewhere = rp.authorization_url(&[("redirect_uri", "https://elsewhere.example/cb?code=x")]);
    let long = format!("/authorize?a={}", "x".repeat(9000));
    for (name, url) in [
        ("not_found", "/nothing"),
        ("client_unnamed", "/authorize"),
        ("client_unknown", "/authorize?client_id=unknown"),
        ("redirect_uri", elsewhere.as_str()),
        ("sign_in_unknown", "/login?request=unknown"),
        ("not_allowed", "/token"),
        ("too_long", long.as_str()),
    ] {
        assert_page!(server, format!("error_{name}"), browser.get_with(&html, url).await);
    }
    let elsewhere = browser.get_with(&[("accept", "text/html"), ("host", "evil.example")], "/").await;
    assert_page!(server, "error_another_host", elsewhere);
    let login = browser.visit(&request).await;
    let other = Browser::new(&server.issuer);
    assert_page!(server, "error_another_browser", other.get(&login.form().action).await);
    let fields = [("csrf", "forged"), ("username", "alice"), ("password", PASSWORD), ("login-submit", "yes")];
    assert_page!(server, "error_forged_form", browser.post(&login.form().action, &fields).await);
    let large = "x".repeat(70_000);
    let large = browser.post_with(&html, "/authorize", &[("a", &large)]).await;
    assert_page!(server, "error_too_large", large);
}

/// Error responses for programs by fault: status, challenge and body.
struct Bodies<'a> {
    server: &'a TestServer,
    bodies: BTreeMap<String, Value>,
}

impl Bodies<'_> {
    async fn add(&mut self, name: &str, request: reqwest::RequestBuilder) {
        let response = request.send().await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let mut answer = json!({ "status": response.status().as_u16(), "type": header("content-type") });
        if let Some(challenge) = header("www-authenticate") {
            answer["challenge"] = json!(settled(&challenge, self.server));
        }
        let id = header("x-request-id").unwrap();
        let text = settled(&response.text().await.unwrap(), self.server).replace(&id, "REQUEST-ID");
        answer["body"] = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
        assert!(self.bodies.insert(name.to_owned(), answer).is_none(), "{name}");
    }
}

#[tokio::test]
async fn the_bodies_of_errors() {
    let server = TestServer::start_with(|settings| {
        settings.registration.mode = RegistrationMode::Open;
    })
    .await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    let mut bodies = Bodies { server: &server, bodies: BTreeMap::new() };
    let post = |path: &str, fields: &[(&str, &str)]| server.http.post(server.url(path)).form(fields);
    let as_client = |path: &str, fields: &[(&str, &str)]| post(path, fields).basic_auth(&rp.id, rp.secret.as_ref());

    let redirect_uri = ("redirect_uri", rp.redirect_uri.as_str());
    let rows: [(&str, &str, &[(&str, &str)]); 15] = [
        ("/token: no grant type", "/token", &[]),
        ("/token: a grant type that does not exist", "/token", &[("grant_type", "password")]),
        ("/token: a grant type that is not the client's", "/token", &[("grant_type", "client_credentials")]),
        ("/token: a parameter twice", "/token", &[("grant_type", "a"), ("grant_type", "b")]),
        ("/token: no code", "/token", &[("grant_type", "authorization_code")]),
        (
            "/token: a code that was never issued",
            "/token",
            &[("grant_type", "authorization_code"), ("code", "sgac_AAAA"), redirect_uri],
        ),
        ("/token: no refresh token", "/token", &[("grant_type", "refresh_token")]),
        (
            "/token: a refresh token that was never issued",
            "/token",
            &[("grant_type", "refresh_token"), ("refresh_token", "sgrt_AAAA")],
        ),
        (
            "/token: a scope that was not granted",
            "/token",
            &[("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token()), ("scope", "openid phone")],
        ),
        ("/introspect: no token", "/introspect", &[]),
        ("/introspect: not a token", "/introspect", &[("token", "x")]),
        ("/revoke: no token", "/revoke", &[]),
        (
            "/par: another redirect URI",
            "/par",
            &[("response_type", "code"), ("redirect_uri", "https://elsewhere.example/cb")],
        ),
        ("/par: no PKCE", "/par", &[("response_type", "code"), redirect_uri, ("scope", "openid")]),
        ("/par: a pushed request within", "/par", &[("request_uri", "urn:ietf:params:oauth:request_uri:x")]),
    ];
    for (name, path, fields) in rows {
        bodies.add(name, as_client(path, fields)).await;
    }
    for path in ["/token", "/introspect", "/revoke", "/par"] {
        let fields = [("grant_type", "client_credentials"), ("token", "x")];
        bodies.add(&format!("{path}: no client"), post(path, &fields)).await;
        let wrong = post(path, &fields).basic_auth("rp", Some("wrong"));
        bodies.add(&format!("{path}: a wrong secret"), wrong).await;
        bodies.add(&format!("{path}: no form"), server.http.post(server.url(path)).body("{}")).await;
        bodies.add(&format!("{path}: by GET"), server.http.get(server.url(path))).await;
        let query = server.http.post(server.url(&format!("{path}?a=b"))).form(&fields);
        bodies.add(&format!("{path}: a parameter in the query"), query).await;
    }
    let get = |path: &str| server.http.get(server.url(path));
    bodies.add("/userinfo: no token", get("/userinfo")).await;
    bodies.add("/userinfo: not a token", get("/userinfo").bearer_auth("x")).await;
    bodies.add("/userinfo: an ID token", get("/userinfo").bearer_auth(tokens.id_token())).await;
    bodies.add("/userinfo: Basic", get("/userinfo").basic_auth("rp", Some("x"))).await;
    let register = |body: &'static str| server.http.post(server.url("/register")).body(body);
    let json = |body| register(body).header("content-type", "application/json");
    bodies.add("/register: no JSON", register("x")).await;
    bodies.add("/register: malformed JSON", json("{")).await;
    bodies.add("/register: no redirect URI", json("{}")).await;
    bodies.add("/register: http", json(r#"{"redirect_uris":["http://rp.example/cb"]}"#)).await;
    bodies.add("/register/ID: no token", get("/register/rp")).await;
    bodies.add("/api: no token", get("/api/v1/users/alice/sessions")).await;
    bodies.add("/api: not a token", get("/api/v1/users/alice/sessions").bearer_auth("x")).await;
    bodies.add("/api: another audience", get("/api/v1/users/alice/sessions").bearer_auth(&tokens.access_token)).await;
    bodies.add("no such path", get("/nothing")).await;
    bodies.add("too large", post("/token", &[("a", &"x".repeat(70_000))])).await;
    bodies.add("another host", get("/jwks").header("host", "evil.example")).await;
    let bodies = bodies.bodies;
    insta::assert_json_snapshot!(bodies);
}
