//! The registration endpoint (RFC 7591 §3) and the registrations below it (RFC 7592 §2). Neither exists if registration
//! is off.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::header;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::app::App;
use crate::flows::FlowError;
use crate::flows::client::register::{self, RegisterError, Told};
use crate::http::edge::call::Call;
use crate::http::edge::mount::mount;
use crate::http::edge::{cors, oauth_error};
use signet_protocol::client::credentials::Authorization;
use signet_protocol::endpoint;
use signet_protocol::error::ErrorCode;

/// The routes, if registration is on.
pub fn routes(app: &App) -> Router<Arc<App>> {
    if app.provider.clients.registration.is_on() {
        mount(&endpoint::REGISTER, post(register))
            .merge(mount(&endpoint::REGISTRATION, get(read).put(replace).delete(remove)))
    } else {
        Router::new()
    }
}

/// `POST /register`
async fn register(call: Call) -> Response {
    let bearer = bearer(&call);
    let registered = match call.json_body() {
        Ok(body) => register::register(&call.app.provider, &call.context, bearer.as_deref(), body).await,
        Err(refusal) => Err(refusal.into()),
    };
    cors::allow_all(answer(&call, StatusCode::CREATED, registered))
}

/// `GET /register/{client_id}`
async fn read(Path(id): Path<String>, call: Call) -> Response {
    let bearer = bearer(&call);
    let registered = register::read(&call.app.provider, &call.context, &id, bearer.as_deref()).await;
    answer(&call, StatusCode::OK, registered)
}

/// `PUT /register/{client_id}`
async fn replace(Path(id): Path<String>, call: Call) -> Response {
    let bearer = bearer(&call);
    let registered = match call.json_body() {
        Ok(body) => register::replace(&call.app.provider, &call.context, &id, bearer.as_deref(), body).await,
        Err(refusal) => Err(refusal.into()),
    };
    answer(&call, StatusCode::OK, registered)
}

/// `DELETE /register/{client_id}`
async fn remove(Path(id): Path<String>, call: Call) -> Response {
    let bearer = bearer(&call);
    match register::remove(&call.app.provider, &call.context, &id, bearer.as_deref()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refuse(&call, refusal),
    }
}

/// The bearer token. Any other `Authorization` header counts as a wrong token.
fn bearer(call: &Call) -> Option<String> {
    match call.authorization() {
        Ok(Authorization::Bearer(token)) => Some(token),
        Ok(Authorization::None) => None,
        Ok(Authorization::Basic(_)) | Err(_) => Some(String::new()),
    }
}

fn answer(call: &Call, status: StatusCode, registered: Result<Told, RegisterError>) -> Response {
    match registered {
        Ok(registered) => (status, [(header::PRAGMA, "no-cache")], Json(registered)).into_response(),
        Err(refusal) => refuse(call, refusal),
    }
}

fn refuse(call: &Call, refusal: RegisterError) -> Response {
    match refusal {
        RegisterError::NoToken => oauth_error::token_required(&call.context),
        RegisterError::TooMany(wait) => {
            let description = "Too many clients have been registered. Try again later.";
            let body = json!({
                "error": ErrorCode::TemporarilyUnavailable.as_str(), "error_description": description,
            });
            let wait = HeaderValue::from(wait.as_secs().max(1));
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)], Json(body)).into_response()
        }
        RegisterError::Flow(FlowError::Refused(refusal)) if refusal.code == ErrorCode::InvalidToken => {
            oauth_error::token_error(call, FlowError::Refused(refusal))
        }
        RegisterError::Flow(failure) => oauth_error::client_error(call, failure),
    }
}
