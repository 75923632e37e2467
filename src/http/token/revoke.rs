//! The revocation endpoint (RFC 7009 §2).

use axum::response::Response;

use crate::flows::token::revoke;
use crate::http::edge::call::Call;
use crate::http::edge::client_endpoint;
use signet_protocol::endpoint;

/// `POST /revoke`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::REVOKE, revoke::revoke).await
}
