//! `GET /account/security`: how the account is protected.

use axum::response::Response;

use super::{frame, person};
use crate::flows::account::overview;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::SecurityPage;
use signet_protocol::endpoint;

pub async fn get(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_SECURITY;
    let person = match person::signed_in(&call, page).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let summary = match overview::load(&call.app.provider, &call.context, &person).await {
        Ok(summary) => summary,
        Err(failure) => return html::failed(&call, failure),
    };
    let console = frame::console(&call, &person, page);
    let url = |path: &str| format!("{}{path}", console.base);
    let template = SecurityPage {
        page: html::page(&call),
        password_set: summary.password_set_at.map(Into::into),
        change_password: endpoint::account_page("/account/security/password").map(|page| url(page.path)),
        others: summary.holdings.sessions.saturating_sub(1),
        sessions: url(endpoint::ACCOUNT_SESSIONS.path),
        previous: summary.previous_sign_in.map(Into::into),
        console,
    };
    frame::render(&call, &template)
}
