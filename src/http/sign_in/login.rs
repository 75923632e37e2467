//! The sign-in page.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use crate::flows::authorize;
use crate::flows::authorize::pending::Interaction;
use crate::flows::session::{self, Browser, FreshSession, SessionLength};
use crate::flows::sign_in::{self, AccountPrompt, DEVICE_LIFETIME, FAILURE, Shown, SignIn, Submission};
use crate::http::authorize::interaction;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::{cookies, csrf, html, refusal};
use crate::pages::{ClientCard, LoginPage};
use signet_protocol::cause::Cause;
use signet_protocol::endpoint;
use signet_protocol::params::Params;
use signet_protocol::secret::DeviceCookie;
use signet_protocol::time::seconds_up;

/// The form's name in its CSRF token.
const FORM: &str = "login";

/// `GET /login`
pub async fn get(call: Call) -> Response {
    let (params, interaction) = match interaction::shown(&call).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    let prompt = if params.get("switch").is_some() { AccountPrompt::Another } else { AccountPrompt::Current };
    match sign_in::show(provider, &call.context, &interaction, call.browser, prompt).await {
        Ok(Shown::Form { username, reauthenticate }) => {
            let prefill = Prefill { username, reauthenticate, ..Prefill::default() };
            form(&call, &interaction, prefill)
        }
        Ok(Shown::Next(next)) => html::go(&call, next, None),
        Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
    }
}

/// `POST /login`
pub async fn post(call: Call) -> Response {
    let (params, interaction) = match interaction::answered(&call, FORM).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    if params.get("login-cancel").is_some() {
        return match sign_in::cancel(provider, &call.context, &interaction).await {
            Ok(next) => html::go(&call, next, None),
            Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
        };
    }
    let submission = submission(&params);
    match sign_in::sign_in(provider, &call.context, submission, call.browser, &interaction.pending.id).await {
        Ok(SignIn::Done { session, device }) => signed_in(&call, &interaction, &session, &device).await,
        Ok(SignIn::Locked(wait)) => {
            note(&call, &interaction, StatusCode::TOO_MANY_REQUESTS, "too many failures");
            let again = form(&call, &interaction, Prefill::again(submission, sign_in::wait_message(wait)));
            let headers = [(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)))];
            (StatusCode::TOO_MANY_REQUESTS, headers, again).into_response()
        }
        Ok(SignIn::Failed(reason)) => {
            note(&call, &interaction, StatusCode::OK, reason);
            form(&call, &interaction, Prefill::again(submission, FAILURE.to_owned()))
        }
        Err(failure) => html::failed(&call, failure),
    }
}

/// Stores the reason of a failed sign-in for `signet explain`; it has already been logged.
fn note(call: &Call, interaction: &Interaction, status: StatusCode, reason: &'static str) {
    refusal::store_for(call, interaction.client.id.as_str(), status, &Cause::SignIn { reason }.into());
}

/// Continues with the new session, and sets the browser's cookies.
async fn signed_in(call: &Call, interaction: &Interaction, fresh: &FreshSession, device: &DeviceCookie) -> Response {
    let session = fresh.session();
    let browser = Browser { session: Some(fresh.cookie().digest()), ..call.browser };
    let next = authorize::advance(&call.app.provider, &call.context, interaction, browser).await;
    let mut response = match next {
        Ok(next) => html::go(call, next, None),
        Err(failure) => html::interrupted(call, failure, Some(interaction)),
    };
    let lasting = session.remembered.then(|| session.expires_at.since(call.context.now));
    let state =
        call.app.provider.browsers.session_management.then(|| session::browser_state(&call.app.provider, &session.id));
    let jar = cookies::of(&call.app);
    let session_cookies = jar.begin_session(fresh.cookie(), state.as_ref(), lasting);
    for cookie in session_cookies.chain(jar.remember_device(device, DEVICE_LIFETIME)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The values filled into the form.
#[derive(Default)]
struct Prefill {
    username: String,
    error: Option<String>,
    remember: bool,
    reauthenticate: bool,
}

impl Prefill {
    /// The submitted values, and why they did not suffice.
    fn again(submission: Submission<'_>, error: String) -> Self {
        Self {
            username: submission.username.to_owned(),
            error: Some(error),
            remember: submission.length == SessionLength::Remembered,
            reauthenticate: false,
        }
    }
}

fn form(call: &Call, interaction: &Interaction, prefill: Prefill) -> Response {
    let redirect_uri = interaction.pending.request.redirect_uri();
    let logo = logo::path(call.app.base_path(), &interaction.client);
    let template = LoginPage {
        page: html::page(&call.app),
        action: html::step(call.app.base_path(), &endpoint::LOGIN, &interaction.pending.id),
        csrf: csrf::token(&call.app, call.browser, FORM, call.context.now),
        client: Some(ClientCard::new(&interaction.client, redirect_uri).with_logo(logo)),
        username: prefill.username.chars().take(254).collect(),
        error: prefill.error,
        remember: prefill.remember,
        reauthenticate: prefill.reauthenticate,
    };
    html::render(&template, redirect_uri)
}

fn submission(form: &Params) -> Submission<'_> {
    let length = if form.get("remember").is_some() { SessionLength::Remembered } else { SessionLength::Browser };
    Submission { username: form.get("username").unwrap_or_default(), form, length }
}
