//! The token endpoint (RFC 6749 §3.2).

use axum::response::Response;

use crate::flows::token;
use crate::http::edge::call::Call;
use crate::http::edge::client_endpoint;
use signet_protocol::endpoint;

/// `POST /token`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::TOKEN, token::token).await
}
