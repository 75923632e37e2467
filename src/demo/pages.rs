//! The pages of the demo application.

use askama::Template;

pub use crate::pages::{Legal, Link, Page};

/// Page with the link to sign in.
#[derive(Template)]
#[template(path = "demo/home.html")]
pub struct Home {
    pub page: Page,
    pub issuer: String,
    pub username: String,
    pub password: String,
    /// Path that starts a login.
    pub start: String,
}

/// Page after a login.
#[derive(Template)]
#[template(path = "demo/result.html")]
pub struct SignedIn {
    pub page: Page,
    pub name: String,
    pub subject: String,
    /// Verified facts, as label and value.
    pub facts: Vec<(String, String)>,
    /// Claims of the ID token, as JSON.
    pub id_token: String,
    /// Claims of userinfo, as JSON.
    pub userinfo: String,
    /// Claims of the access token, as JSON.
    pub access_token: String,
    /// Path that refreshes the tokens.
    pub refresh_action: String,
    /// Path that starts a logout.
    pub logout_action: String,
    /// Key of the message about the last action.
    pub message: Option<&'static str>,
    pub next: Vec<Link>,
}

/// Page after a failure.
#[derive(Template)]
#[template(path = "demo/error.html")]
pub struct Failure {
    pub page: Page,
    /// Key of the message.
    pub message: &'static str,
    pub detail: String,
    /// Path that starts a login.
    pub start: String,
}
