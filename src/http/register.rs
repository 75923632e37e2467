//! The registration endpoint (RFC 7591 §3) and the registrations below it (RFC 7592 §2). Where registration is off,
//! neither is there.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::header;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::call::Call;
use super::{cors, endpoint, error, mount};
use crate::app::App;
use crate::flows::FlowError;
use crate::flows::register::{self, RegisterError, Told};
use crate::protocol::credentials::Authorization;
use crate::protocol::error::ErrorCode;

/// The endpoints, where there are any.
pub fn routes(app: &App) -> Router<Arc<App>> {
    match app.provider.registration.is_on() {
        false => Router::new(),
        true => mount(&endpoint::REGISTER, post(register))
            .merge(mount(&endpoint::REGISTRATION, get(read).put(replace).delete(remove))),
    }
}

/// `POST /register`
async fn register(call: Call) -> Response {
    let bearer = bearer(&call);
    let told = match call.json_body() {
        Ok(body) => register::register(&call.app.provider, &call.context, bearer.as_deref(), body).await,
        Err(refusal) => Err(refusal.into()),
    };
    cors::allow_all(answer(&call, StatusCode::CREATED, told))
}

/// `GET /register/{client_id}`
async fn read(Path(id): Path<String>, call: Call) -> Response {
    let bearer = bearer(&call);
    let told = register::read(&call.app.provider, &call.context, &id, bearer.as_deref()).await;
    answer(&call, StatusCode::OK, told)
}

/// `PUT /register/{client_id}`
async fn replace(Path(id): Path<String>, call: Call) -> Response {
    let bearer = bearer(&call);
    let told = match call.json_body() {
        Ok(body) => register::replace(&call.app.provider, &call.context, (&id, bearer.as_deref()), body).await,
        Err(refusal) => Err(refusal.into()),
    };
    answer(&call, StatusCode::OK, told)
}

/// `DELETE /register/{client_id}`
async fn remove(Path(id): Path<String>, call: Call) -> Response {
    let bearer = bearer(&call);
    match register::remove(&call.app.provider, &call.context, &id, bearer.as_deref()).await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(refusal) => refuse(&call, refusal),
    }
}

/// The token of the header. A header that is anything else is a token that cannot be right.
fn bearer(call: &Call) -> Option<String> {
    match call.authorization() {
        Ok(Authorization::Bearer(token)) => Some(token),
        Ok(Authorization::None) => None,
        Ok(Authorization::Basic(_)) | Err(_) => Some(String::new()),
    }
}

fn answer(call: &Call, status: StatusCode, told: Result<Told, RegisterError>) -> Response {
    match told {
        Ok(told) => (status, [(header::PRAGMA, "no-cache")], Json(told)).into_response(),
        Err(refusal) => refuse(call, refusal),
    }
}

fn refuse(call: &Call, refusal: RegisterError) -> Response {
    match refusal {
        RegisterError::NoToken => error::token_required(&call.context),
        RegisterError::TooMany(wait) => {
            let description = "Too many clients have been registered. Try again later.";
            let body = json!({
                "error": ErrorCode::TemporarilyUnavailable.as_str(), "error_description": description,
            });
            let wait = HeaderValue::from(wait.as_secs().max(1));
            (StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, wait)], Json(body)).into_response()
        }
        RegisterError::Flow(FlowError::Refused(refusal)) if refusal.code == ErrorCode::InvalidToken => {
            error::token_error(call, FlowError::Refused(refusal))
        }
        RegisterError::Flow(failure) => error::client_error(call, failure),
    }
}
