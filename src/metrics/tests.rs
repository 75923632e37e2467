use std::collections::BTreeSet;
use std::task::{Context, Waker};

use super::*;

fn metrics() -> Metrics {
    Metrics::new(&Database::default(), &Hashing::default())
}

#[test]
fn names_have_one_form_and_are_unique() {
    let metrics = metrics();
    let mut names = BTreeSet::new();
    for Described { name, kind, help, .. } in metrics.described() {
        let prefix = name.starts_with("signet_") || name.starts_with("process_");
        let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(prefix && plain, "{name}");
        assert_eq!(name.ends_with("_total"), *kind == "counter", "{name} is a {kind}");
        assert!(!help.ends_with('.') && help.starts_with(char::is_uppercase), "{name}: {help}");
        assert!(names.insert(*name), "{name} stands there twice");
    }
}

#[test]
fn the_exposition_is_in_the_openmetrics_format() {
    let metrics = metrics();
    metrics.http.answered("POST", "/token".into(), 200, Duration::from_micros(700));
    metrics.http.answered("POST", "/token".into(), 400, Duration::from_micros(300));
    let text = metrics.encode().unwrap();
    for line in [
        "# TYPE signet_http_requests counter",
        "signet_http_requests_total{method=\"POST\",route=\"/token\",status=\"200\"} 1",
        "signet_http_request_duration_seconds_bucket{le=\"0.0005\",route=\"/token\"} 1",
        "signet_http_request_duration_seconds_bucket{le=\"+Inf\",route=\"/token\"} 2",
        "signet_http_request_duration_seconds_count{route=\"/token\"} 2",
    ] {
        assert!(text.lines().any(|written| written == line), "{line}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn a_waiter_is_counted_until_it_is_served_or_cancelled() {
    let database = Database::default();
    let metrics = Metrics::new(&database, &Hashing::default());
    let waited = |times: u64| {
        let line = format!("signet_database_wait_duration_seconds_count {times}");
        metrics.encode().unwrap().lines().any(|written| written == line)
    };
    let mut waiting = Box::pin(database.turn(std::future::pending::<()>()));
    let mut context = Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(&mut context).is_pending());
    assert_eq!(database.waiting.get(), 1);
    drop(waiting);
    assert!(database.waiting.get() == 0 && waited(0));
    database.turn(std::future::ready(())).await;
    assert!(database.waiting.get() == 0 && waited(1));
}

/// The rows of the table in docs/metrics.md.
fn documented() -> Vec<String> {
    let page = include_str!("../../docs/metrics.md");
    page.lines().filter(|line| line.starts_with("| `")).map(str::to_owned).collect()
}

#[test]
fn the_page_of_metrics_matches_the_register() {
    let row = |metric: &Described| {
        let Described { name, kind, labels, help } = metric;
        let labels: Vec<_> = labels.iter().map(|label| format!("`{label}`")).collect();
        format!("| `{name}` | {kind} | {} | {help} |", labels.join(", "))
    };
    let rows: Vec<_> = metrics().described().iter().map(row).collect();
    assert_eq!(documented(), rows, "docs/metrics.md should have:\n{}", rows.join("\n"));
}
