//! The form with which a person whose password must be replaced chooses another one, before they are signed in.

use axum::response::Response;

use super::form::{Frame, Prefill};
use crate::flows::FlowError;
use crate::flows::sign_in::Purpose;
use crate::flows::sign_in::forced_change::{self, Changed, Choice};
use crate::flows::sign_in::ticket::Place;
use crate::http::edge::call::Call;
use crate::http::edge::{csrf, html};
use crate::pages::passwords::{NewPasswordPage, PASSWORD_SCRIPT};
use signet_protocol::account::password::PasswordRefusal;
use signet_protocol::params::Params;
use signet_protocol::secret::Password;

/// The form's name in its CSRF token.
pub const FORM: &str = "login-password";
/// The reason in the log of a sign-in that asks for a new password.
pub const DUE: &str = "password must be changed";
/// The reason of one that came too late.
pub const LAPSED: &str = "password change lapsed";

/// Sets the submitted password.
pub async fn change(call: &Call, params: &Params, purpose: &Purpose) -> Result<Changed, FlowError> {
    let text = |name: &str| params.get(name).unwrap_or_default();
    let place = Place { browser: call.browser, purpose };
    let choice = Choice { ticket: text("ticket"), password: Password::new(text("new-password").to_owned()) };
    forced_change::change(&call.app.provider, &call.context, place, choice).await
}

/// The values of the form.
pub struct Shown<'a> {
    pub ticket: &'a str,
    /// The typed name, for password managers.
    pub username: &'a str,
    pub error: Option<PasswordRefusal>,
}

impl<'a> Shown<'a> {
    /// The submitted values, without the password.
    pub fn again(params: &'a Params) -> Self {
        let text = |name: &str| params.get(name).unwrap_or_default();
        Self { ticket: text("ticket"), username: text("username"), error: None }
    }

    /// The sign-in form, if the ticket is not valid any more.
    pub fn sign_in_again(&self, call: &Call) -> Prefill {
        let error = html::page(call).text("new-password-late");
        Prefill { username: self.username.to_owned(), error: Some(error), ..Prefill::default() }
    }
}

/// The page with the form for a new password.
pub fn page(call: &Call, frame: &Frame<'_>, shown: Shown<'_>) -> Response {
    let template = NewPasswordPage {
        page: html::page(call),
        action: frame.url.clone(),
        csrf: csrf::token(&call.app, frame.bound.browser, FORM, call.context.now),
        client: frame.client.clone(),
        ticket: shown.ticket.to_owned(),
        username: shown.username.chars().take(254).collect(),
        error: shown.error.map(|refusal| html::page(call).password_refusal(refusal)),
        min_chars: call.app.provider.sign_ins.passwords.rules().min_chars,
    };
    html::render_with_script(&template, frame.redirect_uri, &PASSWORD_SCRIPT)
}
