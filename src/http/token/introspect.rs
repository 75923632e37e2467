//! The introspection endpoint (RFC 7662 §2).

use axum::response::Response;

use crate::flows::token::introspect;
use crate::http::edge::call::Call;
use crate::http::edge::client_endpoint;
use signet_protocol::endpoint;

/// `POST /introspect`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::INTROSPECT, introspect::introspect).await
}
