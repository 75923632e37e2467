//! The administration API. Errors are problem details (RFC 9457). There is no CORS, because scripts in browsers are not
//! meant to call it.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::json;

use crate::app::App;
use crate::flows::FlowError;
use crate::flows::admin::api::{self, Administrator, ApiError};
use crate::flows::admin::{self, AdminError, Whose};
use crate::http::edge::call::Call;
use crate::http::edge::{error, retry};
use signet_protocol::admin::order::{PATH, Permission};
use signet_protocol::client::credentials::Authorization;
use signet_protocol::time::format_wait;

pub fn routes() -> Router<Arc<App>> {
    let endpoints = Router::new()
        .route("/revocations", get(revocations).post(revoke))
        .route("/revocations/sweep", post(sweep))
        .route("/users/{username}/sessions", get(sessions))
        .route("/users/{username}/grants", get(grants))
        .fallback(nothing)
        .method_not_allowed_fallback(wrong_method);
    Router::new().nest(PATH, endpoints)
}

/// A request, or the answer to a request whose body is too large.
type Arrived = Result<Call, Response>;

/// `POST /api/v1/revocations`
async fn revoke(call: Arrived) -> Response {
    let (call, administrator) = match admit(call, Permission::Revoke).await {
        Ok(admitted) => admitted,
        Err(refusal) => return *refusal,
    };
    let Ok(body) = call.json_body() else {
        return problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body must be application/json.");
    };
    answer(&call, api::revoke(&call.app.provider, &call.context, &administrator, body).await)
}

/// `GET /api/v1/revocations`
async fn revocations(call: Arrived) -> Response {
    match admit(call, Permission::Read).await {
        Ok((call, _)) => {
            answer(&call, admin::revocations(&call.app.provider.store, &call.context).await.map_err(ApiError::Admin))
        }
        Err(refusal) => *refusal,
    }
}

/// `POST /api/v1/revocations/sweep`
async fn sweep(call: Arrived) -> Response {
    match admit(call, Permission::Revoke).await {
        Ok((call, _)) => {
            let swept = admin::sweep_revocations(&call.app.provider.store, &call.context).await;
            answer(&call, swept.map(|removed| json!({ "removed": removed })).map_err(ApiError::Admin))
        }
        Err(refusal) => *refusal,
    }
}

/// `GET /api/v1/users/{username}/sessions`
async fn sessions(Path(username): Path<String>, call: Arrived) -> Response {
    match admit(call, Permission::Read).await {
        Ok((call, _)) => {
            let listed = admin::sessions(&call.app.provider.store, &call.context, &username).await;
            answer(&call, listed.map(|sessions| json!({ "sessions": sessions })).map_err(ApiError::Admin))
        }
        Err(refusal) => *refusal,
    }
}

/// `GET /api/v1/users/{username}/grants`
async fn grants(Path(username): Path<String>, call: Arrived) -> Response {
    match admit(call, Permission::Read).await {
        Ok((call, _)) => {
            let whose = Whose::User(&username);
            let listed = admin::grants(&call.app.provider.store, &call.context, whose).await;
            answer(&call, listed.map(|grants| json!({ "grants": grants })).map_err(ApiError::Admin))
        }
        Err(refusal) => *refusal,
    }
}

async fn nothing() -> Response {
    problem(StatusCode::NOT_FOUND, "There is nothing here.")
}

async fn wrong_method() -> Response {
    problem(StatusCode::METHOD_NOT_ALLOWED, "The endpoint does not support this method.")
}

/// Authorizes a request for this permission.
async fn admit(call: Arrived, permission: Permission) -> Result<(Call, Administrator), Box<Response>> {
    let Ok(call) = call else {
        return Err(Box::new(problem(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large.")));
    };
    let bearer = match call.authorization() {
        Ok(Authorization::Bearer(token)) => Ok(Some(token)),
        Ok(Authorization::None) => Ok(None),
        Ok(Authorization::Basic(_)) | Err(_) => Err(ApiError::WrongToken),
    };
    let admitted = match bearer {
        Ok(bearer) => api::admit(&call.app.provider, &call.context, bearer.as_deref(), permission).await,
        Err(error) => Err(error),
    };
    match admitted {
        Ok(administrator) => Ok((call, administrator)),
        Err(error) => Err(Box::new(refuse(&call, error))),
    }
}

fn answer(call: &Call, outcome: Result<impl Serialize, ApiError>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => refuse(call, error),
    }
}

fn refuse(call: &Call, error: ApiError) -> Response {
    let realm = &call.context.realm.issuer;
    match error {
        ApiError::NoToken => {
            let response = problem(StatusCode::UNAUTHORIZED, "An access token for this API is required.");
            challenged(response, &format!("Bearer realm=\"{realm}\""))
        }
        ApiError::WrongToken => {
            let response = problem(StatusCode::UNAUTHORIZED, "The access token is not valid here.");
            challenged(response, &format!("Bearer realm=\"{realm}\", error=\"invalid_token\""))
        }
        ApiError::Forbidden(permission) => {
            let response = problem(StatusCode::FORBIDDEN, "The access token does not allow this.");
            let scope = permission.scope();
            challenged(response, &format!("Bearer realm=\"{realm}\", error=\"insufficient_scope\", scope=\"{scope}\""))
        }
        ApiError::Order(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
        ApiError::TooMany(exceeded) => {
            let detail = retry::too_many(exceeded.wait);
            retry::with_headers(problem(StatusCode::TOO_MANY_REQUESTS, &detail), &exceeded)
        }
        ApiError::Admin(AdminError::Flow(FlowError::Unavailable(cause))) => {
            error::log_unavailable(&cause);
            let response = problem(StatusCode::SERVICE_UNAVAILABLE, "The server cannot answer now. Try again.");
            error::retry_later(response)
        }
        ApiError::Admin(AdminError::Flow(FlowError::Overloaded { cause, wait })) => {
            error::log_unavailable(cause);
            let detail = format!("The server is busy. Try again in {}.", format_wait(wait));
            error::retry_after(wait, problem(StatusCode::SERVICE_UNAVAILABLE, &detail))
        }
        ApiError::Admin(AdminError::Flow(failure)) => {
            error::log_broken(&failure.to_string());
            let detail = "Internal server error. Report the request_id to the operator.";
            problem(StatusCode::INTERNAL_SERVER_ERROR, detail)
        }
        ApiError::Admin(error @ (AdminError::Unknown(_) | AdminError::UnknownId(_))) => {
            problem(StatusCode::NOT_FOUND, &error.to_string())
        }
        ApiError::Admin(error) => problem(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

fn challenged(mut response: Response, challenge: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(challenge) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// A problem with the title of its status (RFC 9457 §4.2.1).
pub fn problem(status: StatusCode, detail: &str) -> Response {
    let title = status.canonical_reason().unwrap_or_default();
    let body = json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "detail": detail });
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body.to_string()).into_response()
}
