//! The pages on which people choose a new password.

use std::sync::LazyLock;

use askama::Template;

use super::account::Console;
use super::{ClientCard, Page, script_source};
use crate::messages::Message;
use signet_protocol::account::password::PasswordRefusal;

/// The script that gives hints while a new password is typed, as a source for the content security policy.
pub static PASSWORD_SCRIPT: LazyLock<String> =
    LazyLock::new(|| script_source(include_str!("../../templates/scripts/password.js")));

impl Page {
    /// The sentence about a refused password.
    pub fn password_refusal(&self, refusal: PasswordRefusal) -> String {
        let key = match refusal {
            PasswordRefusal::TooShort { min_chars } => {
                return Message::new(self.language, "password-too-short").with("count", min_chars).text();
            }
            PasswordRefusal::TooLong => "password-too-long",
            PasswordRefusal::Common => "password-common",
            PasswordRefusal::Personal => "password-personal",
            PasswordRefusal::Guessable => "password-guessable",
            PasswordRefusal::Breached => "password-breached",
            PasswordRefusal::Unchanged => "password-unchanged",
        };
        self.text(key)
    }
}

/// The page for a new password in the middle of a sign-in.
#[derive(Template)]
#[template(path = "new_password.html")]
pub struct NewPasswordPage {
    pub page: Page,
    /// The URL that the form is posted to.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The client that requested the sign-in.
    pub client: Option<ClientCard>,
    /// The ticket that shows that the old password was verified.
    pub ticket: String,
    /// The name of the account, for password managers.
    pub username: String,
    /// The error of the previous submission.
    pub error: Option<String>,
    /// The minimum length of a password, in characters.
    pub min_chars: usize,
}

/// The page of the console on which a person changes the password.
#[derive(Template)]
#[template(path = "account/password.html")]
pub struct ChangePasswordPage {
    pub page: Page,
    pub console: Console,
    /// The URL that the form is posted to.
    pub action: String,
    /// The token that binds the form to the browser.
    pub csrf: String,
    /// The name of the account, for password managers.
    pub username: String,
    /// The error of the current password.
    pub current_error: Option<String>,
    /// The error of the new password.
    pub error: Option<String>,
    /// True after a change.
    pub is_done: bool,
    /// The minimum length of a password, in characters.
    pub min_chars: usize,
}
