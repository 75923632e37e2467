//! `/account/sessions`: the sessions of the person, and their end.

use axum::response::Response;

use super::frame::{self, Submitted};
use super::person;
use crate::flows::FlowError;
use crate::flows::account::person::Person;
use crate::flows::account::sessions;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::{Flash, SessionLine, SessionsPage};
use signet_protocol::endpoint;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::SessionId;

/// `GET /account/sessions`
pub async fn get(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_SESSIONS;
    let person = match person::signed_in(&call, page).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let listed = match sessions::list(&call.app.provider, &call.context, &person).await {
        Ok(listed) => listed,
        Err(failure) => return html::failed(&call, failure),
    };
    let console = frame::console(&call, &person, page);
    let sessions = listed.into_iter().map(SessionLine::from).collect();
    frame::render(&call, &SessionsPage { page: html::page(&call), console, sessions })
}

/// `POST /account/sessions`
pub async fn post(call: Call) -> Response {
    let Submitted { person, form } = match frame::submitted(&call, &endpoint::ACCOUNT_SESSIONS).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    let ended = if form.get("session-end").is_some() {
        end(&call, &person, form.get("session")).await
    } else if form.get("sessions-end-others").is_some() {
        end_others(&call, &person).await
    } else if form.get("sessions-end-all").is_some() {
        end_all(&call, &person).await
    } else {
        return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
    };
    ended.unwrap_or_else(|failure| html::failed(&call, failure))
}

async fn end(call: &Call, person: &Person, named: Option<&str>) -> Result<Response, FlowError> {
    let session = named.and_then(SessionId::parse);
    let is_ended = match &session {
        Some(session) => sessions::end(&call.app.provider, &call.context, person, session).await?,
        None => false,
    };
    Ok(match session {
        Some(session) if is_ended && session == person.session.id => frame::left(call),
        Some(_) if is_ended => frame::done(call, &endpoint::ACCOUNT_SESSIONS, Flash::SESSION_ENDED),
        Some(_) | None => frame::done(call, &endpoint::ACCOUNT_SESSIONS, Flash::NO_SUCH_SESSION),
    })
}

async fn end_others(call: &Call, person: &Person) -> Result<Response, FlowError> {
    sessions::end_others(&call.app.provider, &call.context, person).await?;
    Ok(frame::done(call, &endpoint::ACCOUNT_SESSIONS, Flash::OTHERS_ENDED))
}

async fn end_all(call: &Call, person: &Person) -> Result<Response, FlowError> {
    sessions::sign_out_everywhere(&call.app.provider, &call.context, person).await?;
    Ok(frame::left(call))
}
