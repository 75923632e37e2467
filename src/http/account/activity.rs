//! `/account/activity`: the events of the account, and the report that one of them was not the person.

use axum::response::Response;

use super::frame::{self, Submitted};
use super::person;
use crate::flows::account::activity;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::account::{ActivityLine, ActivityPage, DisputePage, Flash};
use signet_protocol::endpoint::{self, Endpoint};
use signet_protocol::error::OAuthError;
use signet_protocol::time::{Span, Timestamp};
use signet_store::events::audit_log::Before;

/// `GET /account/activity`, optionally before the place that the query names.
pub async fn get(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_ACTIVITY;
    let person = match person::signed_in(&call, page).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let query = call.query().unwrap_or_default();
    let newest = Before { at: call.context.now.plus(Span::from_minutes(1)), id: String::new() };
    let before = query.get("before").and_then(parse_place).unwrap_or(newest);
    let found = match activity::page(&call.app.provider, &call.context, &person, &before).await {
        Ok(found) => found,
        Err(failure) => return html::failed(&call, failure),
    };
    let console = frame::console(&call, &person, page);
    let template = ActivityPage {
        page: html::page(&call),
        older: found.next.map(|next| format!("{}?before={}", console.action, written_place(&next))),
        dispute: format!("{}{}", console.base, endpoint::ACCOUNT_DISPUTE.path),
        entries: found.entries.into_iter().map(ActivityLine::from).collect(),
        console,
    };
    frame::render(&call, &template)
}

/// A place in the query: the time of a row and its id, which is base64url.
fn written_place(before: &Before) -> String {
    format!("{}.{}", before.at.as_millis(), before.id)
}

fn parse_place(text: &str) -> Option<Before> {
    let (at, id) = text.split_once('.')?;
    let is_id = id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let at = at.parse().ok().filter(|at: &i64| *at >= 0)?;
    is_id.then(|| Before { at: Timestamp::from_millis(at), id: id.to_owned() })
}

/// `GET /account/activity/dispute`
pub async fn question(call: Call) -> Response {
    let page = &endpoint::ACCOUNT_DISPUTE;
    let person = match person::signed_in(&call, page).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let console = frame::console(&call, &person, page);
    let back = format!("{}{}", console.base, endpoint::ACCOUNT_ACTIVITY.path);
    frame::render(&call, &DisputePage { page: html::page(&call), console, back })
}

/// `POST /account/activity/dispute`
pub async fn dispute(call: Call) -> Response {
    let Submitted { person, form } = match frame::submitted(&call, &endpoint::ACCOUNT_DISPUTE).await {
        Ok(submitted) => submitted,
        Err(response) => return *response,
    };
    if form.get("confirm").is_none() {
        return html::rejected(&call, &OAuthError::invalid_request("The form is not complete."));
    }
    match activity::dispute(&call.app.provider, &call.context, &person).await {
        Ok(_) => frame::done(&call, after_dispute(), Flash::DISPUTED),
        Err(failure) => html::failed(&call, failure),
    }
}

/// The page that changes the password, which asks for the present one.
fn after_dispute() -> &'static Endpoint {
    endpoint::account_page("/account/security/password").unwrap_or(&endpoint::ACCOUNT_SECURITY)
}
