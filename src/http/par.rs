//! The endpoint for pushed authorization requests (RFC 9126 §2).

use axum::response::Response;

use super::call::Call;
use super::client_endpoint;
use crate::flows::par;
use crate::protocol::endpoint;

/// `POST /par`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::PAR, par::push).await
}
