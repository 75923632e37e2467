//! The pages of the demo application.

use askama::Template;

pub use crate::pages::Link;

/// The first page.
#[derive(Template)]
#[template(path = "demo/home.html")]
pub struct Home {
    /// The path of the style sheet.
    pub css: String,
    /// The server that signs people in.
    pub issuer: String,
    /// Who can sign in.
    pub username: String,
    /// Their password.
    pub password: String,
    /// Where the login begins.
    pub start: String,
}

/// The page after a login.
#[derive(Template)]
#[template(path = "demo/result.html")]
pub struct SignedIn {
    /// The path of the style sheet.
    pub css: String,
    /// Who has signed in.
    pub name: String,
    /// Their `sub`.
    pub subject: String,
    /// What has been verified.
    pub facts: Vec<(String, String)>,
    /// The claims of the ID token.
    pub id_token: String,
    /// The claims of userinfo.
    pub userinfo: String,
    /// The claims of the access token.
    pub access_token: String,
    /// Where tokens are refreshed.
    pub refresh_action: String,
    /// Where the logout begins.
    pub logout_action: String,
    /// What has just happened.
    pub message: Option<String>,
    /// What to do next.
    pub next: Vec<Link>,
}

/// The page after a failure.
#[derive(Template)]
#[template(path = "demo/error.html")]
pub struct Failure {
    /// The path of the style sheet.
    pub css: String,
    /// What failed.
    pub message: String,
    /// How.
    pub detail: String,
    /// Where to begin again.
    pub start: String,
}
