//! `/account/data`: the download of everything that this server holds about the person.

use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::frame::{self, Submitted};
use super::person;
use crate::flows::account::data;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::DataPage;
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;

/// The name of the file.
const DISPOSITION: HeaderValue = HeaderValue::from_static("attachment; filename=\"account.json\"");

/// `GET /account/data`
pub async fn get(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_DATA;
    let person = match person::fresh(&call, page).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let console = frame::console(&call, person.person(), page);
    let delete = call.app.settings.accounts.deletion;
    let delete = delete.then(|| format!("{}{}", console.base, endpoint::ACCOUNT_DELETE.path));
    frame::render(&call, &DataPage { page: html::page(&call), console, delete })
}

/// `POST /account/data`
pub async fn post(call: Call) -> Response {
    let Submitted { person, form } = match frame::submitted_fresh(&call, &endpoint::ACCOUNT_DATA).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    if form.get("data-export").is_none() {
        return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
    }
    let exported = match data::export(&call.app.provider, &call.context, &person).await {
        Ok(exported) => exported,
        Err(failure) => return html::failed(&call, failure),
    };
    let json = HeaderValue::from_static("application/json");
    let headers = [(header::CONTENT_TYPE, json), (header::CONTENT_DISPOSITION, DISPOSITION)];
    (headers, format!("{exported:#}\n")).into_response()
}
