//! Rate limits and blocks at the door: which class a request is of, and the answers to those who are refused. What
//! everybody may read at any time, the public documents and the assets, is of no class and behind no block.

use axum::Json;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::api;
use super::guard::Arrived;
use super::html::{self, Fault};
use crate::app::App;
use crate::flows::rates::Class;
use crate::protocol::address_block::Reach;
use crate::protocol::error::ErrorCode;
use crate::protocol::rate_limit::{Exceeded, in_words, seconds_up};
use crate::protocol::time::Span;

/// Who reads the answers of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reader {
    Person,
    Program,
    Administrator,
}

/// Refuses a request of an address that is blocked or asks too often. The path is the one below the issuer's.
pub fn refuse(app: &App, method: &Method, path: &str, arrived: &Arrived) -> Option<Response> {
    let (reader, class) = classify(method, path)?;
    let (realm, now) = (&app.realm.id, app.clock.now());
    let blocked = arrived.address.and_then(|at| app.provider.view.blocked_until(realm, at, Reach::Everything, now));
    if let Some(until) = blocked {
        app.provider.metrics.access.blocked_requests.inc();
        let wait = seconds_up(until.since(now));
        let message = format!("This address is blocked. Try again in {}.", in_words(until.since(now)));
        let mut response = answer(app, reader, (StatusCode::FORBIDDEN, &message), &arrived.id);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
        return Some(response);
    }
    let taken = app.provider.rates.take_of_address(realm, class?, arrived.address, now);
    let exceeded = taken.err()?;
    tracing::warn!(target: "security", event = "rate_limited", policy = exceeded.policy, "refused a request");
    let message = too_many(exceeded.wait);
    let response = answer(app, reader, (StatusCode::TOO_MANY_REQUESTS, &message), &arrived.id);
    Some(with_headers(response, &exceeded))
}

/// The sentence about a request too many.
pub fn too_many(wait: Span) -> String {
    format!("There have been too many requests. Try again in {}.", in_words(wait))
}

/// The class of a request; nothing at all for what everybody may read at any time.
fn classify(method: &Method, path: &str) -> Option<(Reader, Option<Class>)> {
    if *method == Method::OPTIONS {
        return None;
    }
    let posted = *method == Method::POST;
    match path {
        "/jwks" | "/oauth/jwks" | "/favicon.ico" => None,
        _ if path.starts_with("/.well-known/") || path.starts_with("/assets/") => None,
        "/login" if posted => Some((Reader::Person, Some(Class::Login))),
        "/authorize" => Some((Reader::Person, Some(Class::Authorize))),
        _ if path.starts_with("/api/") => Some((Reader::Administrator, Some(Class::Api))),
        "/token" | "/par" | "/introspect" | "/revoke" | "/userinfo" => Some((Reader::Program, Some(Class::Api))),
        _ if path == "/register" || path.starts_with("/register/") => {
            Some((Reader::Program, Some(Class::Registration)))
        }
        _ => Some((Reader::Person, None)),
    }
}

/// Adds when to come back (RFC 9110 §10.2.3) and which policy it was (draft-ietf-httpapi-ratelimit-headers-11).
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

/// The answer to a client that asks too often.
pub fn exceeded_json(exceeded: &Exceeded) -> Response {
    with_headers(program((StatusCode::TOO_MANY_REQUESTS, &too_many(exceeded.wait))), exceeded)
}

fn answer(app: &App, reader: Reader, (status, message): (StatusCode, &str), id: &str) -> Response {
    match reader {
        Reader::Program => program((status, message)),
        Reader::Administrator => api::problem(status, message),
        Reader::Person => html::fault_page(app, id, Fault { status, message, hint: None, back: None }),
    }
}

fn program((status, message): (StatusCode, &str)) -> Response {
    let error =
        if status == StatusCode::FORBIDDEN { ErrorCode::AccessDenied } else { ErrorCode::TemporarilyUnavailable };
    (status, Json(json!({ "error": error.as_str(), "error_description": message }))).into_response()
}
