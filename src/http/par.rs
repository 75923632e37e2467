//! The endpoint for pushed authorization requests (RFC 9126 §2).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::call::Call;
use super::{cors, error};
use crate::flows::FlowError;
use crate::flows::par;

/// `POST /par`
pub async fn post(call: Call) -> Response {
    let answer = answer(&call).await;
    call.count("par", &answer);
    let response = match answer {
        Ok(response) => response,
        Err(failure) => error::client_error(&call, failure),
    };
    cors::allow(&call, response)
}

async fn answer(call: &Call) -> Result<Response, FlowError> {
    let params = call.form_only()?;
    let authorization = call.client_authorization()?;
    let pushed = par::push(&call.app.provider, &call.context, &authorization, params).await?;
    Ok((StatusCode::CREATED, Json(pushed)).into_response())
}
