//! `GET /account`: the overview of the account console.

use axum::response::Response;

use super::person;
use crate::flows::account::overview;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::{Address, Console, OverviewPage};
use signet_protocol::endpoint;

pub async fn get(call: Call) -> Response {
    let person = match person::signed_in(&call, &endpoint::ACCOUNT).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let holdings = match overview::load(&call.app.provider, &call.context, &person).await {
        Ok(holdings) => holdings,
        Err(failure) => return html::failed(&call, failure),
    };
    let user = &person.user;
    let email = user.email.clone().map(|(address, is_verified)| Address { address, is_verified });
    let console = Console::new(call.app.base_path(), &user.username, &endpoint::ACCOUNT);
    html::render(&OverviewPage { page: html::page(&call), console, email, holdings }, None)
}
