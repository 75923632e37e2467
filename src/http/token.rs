//! The token endpoint (RFC 6749 §3.2).

use axum::response::Response;

use super::call::Call;
use super::client_endpoint;
use crate::flows::token;
use crate::protocol::endpoint;

/// `POST /token`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::TOKEN, token::token).await
}
