//! The sign-in form: its values, its submission, and the cookies that a successful one sets.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use crate::flows::session::{self, FreshSession, SessionLength};
use crate::flows::sign_in::{DEVICE_LIFETIME, Submission};
use crate::http::edge::call::Call;
use crate::http::edge::cookies;
use signet_protocol::params::Params;
use signet_protocol::secret::DeviceCookie;
use signet_protocol::time::{Span, seconds_up};

/// The form's name in its CSRF token.
pub const FORM: &str = "login";

/// The values filled into the form.
#[derive(Default)]
pub struct Prefill {
    pub username: String,
    pub error: Option<String>,
    pub remember: bool,
    pub reauthenticate: bool,
}

impl Prefill {
    /// The submitted values, and why they did not suffice.
    pub fn again(submission: Submission<'_>, error: String) -> Self {
        Self {
            username: submission.username.to_owned(),
            error: Some(error),
            remember: submission.length == SessionLength::Remembered,
            reauthenticate: false,
        }
    }

    /// The name to fill in, no longer than a name can be.
    pub fn shown_username(&self) -> String {
        self.username.chars().take(254).collect()
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
