//! Canaries: a unique value in every field of every endpoint, in requests that fail and in a handler that panics. The
//! log contains none of them except in the cause of a refusal, the database contains no secret, and neither contains
//! anything that looks like a credential, whichever field it was sent in. No request can write a log line of its own.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use reqwest::Method;
use reqwest::header::{ACCEPT_LANGUAGE, AUTHORIZATION, COOKIE, HeaderName, ORIGIN, REFERER};
use signet::config::{RegistrationMode, Settings};
use url::form_urlencoded;

use crate::defense::hostile_input::endpoints;
use crate::support::TestServer;
use crate::support::log::{listen, logged};

/// The fields with credentials.
const SECRETS: [&str; 12] = [
    "access_token",
    "authorization",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "cookie",
    "csrf",
    "id_token_hint",
    "password",
    "refresh_token",
    "token",
];

/// The fields whose value the cause of a refusal may show.
const EXPLAINED: [&str; 10] = [
    "code_challenge_method",
    "grant_type",
    "post_logout_redirect_uri",
    "prompt",
    "redirect_uri",
    "request_uri",
    "resource",
    "response_mode",
    "response_type",
    "scope",
];

/// A suffix that makes a canary look like a secret, a code, a verifier or a part of a token.
const CREDENTIAL: &str = "0dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWF";

/// The positions of credentials in the value of a field; a plain canary is none.
const DISGUISES: [&str; 6] = [
    "CANARY",
    "CANARYCREDENTIAL",
    "myapp:CANARYCREDENTIAL",
    "urn:example:CANARYCREDENTIAL",
    "https://CANARYCREDENTIAL/cb",
    "https://bob:pa/CANARY@rp.example/cb",
];

/// The sent canaries, each with its endpoint and field.
#[derive(Default)]
struct Flock(Vec<(String, String)>);

impl Flock {
    fn new_bird(&mut self, place: &str) -> String {
        let canary = format!("canary{:04}x", self.0.len());
        self.0.push((canary.clone(), place.to_owned()));
        canary
    }

    /// The origin of a canary in a text.
    fn found_in(&self, text: &str) -> Option<&str> {
        text.split("canary").skip(1).find_map(|rest| {
            let is_of = |canary: &str| rest.starts_with(&canary["canary".len()..]);
            self.0.iter().find(|(canary, _)| is_of(canary)).map(|(_, place)| place.as_str())
        })
    }
}

fn every_door(settings: &mut Settings) {
    settings.registration.mode = RegistrationMode::Open;
    settings.proxy.trusted = vec!["127.0.0.0/8".parse().unwrap()];
}

#[tokio::test]
async fn no_field_of_any_request_reaches_the_log_and_no_secret_the_database() {
    listen();
    let server = TestServer::start_with(every_door).await;
    server.relying_party().await;
    let mut flock = Flock::default();
    for (path, params) in doors() {
        for (field, _) in &params {
            let place = format!("{path} {field}");
            // Only URIs have userinfo.
            let applies = |disguise: &&&str| !disguise.contains('@') || field.ends_with("_uri") || *field == "resource";
            let disguises = DISGUISES
                .iter()
                .filter(applies)
                .flat_map(|disguise| [(Method::GET, disguise), (Method::POST, disguise)]);
            for (method, disguise) in disguises {
                let place = if *disguise == "CANARY" { place.clone() } else { format!("{place} credential") };
                let canary = disguise.replace("CANARY", &flock.new_bird(&place)).replace("CREDENTIAL", CREDENTIAL);
                let sent: Vec<_> =
                    params.iter().map(|(name, value)| (*name, if name == field { &canary } else { *value })).collect();
                send(&server, method, path, &sent, &[]).await;
            }
        }
        for header in [AUTHORIZATION, COOKIE, REFERER, ORIGIN, ACCEPT_LANGUAGE, HeaderName::from_static("forwarded")] {
            for scheme in ["", "Bearer ", "Basic ", "signet-session=", "signet-browser=", "https://", "for="] {
                let canary = flock.new_bird(&format!("{path} {header}"));
                send(&server, Method::POST, path, &params, &[(&header, format!("{scheme}{canary}"))]).await;
            }
        }
        let canary = flock.new_bird(&format!("a path below {path}"));
        send(&server, Method::GET, &format!("{path}/{canary}"), &[], &[]).await;
        let canary = flock.new_bird(&format!("{path} body"));
        let body = server.http.post(server.url(path)).header("content-type", "application/json");
        body.body(format!("{{\"{canary}\":")).send().await.unwrap();
    }
    assert!(flock.0.len() > 900, "{}", flock.0.len());
    signet::flows::defense::refusals::flush(&server.app.provider, server.clock.now()).await;
    let mut explained = 0;
    for (table, value) in server.database().dump().await {
        explained += usize::from(table == "refusals");
        if let Some(place) = flock.found_in(&String::from_utf8_lossy(&value)) {
            let field = place.rsplit(' ').next().unwrap();
            assert!(!SECRETS.contains(&field), "{place} is in {table}");
            assert!(table != "refusals" || EXPLAINED.contains(&field), "{place} is in {table}");
        }
    }
    assert!(explained > 100, "refusals were stored");
    let text = logged();
    assert!(text.contains("answered a request") && text.contains("DEBUG"), "the log is one");
    let of_cause = |place: &str| EXPLAINED.contains(&place.rsplit(' ').next().unwrap_or_default());
    let mut found = text.lines().filter_map(|line| flock.found_in(line).map(|place| (place, line)));
    let leaky = found.find(|(place, line)| !of_cause(place) || !line.contains("event=\"refusal"));
    assert_eq!(leaky, None);
}

/// Every endpoint with its parameters, including endpoints that settings must enable.
fn doors() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let mut doors = endpoints();
    let pushed = doors[0].1.iter().copied().chain([("client_secret", "guessed")]).collect();
    doors.push(("/par", pushed));
    doors.push(("/register", vec![("redirect_uris", "https://rp.example/cb")]));
    doors.push(("/api/v1/revocations", vec![("a", "b")]));
    doors.push(("/clients/rp/logo", vec![("a", "b")]));
    doors
}

async fn send(
    server: &TestServer,
    method: Method,
    path: &str,
    params: &[(&str, &str)],
    headers: &[(&HeaderName, String)],
) {
    let request = match method {
        Method::POST => server.http.post(server.url(path)).form(params),
        _ => {
            let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
            server.http.get(server.url(&format!("{path}?{query}")))
        }
    };
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
    assert!(request.send().await.unwrap().status().as_u16() < 500, "{path}");
}

/// A handler that panics with its whole request.
async fn panics(State(_): State<Arc<signet::app::App>>, request: axum::extract::Request) -> &'static str {
    panic!("{:?} {:?}", request.headers(), request.uri());
}

#[tokio::test]
async fn a_panic_leaks_no_data_of_the_request() {
    listen();
    let server = TestServer::start().await;
    let router = signet::http::guarded(Router::new().route("/panics", get(panics)), server.app.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/panics?code=canary-code", listener.local_addr().unwrap());
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    for _ in 0..2 {
        let reply = server.http.get(&url).bearer_auth("canary-token").send().await.unwrap();
        assert_eq!(reply.status(), 500, "the process lives");
        assert!(reply.headers().contains_key("x-request-id"));
        assert!(!reply.text().await.unwrap().contains("canary"));
    }
    task.abort();
    let text = logged();
    assert!(text.contains("a task panicked") && text.contains("canaries.rs"), "the location is logged: {text}");
    assert_eq!(text.lines().find(|line| line.contains("canary-")), None);
}

#[tokio::test]
async fn nobody_can_write_a_line_of_the_log_or_of_the_audit_log() {
    listen();
    let server = TestServer::start_with(every_door).await;
    let rp = server.relying_party().await;
    let forged = "x\r\n2026-01-01T00:00:00Z  INFO signet: forged\u{1b}[31m\u{8}";
    for (path, params) in doors() {
        for (field, _) in &params {
            let sent: Vec<_> =
                params.iter().map(|(name, value)| (*name, if name == field { forged } else { *value })).collect();
            send(&server, Method::GET, path, &sent, &[]).await;
            send(&server, Method::POST, path, &sent, &[]).await;
        }
    }
    let browser = server.browser();
    let page = browser.visit(&rp.authorization_url(&[])).await;
    browser.submit(&page, &[("username", forged), ("password", "wrong"), ("login-submit", "yes")]).await;
    let text = logged();
    assert!(text.lines().all(|line| line.starts_with("20") && !line.contains("  INFO signet: forged\u{1b}")), "{text}");
    let controls = text.chars().find(|c| c.is_control() && *c != '\n');
    assert_eq!(controls, None);
    for (table, value) in server.database().dump().await {
        let text = String::from_utf8_lossy(&value);
        assert!(table != "audit_events" || !text.contains("forged\u{1b}"), "in {table}: {text:?}");
    }
}
