//! `/account/delete`: the deletion of the account by its person.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::frame::{self, Submitted};
use super::person;
use crate::flows::account::deletion::{self, Deletion};
use crate::flows::account::person::Person;
use crate::http::edge::call::Call;
use crate::http::edge::{cookies, error, html};
use crate::pages::account::{DeletePage, DeletedPage};
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;

/// `GET /account/delete`
pub async fn get(call: Call) -> Response {
    if !call.app.settings.accounts.deletion {
        return off();
    }
    match person::fresh(&call, &endpoint::ACCOUNT_DELETE).await {
        Ok(person) => page(&call, person.person(), None),
        Err(response) => *response,
    }
}

/// `POST /account/delete`
pub async fn post(call: Call) -> Response {
    if !call.app.settings.accounts.deletion {
        return off();
    }
    let Submitted { person, form } = match frame::submitted_fresh(&call, &endpoint::ACCOUNT_DELETE).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    if form.get("delete-confirm").is_none() {
        return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
    }
    let typed = form.get("username").unwrap_or_default();
    match deletion::delete(&call.app.provider, &call.context, &person, typed).await {
        Ok(Deletion::Deleted) => deleted(&call),
        Ok(Deletion::OtherName) => {
            let again = page(&call, person.person(), Some("delete-other-name"));
            (StatusCode::UNPROCESSABLE_ENTITY, again).into_response()
        }
        Err(failure) => html::failed(&call, failure),
    }
}

fn off() -> Response {
    error::plain(StatusCode::NOT_FOUND, "There is no page at this address.")
}

fn page(call: &Call, person: &Person, error: Option<&'static str>) -> Response {
    let console = frame::console(call, person, &endpoint::ACCOUNT_DELETE);
    let back = format!("{}{}", console.base, endpoint::ACCOUNT_DATA.path);
    frame::render(call, &DeletePage { page: html::page(call), console, error, back })
}

/// The page after the deletion. There is no page to lead to that this browser could still open.
fn deleted(call: &Call) -> Response {
    let mut response = html::render(&DeletedPage { page: html::page(call) }, None);
    for cookie in cookies::of(&call.app).end_session() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
