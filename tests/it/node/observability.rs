//! The operator's view: metrics, health checks, log lines that belong to a request, and traces.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use serde_json::{Value, json};
use signet::config::SmtpUrl;
use signet::http::admin::management;
use signet::http::edge::serve::{ConnectionLimits, serve};
use signet_protocol::time::Span;
use signet_store::StoreError;
use signet_store::node::leases;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::time::timeout;

use crate::support::TestServer;
use crate::support::place::Place;
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
async fn metrics_count_events_and_contain_no_names() {
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
    let report = scrape(&server, &management).await;
    for line in [
        "signet_tokens_issued_total{kind=\"authorization_code\",grant=\"authorization_endpoint\",profile=\"oauth21\"} 1",
        "signet_tokens_issued_total{kind=\"id_token\",grant=\"authorization_code\",profile=\"oauth21\"} 1",
        "signet_token_operations_total{operation=\"introspect\",outcome=\"inactive\"} 1",
        "signet_token_operations_total{operation=\"token\",outcome=\"unsupported_grant_type\"} 1",
        "signet_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1",
        "signet_ready 1",
    ] {
        assert!(report.lines().any(|written| written == line), "{line}\n{report}");
    }
    for (name, least) in [
        ("signet_logins_total{outcome=\"success\"", 1.0),
        ("signet_key_rotation_remaining_seconds{alg=\"ES256\"", 1.0),
        ("signet_database_statements_total", 10.0),
        ("process_resident_memory_bytes", 1e6),
    ] {
        let line = report.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name}\n{report}"));
        assert!(line.rsplit(' ').next().unwrap().parse::<f64>().unwrap() >= least, "{line}");
    }
    for secret in ["alice", tokens.access_token.as_str(), "no-such-page", "client_id", "127.0.0.1"] {
        assert!(!report.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn the_public_listener_serves_no_metrics_and_no_health() {
    let server = TestServer::start().await;
    for path in ["/metrics", "/health", "/ready", "/health/detailed"] {
        assert_eq!(server.get(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn each_check_is_reported_with_its_duration() {
    let server = TestServer::start().await;
    let management = management_of(&server).await;
    let look = async || {
        let reply = server.http.get(format!("{management}/health/detailed")).send().await.unwrap();
        (reply.status().as_u16(), reply.json::<Value>().await.unwrap())
    };
    let (status, report) = look().await;
    assert_eq!((status, &report["status"]), (200, &json!("ok")), "{report}");
    let checks = report["checks"].as_array().unwrap();
    assert!(checks.len() >= 6 && checks.iter().all(|check| check["micros"].is_u64()), "{report}");
    server.app.drain();
    let (status, report) = look().await;
    assert_eq!((status, &report["status"]), (503, &json!("failing")), "{report}");
    let failing = report["checks"].as_array().unwrap().iter().find(|check| check["status"] == "failing").unwrap();
    assert_eq!(failing["check"], "accepting", "{report}");
}

#[tokio::test]
async fn a_server_without_one_of_its_migrations_is_not_ready() {
    let server = TestServer::start().await;
    let management = management_of(&server).await;
    let ready = async || {
        let reply = server.http.get(format!("{management}/ready")).send().await.unwrap();
        (reply.status().as_u16(), reply.json::<Value>().await.unwrap())
    };
    assert_eq!(ready().await.0, 200);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 SELECT 9999, 'newer', success, checksum, 0 FROM _sqlx_migrations WHERE version = 1";
    server.database().execute(newer).await;
    assert_eq!(ready().await.0, 200, "a newer version is being rolled out");
    server.database().execute("DELETE FROM _sqlx_migrations WHERE version = 1").await;
    let (status, answer) = ready().await;
    assert_eq!((status, &answer["lacking"]), (503, &json!("schema")), "{answer}");
}

/// The overall status and the failing checks.
async fn failing(server: &TestServer, management: &str) -> (u16, Vec<String>) {
    let reply = server.http.get(format!("{management}/health/detailed")).send().await.unwrap();
    let status = reply.status().as_u16();
    let answer: Value = reply.json().await.unwrap();
    let checks = answer["checks"].as_array().unwrap();
    let failing = checks.iter().filter(|check| check["status"] != "ok");
    (status, failing.map(|check| check["check"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn jobs_that_rest_and_a_mail_server_that_is_away_are_seen_by_the_checks() {
    let mut server = TestServer::stopped_with(|settings| {
        settings.mail.from = Some("signet@idp.example".parse().unwrap());
        settings.mail.folder = Some(std::env::temp_dir());
    })
    .await;
    server.stop_jobs().await;
    let management = management_of(&server).await;
    assert_eq!(failing(&server, &management).await, (200, Vec::new()));
    server.clock.advance(Span::from_minutes(20));
    server.app.follow().await.unwrap();
    assert_eq!(failing(&server, &management).await, (200, vec!["upkeep".to_owned(), "sweeper".to_owned()]));
    server.upkeep().await;
    assert_eq!(failing(&server, &management).await, (200, Vec::new()));
    let now = server.clock.now();
    let store = &server.app.provider.store;
    let released =
        store.write(move |tx| Box::pin(async move { leases::release(tx, leases::UPKEEP, "test", now).await }));
    let released: Result<(), StoreError> = released.await;
    released.unwrap();
    assert_eq!(failing(&server, &management).await, (200, Vec::new()), "another node takes it within a minute");
    server.add_user("carol").await;
    let forge = "UPDATE audit_events SET reason = 'forged' WHERE seq = (SELECT MAX(seq) FROM audit_events)";
    server.database().execute(forge).await;
    server.upkeep().await;
    assert_eq!(failing(&server, &management).await, (200, vec!["audit-log".to_owned()]));

    let server = TestServer::start_with(|settings| {
        settings.mail.from = Some("signet@idp.example".parse().unwrap());
        settings.mail.smtp = Some(SmtpUrl::parse("smtp://127.0.0.1:9").unwrap());
    })
    .await;
    let management = management_of(&server).await;
    assert_eq!(failing(&server, &management).await, (200, vec!["mailer".to_owned()]));
}

#[tokio::test]
async fn each_statement_is_timed_under_its_name() {
    let server = TestServer::start().await;
    let management = management_of(&server).await;
    server.relying_party().await.sign_in("alice").await;
    let exposition = scrape(&server, &management).await;
    let name = "signet_database_statement_duration_seconds";
    for statement in ["sessions.insert", "authorization_codes.insert"] {
        let count = format!("{name}_count{{statement=\"{statement}\"}} 1");
        assert!(exposition.lines().any(|line| line == count), "{count}\n{exposition}");
        let all = format!("{name}_bucket{{le=\"+Inf\",statement=\"{statement}\"}} 1");
        assert!(exposition.lines().any(|line| line == all), "{all}\n{exposition}");
    }
}

/// A trace collector and the received bytes.
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
    assert!(asked, "the server could be stopped");
    server.wait().await.unwrap();
    let sent = got.lock().unwrap().clone();
    let trace: Vec<u8> = (0..32).step_by(2).map(|at| u8::from_str_radix(&TRACE[at..at + 2], 16).unwrap()).collect();
    assert!(sent.windows(16).any(|bytes| bytes == trace), "the span is of the caller's trace");
    assert!(sent.windows(11).any(|bytes| bytes == b"POST /token"), "and named after what was asked");
}

fn terminate(pid: u32) -> bool {
    std::process::Command::new("kill").args(["-TERM", &pid.to_string()]).status().unwrap().success()
}
