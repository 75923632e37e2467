//! The authorization endpoint (RFC 6749 §3.1): GET, or POST from any site (OpenID Connect Core §3.1.2.1).

use axum::response::Response;

use super::call::Call;
use super::html;
use crate::flows::authorize::{self, AuthorizeError};
use crate::protocol::authorization_request::PageFault;

/// `GET /authorize`
pub async fn get(call: Call) -> Response {
    answer(call).await
}

/// `POST /authorize`
pub async fn post(call: Call) -> Response {
    answer(call).await
}

async fn answer(call: Call) -> Response {
    let Ok(params) = call.query_and_form() else {
        return html::rejected(&call, PageFault::Malformed.message());
    };
    match authorize::begin(&call.app.provider, &call.context, &params, call.browser).await {
        Ok(begun) => html::go(&call.app, begun.next, begun.cookie.as_ref()),
        Err(AuthorizeError::Page(fault)) => html::rejected(&call, fault.message()),
        Err(AuthorizeError::Flow(failure)) => html::failed(&call, failure),
    }
}
