//! `/login`: the sign-in page of an application or of the account console.

use axum::response::Response;

use super::{for_account, for_request};
use crate::http::edge::call::Call;

/// `GET /login`
pub async fn get(call: Call) -> Response {
    match for_account::wanted(&call) {
        Some(wanted) => for_account::get(&call, wanted).await,
        None => for_request::get(&call).await,
    }
}

/// `POST /login`
pub async fn post(call: Call) -> Response {
    match for_account::wanted(&call) {
        Some(wanted) => for_account::post(&call, wanted).await,
        None => for_request::post(&call).await,
    }
}
