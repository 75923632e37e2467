//! The introspection endpoint (RFC 7662 §2).

use axum::response::Response;

use super::call::Call;
use super::client_endpoint;
use crate::flows::introspect;
use crate::protocol::endpoint;

/// `POST /introspect`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::INTROSPECT, introspect::introspect).await
}
