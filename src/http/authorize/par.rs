//! The endpoint for pushed authorization requests (RFC 9126 §2).

use axum::response::Response;

use crate::flows::authorize::par;
use crate::http::edge::call::Call;
use crate::http::edge::client_endpoint;
use signet_protocol::endpoint;

/// `POST /par`
pub async fn post(call: Call) -> Response {
    client_endpoint::answer(call, &endpoint::PAR, par::push).await
}
