//! What operators see: metrics, every check by itself, lines of the log that belong to a request, and traces.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use serde_json::{Value, json};
use signet::http::management;
use signet::http::serve::{ConnectionLimits, serve};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use crate::commands::Place;
use crate::support::TestServer;
use crate::support::server::http_client;

/// The address of a server's management listener.
async fn management_of(server: &TestServer) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let router = management::router(server.app.clone());
    tokio::spawn(serve(listener, None, router, ConnectionLimits::default(), std::future::pending()));
    address
}

async fn scrape(server: &TestServer, management: &str) -> String {
    let reply = server.http.get(format!("{management}/metrics")).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    reply.text().await.unwrap()
}

#[tokio::test]
async fn metrics_tell_what_happened_and_nobody_by_name() {
    let server = TestServer::start().await;
    let management = management_of(&server).await;
    let rp = server.relying_party().await;
    let tokens = rp.sign_in("alice").await;
    rp.refresh(&tokens.refresh_token.clone().unwrap()).await.tokens();
    rp.refresh(&tokens.refresh_token.clone().unwrap()).await;
    rp.introspect(&tokens.access_token).await;
    rp.introspect("nonsense").await;
    rp.revoke(&tokens.access_token).await;
    server.userinfo(&tokens.access_token).await;
    rp.post("/token", &[("grant_type", "password")]).await;
    server.get("/no-such-page").await;
    let told = scrape(&server, &management).await;
    for line in [
        "signet_tokens_issued_total{kind=\"authorization_code\",grant=\"authorization_endpoint\",profile=\"oauth21\"} 1",
        "signet_tokens_issued_total{kind=\"id_token\",grant=\"authorization_code\",profile=\"oauth21\"} 1",
        "signet_token_operations_total{operation=\"introspect\",outcome=\"inactive\"} 1",
        "signet_token_operations_total{operation=\"token\",outcome=\"unsupported_grant_type\"} 1",
        "signet_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "signet_ready 1",
    ] {
        assert!(told.lines().any(|written| written == line), "{line}\n{told}");
    }
    for (name, least) in [
        ("signet_logins_total{outcome=\"success\"", 1.0),
        ("signet_key_rotation_remaining_seconds{alg=\"ES256\"", 1.0),
        ("signet_database_statements_total", 10.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        let line = told.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}\n{told}"));
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() >= least, "{line}");
    }
    for secret in ["alice", tokens.access_token.as_str(), "no-such-page", "client_id", "127.0.0.1"] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_public_listener_tells_nothing_of_this() {
    let server = TestServer::start().await;
    for path in ["/metrics", "/health", "/ready", "/health/detailed"] {
        assert_eq!(server.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn each_check_is_told_with_how_long_it_took() {
    let server = TestServer::start().await;
    let management = management_of(&server).await;
    let look = async || {
        let reply = server.http.get(format!("{management}/health/detailed")).send().await.unwrap();
        (reply.status().as_u16(), reply.json::<Value>().await.unwrap())
    };
    let (status, told) = look().await;
    assert_eq!((status, &told["status"]), (200, &json!("ok")), "{told}");
    let checks = told["checks"].as_array().unwrap();
    assert!(checks.len() >= 6 && checks.iter().all(|check| check["micros"].is_u64()), "{told}");
    server.app.drain();
    let (status, told) = look().await;
    assert_eq!((status, &told["status"]), (503, &json!("failing")), "{told}");
    let failing = told["checks"].as_array().unwrap().iter().find(|check| check["status"] == "failing").unwrap();
    assert_eq!(failing["check"], "accepting", "{told}");
}

/// A collector of traces, and what it has got.
async fn collector() -> (String, Arc<Mutex<Vec<u8>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let kept = got.clone();
    let take = post(move |body: Bytes| async move { kept.lock().unwrap().extend_from_slice(&body) });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/v1/traces", take)).await.unwrap() });
    (address, got)
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

#[tokio::test]
async fn lines_and_spans_belong_to_a_request_and_to_the_callers_trace() {
    let (place, (collector, got)) = (Place::new().await, collector().await);
    let mut command = place.command(&["serve"]);
    command.env("SIGNET_LOG__FORMAT", "json").env("SIGNET_TELEMETRY__OTLP_ENDPOINT", collector);
    let mut server = command.stdout(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let http = http_client();
    let url = format!("{}/token", place.issuer());
    let ask = async |traceparent: String| {
        for _ in 0..400 {
            if let Ok(reply) = http.post(&url).header("traceparent", &traceparent).send().await {
                return reply.headers()["x-request-id"].to_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the server did not start");
    };
    let known = ask(format!("00-{TRACE}-00f067aa0ba902b7-01")).await;
    let forged = ask(format!("00-{TRACE}-00f067aa0ba902b7-01-more")).await;
    let mut of = async |id: String| {
        while let Some(line) = timeout(Duration::from_secs(20), lines.next_line()).await.unwrap().unwrap() {
            let line: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
            if line["request_id"] == id.as_str() && line["message"] == "answered a request" {
                return line;
            }
        }
        panic!("no line of the request {id}");
    };
    let line = of(known).await;
    assert_eq!((&line["trace_id"], &line["status"], &line["route"]), (&json!(TRACE), &json!(400), &json!("/token")));
    assert_ne!(of(forged).await["trace_id"], TRACE, "what is no traceparent is none");

    let asked = terminate(server.id().unwrap());
    assert!(asked, "the server could be told to stop");
    server.wait().await.unwrap();
    let sent = got.lock().unwrap().clone();
    let trace: Vec<u8> = (0..32).step_by(2).map(|at| u8::from_str_radix(&TRACE[at..at + 2], 16).unwrap()).collect();
    assert!(sent.windows(16).any(|bytes| bytes == trace), "the span is of the caller's trace");
    assert!(sent.windows(11).any(|bytes| bytes == b"POST /token"), "and named after what was asked");
}

fn terminate(pid: u32) -> bool {
    std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success()
}
