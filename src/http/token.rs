//! The token endpoint (RFC 6749 §3.2).

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::call::Call;
use super::{cors, error};
use crate::flows::FlowError;
use crate::flows::token;

/// `POST /token`
pub async fn post(call: Call) -> Response {
    let answer = answer(&call).await;
    call.count("token", &answer);
    let response = match answer {
        Ok(response) => response,
        Err(failure) => error::client_error(&call, failure),
    };
    cors::allow(&call, response)
}

async fn answer(call: &Call) -> Result<Response, FlowError> {
    let params = call.form_only()?;
    let authorization = call.client_authorization()?;
    let tokens = token::token(&call.app.provider, call.context.clone(), &authorization, params).await?;
    Ok(([(header::PRAGMA, "no-cache")], Json(tokens)).into_response())
}
