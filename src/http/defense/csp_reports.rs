//! Browsers' reports about violations of the content security policy (CSP Level 3 §5, Reporting API). Anyone can send
//! them, so they are bounded in size and number, and logged once an hour for each kind, without page addresses, paths
//! or queries.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use axum::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use http_body_util::{BodyExt as _, Limited};
use serde_json::Value;

use crate::app::App;
use crate::http::edge::error;
use crate::http::edge::mount::mount;
use signet_protocol::endpoint::CSP_REPORTS;
use signet_protocol::time::{Span, Timestamp};

/// The maximum size of a body, in bytes.
const MOST_BYTES: usize = 16 * 1024;
/// The maximum number of reports read from one body.
const MOST_REPORTS: usize = 10;
/// The maximum number of bodies read within a minute, from all senders.
const MOST_A_MINUTE: u32 = 60;
/// The maximum number of kinds logged within an hour.
const MOST_KINDS: usize = 50;
const MINUTE: Span = Span::from_minutes(1);
const HOUR: Span = Span::from_hours(1);

/// The directives of this server's policies; any other name was made up by the sender.
const DIRECTIVES: [&str; 14] = [
    "default-src",
    "style-src",
    "style-src-elem",
    "style-src-attr",
    "script-src",
    "script-src-elem",
    "script-src-attr",
    "img-src",
    "connect-src",
    "font-src",
    "frame-src",
    "form-action",
    "base-uri",
    "frame-ancestors",
];
/// Blocked sources without an origin.
const KEYWORDS: [&str; 6] = ["inline", "eval", "wasm-eval", "self", "data", "blob"];

/// A violation as it is logged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    directive: &'static str,
    /// A keyword, the origin, or `other`.
    blocked: String,
}

/// This node's counts of reports within the current minute and hour.
#[derive(Default)]
struct Reports(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    minute: Option<Timestamp>,
    bodies: u32,
    hour: Option<Timestamp>,
    kinds: BTreeSet<Violation>,
}

impl Reports {
    /// Returns true if another body may be read now.
    fn admit(&self, now: Timestamp) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.minute.is_none_or(|since| now >= since.plus(MINUTE)) {
            counted.minute = Some(now);
            counted.bodies = 0;
        }
        counted.bodies = counted.bodies.saturating_add(1);
        counted.bodies <= MOST_A_MINUTE
    }

    /// Returns true if a violation is the first of its kind within the hour.
    fn is_first(&self, violation: &Violation, now: Timestamp) -> bool {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counted.hour.is_none_or(|since| now >= since.plus(HOUR)) {
            counted.hour = Some(now);
            counted.kinds.clear();
        }
        counted.kinds.len() < MOST_KINDS && counted.kinds.insert(violation.clone())
    }
}

pub fn routes() -> Router<Arc<App>> {
    mount(&CSP_REPORTS, post(take)).layer(Extension(Arc::new(Reports::default())))
}

/// Adds the reporting endpoint to the headers of a page.
pub fn ask_for(app: &App, headers: &mut HeaderMap) {
    let is_page = headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"text/html"));
    let policy = headers.get(header::CONTENT_SECURITY_POLICY).and_then(|policy| policy.to_str().ok());
    let Some(policy) = policy.filter(|_| is_page) else { return };
    let path = format!("{}{}", app.base_path(), CSP_REPORTS.path);
    let policy = HeaderValue::from_str(&format!("{policy}; report-uri {path}; report-to csp"));
    let endpoints = HeaderValue::from_str(&format!("csp=\"{path}\""));
    if let (Ok(policy), Ok(endpoints)) = (policy, endpoints) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        headers.insert(HeaderName::from_static("reporting-endpoints"), endpoints);
    }
}

/// `POST /csp-reports`
async fn take(State(app): State<Arc<App>>, Extension(reports): Extension<Arc<Reports>>, request: Request) -> Response {
    let now = app.clock.now();
    if !reports.admit(now) {
        return error::plain(StatusCode::TOO_MANY_REQUESTS, "Too many reports.");
    }
    let Ok(body) = Limited::new(request.into_body(), MOST_BYTES).collect().await else {
        return error::plain(StatusCode::PAYLOAD_TOO_LARGE, "The report is too large.");
    };
    let Ok(report) = serde_json::from_slice::<Value>(&body.to_bytes()) else {
        return error::plain(StatusCode::BAD_REQUEST, "The report is not JSON.");
    };
    for violation in violations(&report).into_iter().filter(|violation| reports.is_first(violation, now)) {
        let Violation { directive, blocked } = violation;
        let event = "csp_violation";
        tracing::warn!(target: "security", event, directive, blocked, "a page violated its content security policy");
    }
    StatusCode::NO_CONTENT.into_response()
}

/// The violations in a body: an object of `report-uri` (CSP Level 3 §5.3), or a list of the Reporting API.
fn violations(report: &Value) -> Vec<Violation> {
    if let Some(legacy) = report.get("csp-report") {
        let directive = legacy.get("effective-directive").or_else(|| legacy.get("violated-directive"));
        return vec![violation(directive, legacy.get("blocked-uri"))];
    }
    let all = report.as_array().map(Vec::as_slice).unwrap_or_default();
    let of_policies = all.iter().filter(|one| one.get("type").and_then(Value::as_str) == Some("csp-violation"));
    let bodies = of_policies.filter_map(|one| one.get("body")).take(MOST_REPORTS);
    bodies.map(|body| violation(body.get("effectiveDirective"), body.get("blockedURL"))).collect()
}

fn violation(directive: Option<&Value>, blocked: Option<&Value>) -> Violation {
    let text = |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let directive = text(directive);
    // In `violated-directive`, the sources may follow the name.
    let name = directive.split(' ').next().unwrap_or_default();
    let directive = DIRECTIVES.into_iter().find(|known| *known == name).unwrap_or("other");
    Violation { directive, blocked: origin(&text(blocked)) }
}

/// The origin of a blocked URL. The rest of the URL may contain a secret of the page.
fn origin(blocked: &str) -> String {
    if let Some(keyword) = KEYWORDS.into_iter().find(|keyword| *keyword == blocked) {
        return keyword.to_owned();
    }
    let parsed = url::Url::parse(blocked).ok().map(|url| url.origin());
    let origin = parsed.filter(url::Origin::is_tuple).map(|origin| origin.ascii_serialization());
    origin.filter(|origin| origin.len() <= 200).unwrap_or_else(|| "other".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_is_cut_to_a_known_directive_and_an_origin() {
        let rows = [
            (
                json!({"csp-report": {"violated-directive": "script-src 'none'", "blocked-uri": "https://a.example/x?code=1"}}),
                ("script-src", "https://a.example"),
            ),
            (
                json!([{"type": "csp-violation", "body": {"effectiveDirective": "style-src-elem", "blockedURL": "inline"}}]),
                ("style-src-elem", "inline"),
            ),
            (
                json!({"csp-report": {"effective-directive": "x\ny", "blocked-uri": "javascript:alert(1)"}}),
                ("other", "other"),
            ),
            (
                json!({"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://u:p@a.example:8443/"}}),
                ("img-src", "https://a.example:8443"),
            ),
        ];
        for (report, (directive, blocked)) in rows {
            let expected = Violation { directive, blocked: blocked.to_owned() };
            assert_eq!(violations(&report), [expected], "{report}");
        }
        for nothing in [json!({}), json!([]), json!([{"type": "deprecation", "body": {}}]), json!("x"), json!(1)] {
            assert_eq!(violations(&nothing), [], "{nothing}");
        }
    }

    #[test]
    fn a_kind_is_logged_once_an_hour_and_bodies_are_counted_by_the_minute() {
        let reports = Reports::default();
        let start = Timestamp::from_secs(0);
        let kind = |number: usize| Violation { directive: "img-src", blocked: number.to_string() };
        assert!(reports.is_first(&kind(0), start) && !reports.is_first(&kind(0), start));
        let news = (0..1000).filter(|number| reports.is_first(&kind(*number), start)).count();
        assert_eq!(news, MOST_KINDS - 1);
        assert!(reports.is_first(&kind(0), start.plus(HOUR)));
        let admitted = (0..100).filter(|_| reports.admit(start)).count();
        assert_eq!(admitted, 60);
        assert!(reports.admit(start.plus(MINUTE)));
    }
}
