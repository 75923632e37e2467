//! The revocation endpoint (RFC 7009 §2).

use axum::response::Response;

use super::call::Call;
use super::client_endpoint;
use crate::flows::revoke;
use crate::protocol::endpoint;

/// `POST /revoke`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::REVOKE, revoke::revoke).await
}
