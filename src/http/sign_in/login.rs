//! `/login` and `/login/password`: the sign-in page of an application or of the account console, and the form for a new
//! password that may follow.

use axum::response::Response;

use super::{for_account, for_request};
use crate::http::edge::call::Call;
use crate::http::edge::html;
use signet_protocol::endpoint;

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

/// `GET /login/password`: without a verified password the person signs in first.
pub async fn back(call: Call) -> Response {
    html::see_other(&format!("{}{}?{}", call.app.base_path(), endpoint::LOGIN.path, call.query_text()))
}

/// `POST /login/password`
pub async fn change(call: Call) -> Response {
    match for_account::wanted(&call) {
        Some(wanted) => for_account::change(&call, wanted).await,
        None => for_request::change(&call).await,
    }
}
