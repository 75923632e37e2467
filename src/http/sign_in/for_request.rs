//! The sign-in page of an application, for a pending authorization request or a device.

use axum::http::StatusCode;
use axum::response::Response;

use super::chooser;
use super::form::{self, FORM, Frame, Prefill};
use super::new_password;
use crate::flows::authorize;
use crate::flows::authorize::browser_step::BrowserStep;
use crate::flows::authorize::pending::Interaction;
use crate::flows::session::{Browser, FreshSession};
use crate::flows::sign_in::accounts;
use crate::flows::sign_in::forced_change::Changed;
use crate::flows::sign_in::{self, AccountPrompt, Purpose, Shown, SignIn};
use crate::http::authorize::interaction;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::csrf::BoundBrowser;
use crate::http::edge::{html, refusal};
use crate::pages::ClientCard;
use signet_protocol::cause::Cause;
use signet_protocol::endpoint;
use signet_protocol::params::Params;
use signet_protocol::secret::DeviceCookie;
use signet_store::session::known_devices::ListedAccount;

/// Shows the page.
pub async fn get(call: &Call) -> Response {
    let (params, interaction) = match interaction::shown(call).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    let prompt = if params.get("switch").is_some() { AccountPrompt::Another } else { AccountPrompt::Current };
    let frame = frame(call, &interaction);
    match sign_in::show(provider, &call.context, &interaction, call.browser, prompt).await {
        Ok(Shown::Form { username }) if username.is_empty() && prompt == AccountPrompt::Current => {
            chooser::first_page(call, &frame, &params).await
        }
        Ok(Shown::Form { username }) => form::page(call, &frame, Prefill { username, ..Prefill::default() }),
        Ok(Shown::SelectAccount { user, person }) => {
            call.learned.note_locale(person.locale.as_deref());
            let current = ListedAccount { id: user, username: person.username };
            chooser::with_current(call, &frame, &params, current).await
        }
        Ok(Shown::Reauthenticate(person)) => {
            call.learned.note_locale(person.locale.as_deref());
            let prefill = Prefill { username: person.username, reauthenticate: true, ..Prefill::default() };
            form::page(call, &frame, prefill)
        }
        Ok(Shown::Next(next)) => html::go(call, next, None),
        Err(failure) => html::interrupted(call, failure, Some(&interaction)),
    }
}

/// Answers a submitted form.
pub async fn post(call: &Call) -> Response {
    let (params, interaction) = match interaction::answered(call, FORM).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    if params.get("login-cancel").is_some() {
        return match sign_in::cancel(provider, &call.context, &interaction).await {
            Ok(next) => html::go(call, next, None),
            Err(failure) => html::interrupted(call, failure, Some(&interaction)),
        };
    }
    if params.get("account-forget").is_some() {
        return chooser::forget(call, &params, &frame(call, &interaction).url).await;
    }
    if params.get("account-choose").is_some() {
        return chosen(call, interaction, &params).await;
    }
    let submission = form::submission(&params);
    let purpose = Purpose::Request(interaction.pending.id.clone());
    match sign_in::sign_in(provider, &call.context, submission, call.browser, &purpose).await {
        Ok(SignIn::Done { session, device }) => signed_in(call, &interaction, &session, &device).await,
        Ok(SignIn::PasswordDue(ticket)) => {
            note(call, &interaction, StatusCode::OK, new_password::DUE);
            let shown = new_password::Shown { ticket: &ticket, username: submission.username, error: None };
            new_password::page(call, &choice(call, &interaction), shown)
        }
        // Both sentences are the same for existing and unknown accounts.
        Ok(SignIn::Locked(wait)) => {
            note(call, &interaction, StatusCode::TOO_MANY_REQUESTS, "too many failures");
            let prefill = Prefill::again(submission, html::wait(call.viewer().language, "login-paused", wait).text);
            form::locked(wait, form::page(call, &frame(call, &interaction), prefill))
        }
        Ok(SignIn::Failed(reason)) => {
            note(call, &interaction, StatusCode::OK, reason);
            let prefill = Prefill::again(submission, html::page(call).text("login-failed"));
            form::page(call, &frame(call, &interaction), prefill)
        }
        Err(failure) => html::failed(call, failure),
    }
}

/// `POST /login/password?request=ID`
pub async fn change(call: &Call) -> Response {
    let (params, interaction) = match interaction::answered(call, new_password::FORM).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let shown = new_password::Shown::again(&params);
    let purpose = Purpose::Request(interaction.pending.id.clone());
    match new_password::change(call, &params, &purpose).await {
        Ok(Changed::Done { session, device }) => signed_in(call, &interaction, &session, &device).await,
        Ok(Changed::Refused(refused)) => {
            let shown = new_password::Shown { error: Some(refused), ..shown };
            new_password::page(call, &choice(call, &interaction), shown)
        }
        Ok(Changed::Lapsed) => {
            note(call, &interaction, StatusCode::OK, new_password::LAPSED);
            form::page(call, &frame(call, &interaction), shown.sign_in_again(call))
        }
        Err(failure) => html::failed(call, failure),
    }
}

/// The frame of the form for a new password.
fn choice<'a>(call: &Call, interaction: &'a Interaction) -> Frame<'a> {
    let url = html::step(call.app.base_path(), &endpoint::LOGIN_PASSWORD, &interaction.pending.id);
    Frame { url, ..frame(call, interaction) }
}

/// Stores the reason of a failed sign-in for `signet explain`; it has already been logged.
fn note(call: &Call, interaction: &Interaction, status: StatusCode, reason: &'static str) {
    refusal::store_for(call, Some(interaction.client.id.as_str()), status, &Cause::SignIn { reason }.into());
}

/// Continues with the new session, and sets the browser's cookies.
async fn signed_in(call: &Call, interaction: &Interaction, fresh: &FreshSession, device: &DeviceCookie) -> Response {
    let browser = Browser { session: Some(fresh.cookie().digest()), ..call.browser };
    let next = authorize::advance(&call.app.provider, &call.context, interaction, browser).await;
    let mut response = match next {
        Ok(next) => html::go(call, next, None),
        Err(failure) => html::interrupted(call, failure, Some(interaction)),
    };
    form::set_cookies(call, &mut response, fresh, device);
    response
}

/// Continues with the account that the signed-in person chose.
async fn chosen(call: &Call, interaction: Interaction, params: &Params) -> Response {
    let provider = &call.app.provider;
    let next = match chooser::named(params) {
        Some(user) => accounts::choose(provider, &call.context, &interaction, call.browser, user).await,
        None => Ok(BrowserStep::Login(interaction.pending.id.clone())),
    };
    match next {
        Ok(next) => html::go(call, next, None),
        Err(failure) => html::interrupted(call, failure, Some(&interaction)),
    }
}

/// The frame of the pages of this interaction. A request waits for a browser with a cookie.
fn frame<'a>(call: &Call, interaction: &'a Interaction) -> Frame<'a> {
    let redirect_uri = interaction.pending.request.redirect_uri();
    let logo = logo::path(call.app.base_path(), &interaction.client);
    Frame {
        url: html::step(call.app.base_path(), &endpoint::LOGIN, &interaction.pending.id),
        bound: BoundBrowser { browser: call.browser, name: None },
        client: Some(ClientCard::new(&interaction.client, redirect_uri).with_logo(logo)),
        redirect_uri,
    }
}
