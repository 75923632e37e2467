//! The list of connected applications.

use askama::Template;

use super::{Console, When};
use crate::flows::account::applications::Application;
use crate::pages::{ClientCard, Page, ScopeLine};
use signet_protocol::authorize::redirect_uri::RedirectUri;
use signet_protocol::language::Language;

#[derive(Template)]
#[template(path = "account/applications.html")]
pub struct ApplicationsPage {
    pub page: Page,
    pub console: Console,
    pub applications: Vec<ApplicationLine>,
}

/// An application of the list.
#[derive(Clone, Debug)]
pub struct ApplicationLine {
    pub id: String,
    pub card: ClientCard,
    /// True if the application registered itself, and no operator has looked at it.
    pub is_dynamic: bool,
    pub scopes: Vec<ScopeLine>,
    pub resources: Vec<String>,
    /// True if it keeps access after the session.
    pub is_offline: bool,
    pub since: When,
    pub used: Option<When>,
}

impl ApplicationLine {
    /// The line of an application in this language, with the URL of its logo on this origin.
    pub fn new(language: Language, application: Application, logo: Option<String>) -> Self {
        let client = &application.client;
        let redirect_uri = client.metadata.redirect_uris.first().map(RedirectUri::as_str);
        Self {
            id: client.id.as_str().to_owned(),
            card: ClientCard::new(client, redirect_uri).with_logo(logo),
            is_dynamic: client.registration.is_some(),
            scopes: ScopeLine::all(language, &application.access, &application.access),
            resources: application.resources,
            is_offline: application.is_offline,
            since: application.since.into(),
            used: application.used_at.map(When::from),
        }
    }
}
