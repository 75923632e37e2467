//! Rate limits and address blocks, checked before a request reaches its endpoint, and the responses to refused
//! requests.

use axum::Json;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::api;
use super::guard::Arrived;
use super::html::{self, Fault};
use crate::app::App;
use crate::protocol::address_block::Reach;
use crate::protocol::endpoint::{self, Reader};
use crate::protocol::error::ErrorCode;
use crate::protocol::rate_limit::Exceeded;
use crate::protocol::time::{Span, seconds_up, wait_in_words};

/// Refuses a request of a blocked address, or one that exceeds a limit.
pub fn refuse(app: &App, method: &Method, path: &str, arrived: &Arrived) -> Option<Response> {
    let endpoint = endpoint::at(app.base_path(), path);
    let class = endpoint.class(method.as_str())?;
    let realm = &app.realm.id;
    let now = app.clock.now();
    let blocked = arrived.address.and_then(|at| app.provider.view.blocked_until(realm, at, Reach::Everything, now));
    if let Some(until) = blocked {
        app.provider.metrics.access.blocked_requests.inc();
        let wait = until.since(now);
        let mut response = answer(app, endpoint.reader, &Refusal::blocked(wait), &arrived.id);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)));
        return Some(response);
    }
    let taken = app.provider.rates.take_of_address(realm, class, arrived.address, now);
    let exceeded = taken.err()?;
    tracing::warn!(target: "security", event = "rate_limited", policy = exceeded.policy, "refused a request");
    let response = answer(app, endpoint.reader, &Refusal::exceeded(exceeded.wait), &arrived.id);
    Some(with_headers(response, &exceeded))
}

/// The sentence about a request that exceeds a limit.
pub fn too_many(wait: Span) -> String {
    format!("There have been too many requests. Try again in {}.", wait_in_words(wait))
}

/// A refusal, before it is formatted for its reader.
struct Refusal {
    status: StatusCode,
    code: ErrorCode,
    message: String,
}

impl Refusal {
    fn blocked(wait: Span) -> Self {
        let message = format!("This address is blocked. Try again in {}.", wait_in_words(wait));
        Self { status: StatusCode::FORBIDDEN, code: ErrorCode::AccessDenied, message }
    }

    fn exceeded(wait: Span) -> Self {
        let code = ErrorCode::TemporarilyUnavailable;
        Self { status: StatusCode::TOO_MANY_REQUESTS, code, message: too_many(wait) }
    }
}

/// Adds `Retry-After` (RFC 9110 §10.2.3) and the exceeded policy (draft-ietf-httpapi-ratelimit-headers-11).
pub fn with_headers(mut response: Response, exceeded: &Exceeded) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::RETRY_AFTER, HeaderValue::from(exceeded.retry_after()));
    for (name, value) in [("ratelimit-policy", exceeded.policy_header()), ("ratelimit", exceeded.limit_header())] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response
}

/// The JSON response to a client that exceeds a limit.
pub fn exceeded_json(exceeded: &Exceeded) -> Response {
    with_headers(program(&Refusal::exceeded(exceeded.wait)), exceeded)
}

fn answer(app: &App, reader: Reader, refusal: &Refusal, id: &str) -> Response {
    let Refusal { status, message, .. } = refusal;
    match reader {
        Reader::Program => program(refusal),
        Reader::Administrator => api::problem(*status, message),
        Reader::Person => html::fault_page(app, id, Fault { status: *status, message, hint: None, back: None }),
    }
}

fn program(refusal: &Refusal) -> Response {
    let body = json!({ "error": refusal.code.as_str(), "error_description": refusal.message });
    (refusal.status, Json(body)).into_response()
}
