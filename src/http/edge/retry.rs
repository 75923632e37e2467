//! Responses to requests that may be retried later: the sentence and the headers common to all readers.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use signet_protocol::defense::rate_limit::Exceeded;
use signet_protocol::error::ErrorCode;
use signet_protocol::time::{Span, format_wait};

/// The sentence about a request that exceeds a limit.
pub fn too_many(wait: Span) -> String {
    format!("There have been too many requests. Try again in {}.", format_wait(wait))
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

/// The 429 response to a client that exceeds a limit.
pub fn exceeded_json(exceeded: &Exceeded) -> Response {
    let code = ErrorCode::TemporarilyUnavailable;
    with_headers(program(StatusCode::TOO_MANY_REQUESTS, code, &too_many(exceeded.wait)), exceeded)
}

/// An error response for programs.
pub fn program(status: StatusCode, code: ErrorCode, message: &str) -> Response {
    let body = json!({ "error": code.as_str(), "error_description": message });
    (status, Json(body)).into_response()
}
