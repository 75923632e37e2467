//! The choice of an account on the sign-in page.

use axum::response::Response;

use super::form::{self, Frame, Prefill};
use crate::flows::FlowError;
use crate::flows::sign_in::accounts;
use crate::http::edge::call::Call;
use crate::http::edge::html;
use crate::pages::sign_in::{AccountChoice, ChooseAccountPage};
use signet_protocol::ids::UserId;
use signet_protocol::params::Params;
use signet_store::session::known_devices::ListedAccount;

/// The first page of a sign-in without a name: the choice of an account, or the form.
pub async fn first_page(call: &Call, frame: &Frame<'_>, query: &Params) -> Response {
    let listed = match accounts::listed(&call.app.provider, &call.context, call.browser).await {
        Ok(listed) => listed,
        Err(failure) => return html::failed(call, failure),
    };
    let named = query.get("account");
    if let Some(chosen) = listed.iter().find(|account| Some(account.id.as_str()) == named) {
        return form::page(call, frame, Prefill::listed(chosen.clone()));
    }
    if listed.len() > 1 {
        return page(call, frame, listed.into_iter().map(|account| choice(account, Standing::SignedOut)).collect());
    }
    let prefill = listed.into_iter().next().map(Prefill::listed).unwrap_or_default();
    form::page(call, frame, prefill)
}

/// The choice between the signed-in person's account and others.
pub async fn with_current(call: &Call, frame: &Frame<'_>, query: &Params, current: ListedAccount) -> Response {
    let listed = match accounts::listed(&call.app.provider, &call.context, call.browser).await {
        Ok(listed) => listed,
        Err(failure) => return html::failed(call, failure),
    };
    let is_current = |account: &&ListedAccount| account.id == current.id;
    let named = query.get("account").filter(|named| *named != current.id.as_str());
    if let Some(chosen) = listed.iter().find(|account| Some(account.id.as_str()) == named) {
        return form::page(call, frame, Prefill::listed(chosen.clone()));
    }
    let standing =
        if listed.iter().any(|account| is_current(&account)) { Standing::Current } else { Standing::Unlisted };
    let others = listed.into_iter().filter(|account| !is_current(&account));
    let others: Vec<AccountChoice> = others.map(|account| choice(account, Standing::SignedOut)).collect();
    page(call, frame, [choice(current, standing)].into_iter().chain(others).collect())
}

/// The relation of an account to the browser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// Listed, without a session.
    SignedOut,
    /// Listed, with the browser's session.
    Current,
    /// With the browser's session, but not listed.
    Unlisted,
}

fn choice(account: ListedAccount, standing: Standing) -> AccountChoice {
    AccountChoice {
        id: account.id.as_str().to_owned(),
        username: account.username,
        is_signed_in: standing != Standing::SignedOut,
        is_listed: standing != Standing::Unlisted,
    }
}

fn page(call: &Call, frame: &Frame<'_>, accounts: Vec<AccountChoice>) -> Response {
    let template = ChooseAccountPage {
        page: html::page(call),
        url: frame.url.clone(),
        csrf: frame.csrf(call),
        client: frame.client.clone(),
        other_account: frame.other_account(),
        accounts,
    };
    frame.respond(call, &template)
}

/// The account that a form of the page names.
pub fn named(params: &Params) -> Option<UserId> {
    params.get("account").and_then(UserId::parse)
}

/// Removes the account that a form names from the list, and shows the page again.
pub async fn forget(call: &Call, params: &Params, url: &str) -> Response {
    match forgotten(call, params).await {
        Ok(()) => html::see_other(url),
        Err(failure) => html::failed(call, failure),
    }
}

async fn forgotten(call: &Call, params: &Params) -> Result<(), FlowError> {
    match named(params) {
        Some(user) => accounts::forget(&call.app.provider, &call.context, call.browser, user).await,
        None => Ok(()),
    }
}
