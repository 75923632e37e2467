//! The sign-in page of an application, for a pending authorization request or a device.

use axum::http::StatusCode;
use axum::response::Response;

use super::form::{self, FORM, Prefill};
use crate::flows::authorize;
use crate::flows::authorize::pending::Interaction;
use crate::flows::session::{Browser, FreshSession};
use crate::flows::sign_in::{self, AccountPrompt, Purpose, Shown, SignIn};
use crate::http::authorize::interaction;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::{csrf, html, refusal};
use crate::pages::{ClientCard, LoginPage};
use signet_protocol::cause::Cause;
use signet_protocol::endpoint;
use signet_protocol::secret::DeviceCookie;

/// Shows the page.
pub async fn get(call: &Call) -> Response {
    let (params, interaction) = match interaction::shown(call).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    let prompt = if params.get("switch").is_some() { AccountPrompt::Another } else { AccountPrompt::Current };
    match sign_in::show(provider, &call.context, &interaction, call.browser, prompt).await {
        Ok(Shown::Form { username }) => page(call, &interaction, Prefill { username, ..Prefill::default() }),
        Ok(Shown::Reauthenticate(person)) => {
            call.learned.note_locale(person.locale.as_deref());
            let prefill = Prefill { username: person.username, reauthenticate: true, ..Prefill::default() };
            page(call, &interaction, prefill)
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
    let submission = form::submission(&params);
    let purpose = Purpose::Request(interaction.pending.id.clone());
    match sign_in::sign_in(provider, &call.context, submission, call.browser, &purpose).await {
        Ok(SignIn::Done { session, device }) => signed_in(call, &interaction, &session, &device).await,
        // Both sentences are the same for existing and unknown accounts.
        Ok(SignIn::Locked(wait)) => {
            note(call, &interaction, StatusCode::TOO_MANY_REQUESTS, "too many failures");
            form::locked(
                wait,
                page(call, &interaction, Prefill::again(submission, html::wait(call, "login-paused", wait))),
            )
        }
        Ok(SignIn::Failed(reason)) => {
            note(call, &interaction, StatusCode::OK, reason);
            page(call, &interaction, Prefill::again(submission, html::page(call).text("login-failed")))
        }
        Err(failure) => html::failed(call, failure),
    }
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

fn page(call: &Call, interaction: &Interaction, prefill: Prefill) -> Response {
    let redirect_uri = interaction.pending.request.redirect_uri();
    let logo = logo::path(call.app.base_path(), &interaction.client);
    let template = LoginPage {
        page: html::page(call),
        action: html::step(call.app.base_path(), &endpoint::LOGIN, &interaction.pending.id),
        csrf: csrf::token(&call.app, call.browser, FORM, call.context.now),
        client: Some(ClientCard::new(&interaction.client, redirect_uri).with_logo(logo)),
        username: prefill.shown_username(),
        error: prefill.error,
        remember: prefill.remember,
        reauthenticate: prefill.reauthenticate,
    };
    html::render(&template, redirect_uri)
}
