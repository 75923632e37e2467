//! Error responses for any reader: plain text, which the guard turns into a page for browsers, and the 503 of a busy
//! server. Causes of failures are logged here, once.

use axum::Json;
use axum::http::header::{self, HeaderValue};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use signet_protocol::error::ErrorCode;
use signet_protocol::time::{Span, seconds_up};

/// The value of `Retry-After` for short outages, in seconds.
const RETRY_AFTER: &str = "1";

/// The sentence of a plain-text response, for the page that a browser gets.
#[derive(Clone, Copy, Debug)]
pub struct Sentence(pub &'static str);

/// A plain-text response, which the guard replaces by a page for browsers.
pub fn plain(status: StatusCode, text: &'static str) -> Response {
    let mut response = (status, text).into_response();
    response.extensions_mut().insert(Sentence(text));
    response
}

/// The response after a panic, for programs. It repeats nothing from the request.
pub fn panicked(request_id: &str) -> Response {
    let description = "Internal server error. Report the request_id to the operator.";
    let error = ErrorCode::ServerError.as_str();
    let body = json!({ "error": error, "error_description": description, "request_id": request_id });
    let mut response = (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response();
    response.extensions_mut().insert(Sentence("Something went wrong on this server."));
    response
}

pub async fn not_found(_uri: Uri) -> Response {
    plain(StatusCode::NOT_FOUND, "There is no page at this address.")
}

/// Logs a temporary failure.
pub fn log_unavailable(cause: &str) {
    tracing::warn!(cause, "a request failed temporarily");
}

/// Logs an internal failure.
pub fn log_broken(cause: &str) {
    tracing::error!(cause, "a request failed");
}

/// A 503 with the time after which a retry can succeed.
pub fn retry_after(wait: Span, response: impl IntoResponse) -> Response {
    let seconds = HeaderValue::from(seconds_up(wait));
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, seconds)], response).into_response()
}

/// A 503 because the database is unavailable, with a short `Retry-After`.
pub fn retry_later(response: impl IntoResponse) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, RETRY_AFTER)], response).into_response()
}
