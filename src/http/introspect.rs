//! The introspection endpoint (RFC 7662 §2).

use axum::Json;
use axum::response::{IntoResponse as _, Response};

use super::call::Call;
use super::error;
use crate::flows::FlowError;
use crate::flows::introspect;

/// `POST /introspect`
pub async fn post(call: Call) -> Response {
    match answer(&call).await {
        Ok(response) => response,
        Err(failure) => error::client_error(&call.context, failure),
    }
}

async fn answer(call: &Call) -> Result<Response, FlowError> {
    let params = call.form_only()?;
    let authorization = call.client_authorization()?;
    let found = introspect::introspect(&call.app.provider, &call.context, &authorization, &params).await?;
    Ok(Json(found).into_response())
}
