//! The sign-in page.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use crate::flows::authorize;
use crate::flows::authorize::pending::Interaction;
use crate::flows::session::{self, Browser, SessionLength};
use crate::flows::sign_in::password::{self, AccountPrompt, Credentials, DEVICE_LIFETIME, FAILURE, Shown, SignIn};
use crate::http::authorize::interaction;
use crate::http::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::{cookies, csrf, html, refusal};
use crate::pages::{ClientCard, LoginPage};
use signet_protocol::cause::Cause;
use signet_protocol::endpoint;
use signet_protocol::params::Params;
use signet_protocol::secret::{Password, SessionCookie};
use signet_protocol::time::seconds_up;
use signet_store::session::sessions::Session;

/// The form's name in its CSRF token.
const FORM: &str = "login";

/// `GET /login`
pub async fn get(call: Call) -> Response {
    let (params, interaction) = match interaction::shown(&call).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let provider = &call.app.provider;
    let switch = if params.get("switch").is_some() { AccountPrompt::Another } else { AccountPrompt::Current };
    match password::show(provider, &call.context, &interaction, call.browser, switch).await {
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
        return match password::cancel(provider, &call.context, &interaction).await {
            Ok(next) => html::go(&call, next, None),
            Err(failure) => html::interrupted(&call, failure, Some(&interaction)),
        };
    }
    let typed = credentials(&params);
    let username = typed.username.clone();
    let remember = typed.remember;
    match password::sign_in(provider, &call.context, typed, call.browser, &interaction.pending.id).await {
        Ok(SignIn::Done { session, cookie, device }) => {
            let mut response = signed_in(&call, &interaction, &session, &cookie).await;
            let device = cookies::of(&call.app).remember_device(&device, DEVICE_LIFETIME);
            response.headers_mut().extend(device.map(|device| (header::SET_COOKIE, device)));
            response
        }
        Ok(SignIn::Locked(wait)) => {
            note(&call, &interaction, StatusCode::TOO_MANY_REQUESTS, "too many failures");
            let error = Some(password::wait_message(wait));
            let prefill =
                Prefill { username, error, remember: remember == SessionLength::Remembered, reauthenticate: false };
            let headers = [(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)))];
            (StatusCode::TOO_MANY_REQUESTS, headers, form(&call, &interaction, prefill)).into_response()
        }
        Ok(SignIn::Failed(reason)) => {
            note(&call, &interaction, StatusCode::OK, reason);
            let error = Some(FAILURE.to_owned());
            let prefill =
                Prefill { username, error, remember: remember == SessionLength::Remembered, reauthenticate: false };
            form(&call, &interaction, prefill)
        }
        Err(failure) => html::failed(&call, failure),
    }
}

/// Stores the reason of a failed sign-in for `signet explain`; it has already been logged.
fn note(call: &Call, interaction: &Interaction, status: StatusCode, reason: &'static str) {
    refusal::keep_of(call, interaction.client.id.as_str(), status, &Cause::SignIn { reason }.into());
}

/// Continues with the new session.
async fn signed_in(call: &Call, interaction: &Interaction, session: &Session, cookie: &SessionCookie) -> Response {
    let browser = Browser { session: Some(cookie.digest()), ..call.browser };
    let next = authorize::advance(&call.app.provider, &call.context, interaction, browser).await;
    let mut response = match next {
        Ok(next) => html::go(call, next, None),
        Err(failure) => html::interrupted(call, failure, Some(interaction)),
    };
    let lasting = session.remembered.then(|| session.expires_at.since(call.context.now));
    let state =
        call.app.provider.browsers.session_management.then(|| session::browser_state(&call.app.provider, &session.id));
    for cookie in cookies::of(&call.app).begin_session(cookie, state.as_ref(), lasting) {
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

fn credentials(params: &Params) -> Credentials {
    let text = |name| params.get(name).unwrap_or_default().to_owned();
    let remember = if params.get("remember").is_some() { SessionLength::Remembered } else { SessionLength::Browser };
    Credentials { username: text("username"), password: Password::new(text("password")), remember }
}
