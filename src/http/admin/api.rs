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
use crate::flows::admin::{Kind, Operator, RoomError};
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

/// An authorized request.
struct Admitted {
    call: Call,
    administrator: Administrator,
}

impl Admitted {
    fn operator(&self) -> Operator<'_> {
        self.administrator.operator(&self.call.app.provider, &self.call.context)
    }
}

/// `POST /api/v1/revocations`
async fn revoke(call: Arrived) -> Response {
    let Admitted { call, administrator } = match admit(call, Permission::Revoke).await {
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
        Ok(admitted) => answer(&admitted.call, admitted.operator().revocations().count().await),
        Err(refusal) => *refusal,
    }
}

/// `POST /api/v1/revocations/sweep`
async fn sweep(call: Arrived) -> Response {
    match admit(call, Permission::Revoke).await {
        Ok(admitted) => {
            let swept = admitted.operator().revocations().sweep().await;
            answer(&admitted.call, swept.map(|removed| json!({ "removed": removed })))
        }
        Err(refusal) => *refusal,
    }
}

/// `GET /api/v1/users/{username}/sessions`
async fn sessions(Path(username): Path<String>, call: Arrived) -> Response {
    match admit(call, Permission::Read).await {
        Ok(admitted) => {
            let listed = admitted.operator().people().sessions(&username).await;
            answer(&admitted.call, listed.map(|sessions| json!({ "sessions": sessions })))
        }
        Err(refusal) => *refusal,
    }
}

/// `GET /api/v1/users/{username}/grants`
async fn grants(Path(username): Path<String>, call: Arrived) -> Response {
    match admit(call, Permission::Read).await {
        Ok(admitted) => {
            let listed = admitted.operator().people().grants(&username).await;
            answer(&admitted.call, listed.map(|grants| json!({ "grants": grants })))
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
async fn admit(call: Arrived, permission: Permission) -> Result<Admitted, Box<Response>> {
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
        Ok(administrator) => Ok(Admitted { call, administrator }),
        Err(error) => Err(Box::new(refuse(&call, error))),
    }
}

fn answer(call: &Call, outcome: Result<impl Serialize, impl Into<ApiError>>) -> Response {
    match outcome {
        Ok(value) => Json(value).into_response(),
        Err(error) => refuse(call, error.into()),
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
        ApiError::Room(error) => refuse_order(&*error),
        ApiError::Failed(error) => fail(&error),
    }
}

/// Answers an error of any room by its kind.
fn refuse_order(error: &dyn RoomError) -> Response {
    match error.kind() {
        Kind::Invalid => problem(StatusCode::BAD_REQUEST, &error.to_string()),
        Kind::NotFound => problem(StatusCode::NOT_FOUND, &error.to_string()),
        Kind::Conflict => problem(StatusCode::CONFLICT, &error.to_string()),
        Kind::Failed(error) => fail(error),
    }
}

/// Answers a failure, whose cause goes to the log.
fn fail(failure: &FlowError) -> Response {
    match failure {
        FlowError::Unavailable(cause) => {
            error::log_unavailable(cause);
            let response = problem(StatusCode::SERVICE_UNAVAILABLE, "The server cannot answer now. Try again.");
            error::retry_later(response)
        }
        FlowError::Overloaded { cause, wait } => {
            error::log_unavailable(cause);
            let detail = format!("The server is busy. Try again in {}.", format_wait(*wait));
            error::retry_after(*wait, problem(StatusCode::SERVICE_UNAVAILABLE, &detail))
        }
        FlowError::Refused(_) | FlowError::TooMany(_) | FlowError::Internal(_) => {
            error::log_broken(&failure.to_string());
            let detail = "Internal server error. Report the request_id to the operator.";
            problem(StatusCode::INTERNAL_SERVER_ERROR, detail)
        }
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
