//! The introspection endpoint (RFC 7662 §2).

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use super::call::Call;
use super::error;
use crate::flows::FlowError;
use crate::flows::introspect;

/// `POST /introspect`
pub async fn post(call: Call) -> Response {
    let answer = answer(&call).await;
    match &answer {
        Ok(found) if found["active"] == false => call.app.provider.count_operation("introspect", "inactive"),
        Ok(_) | Err(_) => call.count("introspect", &answer),
    }
    match answer {
        Ok(found) => Json(found).into_response(),
        Err(failure) => error::client_error(&call, failure),
    }
}

async fn answer(call: &Call) -> Result<Value, FlowError> {
    let params = call.form_only()?;
    let authorization = call.client_authorization()?;
    introspect::introspect(&call.app.provider, &call.context, &authorization, &params).await
}
