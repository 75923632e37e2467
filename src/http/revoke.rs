//! The revocation endpoint (RFC 7009 §2).

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::call::Call;
use super::{cors, error};
use crate::flows::FlowError;
use crate::flows::revoke;

/// `POST /revoke`
pub async fn post(call: Call) -> Response {
    let answer = answer(&call).await;
    call.count("revoke", &answer);
    let response = match answer {
        // RFC 7009 §2.2 needs only a status, but libraries parse every answer as JSON.
        Ok(()) => Json(json!({})).into_response(),
        Err(failure) => error::client_error(&call, failure),
    };
    cors::allow(&call, response)
}

async fn answer(call: &Call) -> Result<(), FlowError> {
    let params = call.form_only()?;
    let authorization = call.client_authorization()?;
    revoke::revoke(&call.app.provider, &call.context, &authorization, &params).await
}
