//! The edge of the server: error pages for browsers, panics, compression, endless headers, and browsers' reports.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::log::{listen, logged};
use crate::support::relying_party::VERIFIER;

/// The header by which browsers ask for a page.
const AS_BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

#[tokio::test]
async fn a_browser_gets_a_designed_page_for_every_error() {
    let server = TestServer::start().await;
    let browser = server.browser();
    let long = format!("/authorize?a={}", "x".repeat(9000));
    let rows = [
        ("/nothing", 404, "Page not found"),
        ("/assets/nothing.css", 404, "Page not found"),
        ("/token", 405, "This page cannot be opened this way"),
        (long.as_str(), 414, "The request is too large"),
    ];
    for (path, status, heading) in rows {
        let page = browser.get_with(&[AS_BROWSER], path).await;
        assert_eq!(page.status.as_u16(), status, "{path}: {page:?}");
        assert!(page.has(&format!("<title>{heading} · Signet</title>")), "{path}: {page:?}");
        assert!(page.has(&format!("<h1>{heading}</h1>")) && page.has("<html lang=\"en\">"), "{path}: {page:?}");
        assert!(page.has("<main") && page.has("<a class=\"button\" href=\"/\">"), "{path}: {page:?}");
        let id = page.header("x-request-id").unwrap();
        assert!(page.has(&format!("<code id=\"request-id\">{id}</code>")), "{path}: {page:?}");
    }
    let refused = browser.get_with(&[AS_BROWSER], "/token").await;
    assert!(refused.header("allow").unwrap().contains("POST"), "the headers of the answer stay: {refused:?}");
    let program = server.get("/nothing").await;
    assert_eq!(program.text().await.unwrap(), "There is no page at this address.");
    let json = browser.get_with(&[AS_BROWSER], "/userinfo").await;
    assert!(json.header("www-authenticate").is_some(), "{json:?}");
}

#[tokio::test]
async fn the_banner_of_development_stands_in_a_landmark_and_production_shows_no_version() {
    let server = TestServer::start().await;
    let home = server.browser().get("/").await;
    assert!(home.has("<aside class=\"development\" aria-label=\"Development mode\">"), "{}", home.body);
    assert!(home.has("<dt>Version</dt>"));
    let server = TestServer::start_with(|settings| settings.mode = signet::config::Mode::Production).await;
    let home = server.browser().get("/").await;
    assert!(!home.has("class=\"development\"") && !home.has("<dt>Version</dt>"), "{}", home.body);
}

async fn panics(State(_): State<Arc<signet::app::App>>, request: axum::extract::Request) -> &'static str {
    panic!("{:?} {:?}", request.headers(), request.uri());
}

#[tokio::test]
async fn a_panic_is_a_page_for_people_and_json_for_programs_with_the_request_id_alone() {
    listen();
    let server = TestServer::start().await;
    let router = signet::http::guarded(Router::new().route("/panics", get(panics)), server.app.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/panics?code=canary-code", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let ask = |accept: &'static str| {
        let request = server.http.get(&url).header("accept", accept).header("cookie", "s=canary-cookie");
        request.bearer_auth("canary-token").send()
    };
    let page = ask(AS_BROWSER.1).await.unwrap();
    assert_eq!(page.status(), 500);
    let id = page.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert!(page.headers()["content-security-policy"].to_str().unwrap().contains("style-src 'self'"));
    let body = page.text().await.unwrap();
    assert!(body.contains("<h1>Something went wrong</h1>") && body.contains(&id), "{body}");
    let answer = ask("application/json").await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    let error: Value = answer.json().await.unwrap();
    assert_eq!((&error["error"], &error["request_id"]), (&json!("server_error"), &json!(id)), "{error}");
    task.abort();
    let text = logged();
    assert!(!body.contains("canary") && !error.to_string().contains("canary") && !text.contains("canary-"), "{text}");
    assert!(text.contains(&id) && text.contains("a request handler panicked"), "{text}");
}

#[tokio::test]
async fn tokens_and_forms_are_never_compressed() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let browser = server.browser();
    let accept = ("accept-encoding", "gzip, deflate, br, zstd;q=1.0, *;q=0.5");
    let code = rp.authorize_as("alice").await.code();
    let secret = rp.secret.clone().unwrap();
    let params = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &rp.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let request = server.http.post(server.url("/token")).basic_auth("rp", Some(secret)).form(&params);
    let tokens = request.header(accept.0, accept.1).send().await.unwrap();
    assert_eq!((tokens.status().as_u16(), tokens.headers().get("content-encoding")), (200, None));
    assert!(tokens.json::<Value>().await.unwrap()["access_token"].is_string());
    let redirect = browser.get(&rp.authorization_url(&[])).await;
    let login = browser.get_with(&[accept], &redirect.location().unwrap()).await;
    assert!(login.header("content-encoding").is_none() && login.has("id=\"login-submit\""), "{login:?}");
    browser.sign_in(&login, "bob").await;
    let consent = browser.get_with(&[accept], &login.form().action.replace("/login", "/consent")).await;
    assert!(consent.header("content-encoding").is_none() && consent.has("id=\"consent-allow\""), "{consent:?}");
}

#[tokio::test]
async fn a_user_agent_of_ten_kilobytes_is_kept_as_500_characters_without_controls() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let code = rp.authorize_as("alice").await.code();
    assert_eq!(rp.redeem(&code).await.status, 200);
    let mut agent = b"Agent\t\xc2\x85\xc2\x9b".to_vec();
    agent.resize(10_000, b'x');
    let params = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", &rp.redirect_uri),
        ("code_verifier", VERIFIER),
    ];
    let request = server.http.post(server.url("/token")).basic_auth("rp", rp.secret.clone()).form(&params);
    let reply = request.header("user-agent", HeaderValue::from_bytes(&agent).unwrap()).send().await.unwrap();
    assert_eq!(reply.status(), 400, "the code was used before");
    let rows = server.database().query("SELECT user_agent FROM audit_events WHERE event LIKE '%replayed'").await;
    let kept = String::from_utf8(rows[0][0].clone()).unwrap();
    assert_eq!(kept, format!("Agent{}", "x".repeat(495)));
}

#[tokio::test]
async fn bad_tokens_write_no_row() {
    let mut server = TestServer::stopped_with(|_| {}).await;
    server.stop_jobs().await;
    let rp = server.relying_party().await;
    // The first request of a client may write rows, which are not counted here.
    rp.introspect("nonsense").await;
    let before = server.database().dump().await.len();
    for number in 0..100 {
        let token = format!("eyJhbGciOiJFUzI1NiJ9.{number}.AAAA");
        assert_eq!(server.userinfo(&token).await.status(), 401);
        assert_eq!(rp.introspect(&token).await, json!({ "active": false }));
        rp.introspect(&format!("sgat_{number}")).await;
        assert_eq!(rp.refresh(&format!("sgrt_{number}")).await.status, 400);
        assert_eq!(rp.redeem(&format!("sgac_{number}")).await.status, 400);
        // The jobs are stopped, so that they write nothing either.
        server.app.follow().await.unwrap();
    }
    assert_eq!(server.database().dump().await.len(), before);
}

#[tokio::test]
async fn a_violated_policy_is_logged_once_by_its_directive_and_origin() {
    listen();
    let server = TestServer::start().await;
    let home = server.browser().get("/").await;
    assert!(home.header("content-security-policy").unwrap().ends_with("; report-uri /csp-reports; report-to csp"));
    assert_eq!(home.header("reporting-endpoints"), Some("csp=\"/csp-reports\""));
    let report = json!({ "csp-report": {
        "document-uri": "https://idp.example/login?request=canary-1",
        "effective-directive": "script-src-elem",
        "blocked-uri": "https://evil.example/canary-2?canary-3=1",
    }});
    let send = |body: String| {
        let request = server.http.post(server.url("/csp-reports")).header("content-type", "application/csp-report");
        request.body(body).send()
    };
    for _ in 0..3 {
        assert_eq!(send(report.to_string()).await.unwrap().status(), 204);
    }
    assert_eq!(send("x".repeat(20_000)).await.unwrap().status(), 413);
    assert_eq!(send("no JSON".to_owned()).await.unwrap().status(), 400);
    let mut statuses = Vec::new();
    for _ in 0..60 {
        statuses.push(send(report.to_string()).await.unwrap().status().as_u16());
    }
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 5, "60 a minute are read: {statuses:?}");
    let text = logged();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("csp_violation")).collect();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("directive=\"script-src-elem\" blocked=\"https://evil.example\""), "{lines:?}");
    assert_eq!(text.lines().find(|line| line.contains("canary-")), None);
}
