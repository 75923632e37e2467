//! The sign-in form: its page, its values, its submission, and the cookies that a successful one sets.

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use crate::flows::session::{self, FreshSession, SessionLength};
use crate::flows::sign_in::{DEVICE_LIFETIME, Submission};
use crate::http::edge::call::Call;
use crate::http::edge::csrf::BoundBrowser;
use crate::http::edge::{cookies, csrf, html};
use crate::pages::{ClientCard, LoginPage};
use signet_protocol::params::Params;
use signet_protocol::secret::DeviceCookie;
use signet_protocol::time::{Span, seconds_up};
use signet_store::session::known_devices::ListedAccount;

/// The maximum length of a user name or address, in characters.
const MAX_USERNAME: usize = 254;

/// The form's name in its CSRF token.
pub const FORM: &str = "login";

/// The parts of a sign-in page that depend on the reason for the sign-in.
pub struct Frame<'a> {
    /// The URL of the page, to which its forms are posted. It has a query.
    pub url: String,
    /// The browser that the forms are bound to.
    pub bound: BoundBrowser,
    /// The client that requested the sign-in.
    pub client: Option<ClientCard>,
    pub redirect_uri: Option<&'a str>,
}

impl Frame<'_> {
    /// The token of a form.
    pub fn csrf(&self, call: &Call) -> String {
        csrf::token(&call.app, self.bound.browser, FORM, call.context.now)
    }

    /// The URL of the form without a name.
    pub fn other_account(&self) -> String {
        format!("{}&switch=yes", self.url)
    }

    /// A page in this frame.
    pub fn respond(&self, call: &Call, template: &impl Template) -> Response {
        let mut response = html::render(template, self.redirect_uri);
        let name = self.bound.name.as_ref();
        if let Some(cookie) = name.and_then(|name| cookies::of(&call.app).identify_browser(name)) {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
        response
    }
}

/// The page with the form.
pub fn page(call: &Call, frame: &Frame<'_>, prefill: Prefill) -> Response {
    let template = LoginPage {
        page: html::page(call),
        action: frame.url.clone(),
        csrf: frame.csrf(call),
        client: frame.client.clone(),
        username: prefill.username.chars().take(MAX_USERNAME).collect(),
        error: prefill.error,
        remember: prefill.remember,
        reauthenticate: prefill.reauthenticate,
        other_account: prefill.is_listed.then(|| frame.other_account()),
    };
    frame.respond(call, &template)
}

/// The values filled into the form.
#[derive(Default)]
pub struct Prefill {
    pub username: String,
    pub error: Option<String>,
    pub remember: bool,
    pub reauthenticate: bool,
    /// True for the name of an account that the browser lists.
    pub is_listed: bool,
}

impl Prefill {
    /// The name of an account that the browser lists. Its person chose to stay signed in.
    pub fn listed(account: ListedAccount) -> Self {
        Self { username: account.username, remember: true, is_listed: true, ..Self::default() }
    }

    /// The submitted values, and why they did not suffice.
    pub fn again(submission: Submission<'_>, error: String) -> Self {
        Self {
            username: submission.username.to_owned(),
            error: Some(error),
            remember: submission.length == SessionLength::Remembered,
            ..Self::default()
        }
    }
}

/// Reads a submitted form.
pub fn submission(form: &Params) -> Submission<'_> {
    let length = if form.get("remember").is_some() { SessionLength::Remembered } else { SessionLength::Browser };
    Submission { username: form.get("username").unwrap_or_default(), form, length }
}

/// The form of a name that is paused.
pub fn locked(wait: Span, form: Response) -> Response {
    let headers = [(header::RETRY_AFTER, HeaderValue::from(seconds_up(wait)))];
    (StatusCode::TOO_MANY_REQUESTS, headers, form).into_response()
}

/// Sets the cookies of a new session and of the browser that is now known.
pub fn set_cookies(call: &Call, response: &mut Response, fresh: &FreshSession, device: &DeviceCookie) {
    let provider = &call.app.provider;
    let session = fresh.session();
    let lasting = session.remembered.then(|| session.expires_at.since(call.context.now));
    let state = provider.browsers.session_management.then(|| session::browser_state(provider, &session.id));
    let jar = cookies::of(&call.app);
    let session_cookies = jar.begin_session(fresh.cookie(), state.as_ref(), lasting);
    for cookie in session_cookies.chain(jar.remember_device(device, DEVICE_LIFETIME)) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
