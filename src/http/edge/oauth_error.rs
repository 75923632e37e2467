//! Errors as JSON for clients (RFC 6749 §5.2, RFC 6750 §3).

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::call::Call;
use super::error::{log_broken, log_unavailable, retry_after, retry_later};
use super::{refusal, retry};
use crate::flows::{Context, FlowError};
use signet_protocol::error::{ErrorCode, OAuthError};
use signet_protocol::time::{Span, format_wait};

/// The error response of an endpoint with client authentication. `invalid_client` is a 401 with a challenge for a
/// client that used the `Authorization` header (RFC 6749 §5.2), everything else a 400, because some HTTP libraries drop
/// the body of a 401.
pub fn client_error(call: &Call, error: FlowError) -> Response {
    let used_header = call.headers.contains_key(header::AUTHORIZATION);
    match error {
        FlowError::Refused(error) if error.code == ErrorCode::InvalidClient && used_header => {
            refusal::record(call, StatusCode::UNAUTHORIZED, &error);
            let challenge = format!("Basic realm=\"{}\", charset=\"UTF-8\"", call.context.realm.issuer);
            challenged(StatusCode::UNAUTHORIZED, &challenge, &error)
        }
        FlowError::Refused(error) if error.code == ErrorCode::ServerError => broken(&error.description),
        // Devices poll for minutes; stored answers would displace the refusals that need explaining.
        FlowError::Refused(error) if error.code.is_answer_to_poll() => json_error(StatusCode::BAD_REQUEST, &error),
        FlowError::Refused(error) => {
            refusal::record(call, StatusCode::BAD_REQUEST, &error);
            json_error(StatusCode::BAD_REQUEST, &error)
        }
        FlowError::TooMany(exceeded) => retry::exceeded_json(&exceeded),
        FlowError::Unavailable(cause) => unavailable(&cause),
        FlowError::Overloaded { cause, wait } => overloaded(cause, wait),
        FlowError::Internal(cause) => broken(&cause),
    }
}

/// The error response of an endpoint with access tokens (RFC 6750 §3.1).
pub fn token_error(call: &Call, error: FlowError) -> Response {
    let realm = &call.context.realm.issuer;
    match error {
        FlowError::Refused(error) => {
            let (status, scope) = match error.code {
                ErrorCode::InsufficientScope => (StatusCode::FORBIDDEN, ", scope=\"openid\""),
                ErrorCode::InvalidToken => (StatusCode::UNAUTHORIZED, ""),
                _ => (StatusCode::BAD_REQUEST, ""),
            };
            refusal::record(call, status, &error);
            let code = error.code.as_str();
            let description = &error.description;
            let challenge =
                format!("Bearer realm=\"{realm}\", error=\"{code}\", error_description=\"{description}\"{scope}");
            challenged(status, &challenge, &error)
        }
        FlowError::TooMany(exceeded) => retry::exceeded_json(&exceeded),
        FlowError::Unavailable(cause) => unavailable(&cause),
        FlowError::Overloaded { cause, wait } => overloaded(cause, wait),
        FlowError::Internal(cause) => broken(&cause),
    }
}

/// The response to a request without a token: a challenge without an error code (RFC 6750 §3.1).
pub fn token_required(context: &Context) -> Response {
    let challenge = format!("Bearer realm=\"{}\"", context.realm.issuer);
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    if let Ok(value) = HeaderValue::from_str(&challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn challenged(status: StatusCode, challenge: &str, error: &OAuthError) -> Response {
    let mut response = json_error(status, error);
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

fn json_error(status: StatusCode, error: &OAuthError) -> Response {
    let body = json!({ "error": error.code.as_str(), "error_description": error.description });
    (status, [(header::PRAGMA, "no-cache")], Json(body)).into_response()
}

fn unavailable(cause: &str) -> Response {
    log_unavailable(cause);
    retry_later(unavailable_json("The server cannot answer now. Try again."))
}

fn overloaded(cause: &str, wait: Span) -> Response {
    log_unavailable(cause);
    retry_after(wait, unavailable_json(&format!("The server is busy. Try again in {}.", format_wait(wait))))
}

fn unavailable_json(description: &str) -> Json<Value> {
    let error = ErrorCode::TemporarilyUnavailable.as_str();
    Json(json!({ "error": error, "error_description": description }))
}

fn broken(cause: &str) -> Response {
    log_broken(cause);
    let error =
        OAuthError::new(ErrorCode::ServerError, "Internal server error. Report the request_id to the operator.");
    json_error(StatusCode::INTERNAL_SERVER_ERROR, &error)
}
