//! `/account/security/password`: the person changes the password. The current one is asked for, which counts as a fresh
//! authentication.

use axum::http::StatusCode;
use axum::response::Response;

use super::{frame, person};
use crate::flows::account::person::Person;
use crate::flows::sign_in::password_change::{self, Change};
use crate::http::edge::call::Call;
use crate::http::edge::{csrf, html, refusal};
use crate::http::sign_in::form;
use crate::pages::passwords::{ChangePasswordPage, PASSWORD_SCRIPT};
use signet_protocol::cause::Cause;
use signet_protocol::endpoint::ACCOUNT_PASSWORD;

/// The form's name in its CSRF token.
const FORM: &str = "account-password";
/// The parameter of the page after a change.
const DONE: &str = "changed";

/// `GET /.well-known/change-password` (W3C, A Well-Known URL for Changing Passwords)
pub async fn well_known(call: Call) -> Response {
    html::see_other(&format!("{}{}", call.app.base_path(), ACCOUNT_PASSWORD.path))
}

pub async fn get(call: Call) -> Response {
    let person = match person::signed_in(&call, &ACCOUNT_PASSWORD).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let is_done = call.query().is_ok_and(|query| query.get(DONE).is_some());
    page(&call, &person, Shown { is_done, ..Shown::default() })
}

pub async fn post(call: Call) -> Response {
    let person = match person::signed_in(&call, &ACCOUNT_PASSWORD).await {
        Ok(person) => person,
        Err(response) => return *response,
    };
    let params = match call.form() {
        Ok(params) => params,
        Err(error) => return html::rejected(&call, &error),
    };
    if csrf::check(&call, params.get("csrf"), FORM).is_err() {
        return html::forged(&call, None);
    }
    let provider = &call.app.provider;
    match password_change::change(provider, &call.context, &person, call.browser, &params).await {
        Ok(Change::Done { session, device }) => {
            let done = format!("{}{}?{DONE}=yes", call.app.base_path(), ACCOUNT_PASSWORD.path);
            let mut response = html::see_other(&done);
            form::set_cookies(&call, &mut response, &session, &device);
            response
        }
        Ok(Change::Refused(refused)) => {
            let new = Some(html::page(&call).password_refusal(refused));
            page(&call, &person, Shown { new, ..Shown::default() })
        }
        Ok(Change::Wrong(reason)) => {
            note(&call, StatusCode::OK, reason);
            let current = Some(html::page(&call).text("current-password-wrong"));
            page(&call, &person, Shown { current, ..Shown::default() })
        }
        Ok(Change::Locked(wait)) => {
            note(&call, StatusCode::TOO_MANY_REQUESTS, "too many failures");
            let current = Some(html::wait(call.viewer().language, "change-password-paused", wait).text);
            form::locked(wait, page(&call, &person, Shown { current, ..Shown::default() }))
        }
        Err(failure) => html::failed(&call, failure),
    }
}

/// Stores the reason of a refused change for `signet explain`.
fn note(call: &Call, status: StatusCode, reason: &'static str) {
    refusal::store_for(call, None, status, &Cause::SignIn { reason }.into());
}

/// The state of the form.
#[derive(Default)]
struct Shown {
    /// The error of the current password.
    current: Option<String>,
    /// The error of the new password.
    new: Option<String>,
    is_done: bool,
}

fn page(call: &Call, person: &Person, shown: Shown) -> Response {
    call.learned.note_locale(person.user.claims.get("locale"));
    let base = call.app.base_path();
    let template = ChangePasswordPage {
        page: html::page(call),
        console: frame::console(call, person, &ACCOUNT_PASSWORD),
        action: format!("{base}{}", ACCOUNT_PASSWORD.path),
        csrf: csrf::token(&call.app, call.browser, FORM, call.context.now),
        username: person.user.username.clone(),
        current_error: shown.current,
        error: shown.new,
        is_done: shown.is_done,
        min_chars: call.app.provider.sign_ins.passwords.rules().min_chars,
    };
    frame::with_message_shown(call, html::render_with_script(&template, None, &PASSWORD_SCRIPT))
}
