//! `/account/applications`: the applications with access to the account, and the end of their access.

use axum::response::Response;

use super::frame::{self, Submitted};
use super::person;
use crate::flows::account::applications;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::{ApplicationLine, ApplicationsPage, Flash};
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::ClientId;

/// `GET /account/applications`
pub async fn get(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_APPLICATIONS;
    let person = match person::signed_in(&call, page).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let listed = match applications::list(&call.app.provider, &call.context, &person).await {
        Ok(listed) => listed,
        Err(failure) => return html::failed(&call, failure),
    };
    let base = call.app.base_path();
    let language = call.viewer().language;
    let line = |application: applications::Application| {
        let logo = logo::path(base, &application.client);
        ApplicationLine::new(language, application, logo)
    };
    let console = frame::console(&call, &person, page);
    let applications = listed.into_iter().map(line).collect();
    frame::render(&call, &ApplicationsPage { page: html::page(&call), console, applications })
}

/// `POST /account/applications`
pub async fn post(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_APPLICATIONS;
    let Submitted { person, form } = match frame::submitted(&call, page).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    if form.get("application-remove").is_none() {
        return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
    }
    let Some(client) = form.get("application").and_then(ClientId::parse) else {
        return frame::done(&call, page, Flash::NO_SUCH_APPLICATION);
    };
    match applications::remove(&call.app.provider, &call.context, &person, &client).await {
        Ok(true) => frame::done(&call, page, Flash::APPLICATION_REMOVED),
        Ok(false) => frame::done(&call, page, Flash::NO_SUCH_APPLICATION),
        Err(failure) => html::failed(&call, failure),
    }
}
