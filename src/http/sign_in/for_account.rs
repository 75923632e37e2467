//! The sign-in page of the account console: `/login?to=PATH`, where the path is one of its pages. With `fresh`, a
//! session whose authentication is older than ten minutes is not sufficient.

use axum::http::StatusCode;
use axum::response::Response;

use super::chooser;
use super::form::{self, FORM, Frame, Prefill};
use super::new_password;
use crate::flows::account::person::Assurance;
use crate::flows::session::FreshSession;
use crate::flows::sign_in::account::{self, Shown};
use crate::flows::sign_in::forced_change::Changed;
use crate::flows::sign_in::{self, AccountPrompt, Purpose, SignIn};
use crate::http::edge::call::Call;
use crate::http::edge::{csrf, html, refusal};
use signet_crypto::entropy::EntropyError;
use signet_protocol::cause::Cause;
use signet_protocol::endpoint::{self, Endpoint};
use signet_protocol::secret::DeviceCookie;

/// A page of the account console to sign in to.
pub struct Wanted {
    console_page: &'static Endpoint,
    assurance: Assurance,
}

impl Wanted {
    pub const fn new(console_page: &'static Endpoint, assurance: Assurance) -> Self {
        Self { console_page, assurance }
    }

    /// The URL of the sign-in page.
    pub fn url(&self, base: &str) -> String {
        self.url_of(&endpoint::LOGIN, base)
    }

    /// The URL of a step of the sign-in.
    fn url_of(&self, step: &Endpoint, base: &str) -> String {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("to", self.console_page.path);
        if self.assurance == Assurance::Fresh {
            query.append_pair("fresh", "yes");
        }
        format!("{base}{}?{}", step.path, query.finish())
    }

    /// The URL of the page itself.
    fn target(&self, base: &str) -> String {
        format!("{base}{}", self.console_page.path)
    }
}

/// The page of the account console that the query names.
pub fn wanted(call: &Call) -> Option<Wanted> {
    let query = call.query().ok()?;
    let console_page = endpoint::account_page(query.get("to")?)?;
    let assurance = if query.get("fresh").is_some() { Assurance::Fresh } else { Assurance::Session };
    Some(Wanted { console_page, assurance })
}

/// `GET /login?to=PATH`
pub async fn get(call: &Call, wanted: Wanted) -> Response {
    let query = call.query().unwrap_or_default();
    let prompt = if query.get("switch").is_some() { AccountPrompt::Another } else { AccountPrompt::Current };
    let frame = match frame(call, &wanted) {
        Ok(frame) => frame,
        Err(error) => return html::failed(call, error.into()),
    };
    let provider = &call.app.provider;
    match account::show(provider, &call.context, call.browser, prompt, wanted.assurance).await {
        Ok(Shown::SignedIn) => html::see_other(&wanted.target(call.app.base_path())),
        Ok(Shown::Form) if prompt == AccountPrompt::Current => chooser::first_page(call, &frame, &query).await,
        Ok(Shown::Form) => form::page(call, &frame, Prefill::default()),
        Ok(Shown::Reauthenticate(person)) => {
            call.learned.note_locale(person.user.claims.get("locale"));
            let username = person.user.username.clone();
            form::page(call, &frame, Prefill { username, reauthenticate: true, ..Prefill::default() })
        }
        Err(failure) => html::failed(call, failure),
    }
}

/// `POST /login?to=PATH`
pub async fn post(call: &Call, wanted: Wanted) -> Response {
    let params = match call.form() {
        Ok(params) => params,
        Err(error) => return html::rejected(call, &error),
    };
    if csrf::check(call, params.get("csrf"), FORM).is_err() {
        return html::forged(call, None);
    }
    let url = wanted.url(call.app.base_path());
    if params.get("account-forget").is_some() {
        return chooser::forget(call, &params, &url).await;
    }
    let frame = match frame(call, &wanted) {
        Ok(frame) => frame,
        Err(error) => return html::failed(call, error.into()),
    };
    let submission = form::submission(&params);
    match sign_in::sign_in(&call.app.provider, &call.context, submission, call.browser, &Purpose::Account).await {
        Ok(SignIn::Done { session, device }) => signed_in(call, &wanted, &session, &device),
        Ok(SignIn::PasswordDue(ticket)) => {
            note(call, StatusCode::OK, new_password::DUE);
            let shown = new_password::Shown { ticket: &ticket, username: submission.username, error: None };
            new_password::page(call, &choice(call, &wanted, frame), shown)
        }
        Ok(SignIn::Locked(wait)) => {
            note(call, StatusCode::TOO_MANY_REQUESTS, "too many failures");
            let prefill = Prefill::again(submission, html::wait(call.viewer().language, "login-paused", wait).text);
            form::locked(wait, form::page(call, &frame, prefill))
        }
        Ok(SignIn::Failed(reason)) => {
            note(call, StatusCode::OK, reason);
            form::page(call, &frame, Prefill::again(submission, html::page(call).text("login-failed")))
        }
        Err(failure) => html::failed(call, failure),
    }
}

/// `POST /login/password?to=PATH`
pub async fn change(call: &Call, wanted: Wanted) -> Response {
    let params = match call.form() {
        Ok(params) => params,
        Err(error) => return html::rejected(call, &error),
    };
    if csrf::check(call, params.get("csrf"), new_password::FORM).is_err() {
        return html::forged(call, None);
    }
    let frame = match frame(call, &wanted) {
        Ok(frame) => frame,
        Err(error) => return html::failed(call, error.into()),
    };
    let shown = new_password::Shown::again(&params);
    match new_password::change(call, &params, &Purpose::Account).await {
        Ok(Changed::Done { session, device }) => signed_in(call, &wanted, &session, &device),
        Ok(Changed::Refused(refused)) => {
            let shown = new_password::Shown { error: Some(refused), ..shown };
            new_password::page(call, &choice(call, &wanted, frame), shown)
        }
        Ok(Changed::Lapsed) => {
            note(call, StatusCode::OK, new_password::LAPSED);
            form::page(call, &frame, shown.sign_in_again(call))
        }
        Err(failure) => html::failed(call, failure),
    }
}

/// The frame of the form for a new password.
fn choice(call: &Call, wanted: &Wanted, frame: Frame<'static>) -> Frame<'static> {
    Frame { url: wanted.url_of(&endpoint::LOGIN_PASSWORD, call.app.base_path()), ..frame }
}

/// Continues with the new session.
fn signed_in(call: &Call, wanted: &Wanted, session: &FreshSession, device: &DeviceCookie) -> Response {
    let mut response = html::see_other(&wanted.target(call.app.base_path()));
    form::set_cookies(call, &mut response, session, device);
    response
}

/// Stores the reason of a failed sign-in for `signet explain`; it has already been logged.
fn note(call: &Call, status: StatusCode, reason: &'static str) {
    refusal::store_for(call, None, status, &Cause::SignIn { reason }.into());
}

/// The frame of the pages. Their forms are bound to the browser, so a browser without cookies gets one first.
fn frame(call: &Call, wanted: &Wanted) -> Result<Frame<'static>, EntropyError> {
    let url = wanted.url(call.app.base_path());
    call.learned.note_address(url.clone());
    Ok(Frame { url, bound: csrf::bind(call)?, client: None, redirect_uri: None })
}
