//! The person in front of a browser, as far as pages depend on them: the language, and the address of the page.

use std::sync::OnceLock;

use axum::http::header::{self, HeaderMap};
use axum::http::{Method, Request as HttpRequest};

use super::cookies;
use crate::app::App;
use signet_protocol::endpoint::{self, AUTHORIZE, LOGOUT};
use signet_protocol::language::{Language, Requested, Wishes};

/// The maximum length of an address that the language menu leads back to, in bytes.
const MAX_ADDRESS: usize = 2048;

/// The facts that pages depend on.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub language: Language,
    /// The path and query at which the same page can be opened again.
    pub address: Option<String>,
}

impl Viewer {
    /// The viewer of a page for a request of which only the head is known.
    pub fn of<B>(app: &App, request: &HttpRequest<B>) -> Self {
        let uri = request.uri();
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let address = format!("{}{query}", uri.path());
        Self {
            language: wishes(app, request.headers()).language(app.settings.branding.language),
            address: reopened(app, request.method(), address),
        }
    }
}

/// The wishes that a request's head states.
pub fn wishes<'a>(app: &App, headers: &'a HeaderMap) -> Wishes<'a> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|field| field.to_str().ok());
    Wishes { choice: cookies::of(app).language(headers), accepted, ..Wishes::default() }
}

/// The address, if a GET of it shows the page again. A posted logout or authorization request has its parameters in the
/// form.
pub fn reopened(app: &App, method: &Method, address: String) -> Option<String> {
    let path = address.split('?').next().unwrap_or_default();
    let endpoint = endpoint::at(app.base_path(), path);
    let is_lost = *method == Method::POST && (*endpoint == AUTHORIZE || *endpoint == LOGOUT);
    (address.len() <= MAX_ADDRESS && !is_lost).then_some(address)
}

/// The wishes that a handler learns while it works.
#[derive(Default)]
pub struct Learned {
    requested: OnceLock<Requested>,
    locale: OnceLock<String>,
}

impl Learned {
    /// Notes the languages of the authorization request for which pages are shown.
    pub fn note_request(&self, requested: Requested) {
        // Only the first request of a call counts.
        let _ = self.requested.set(requested);
    }

    /// Notes the claim `locale` of the signed-in person.
    pub fn note_locale(&self, locale: Option<&str>) {
        if let Some(locale) = locale {
            let _ = self.locale.set(locale.to_owned());
        }
    }

    /// The wishes, together with these of the head.
    pub fn with<'a>(&'a self, head: Wishes<'a>) -> Wishes<'a> {
        Wishes { requested: self.requested.get(), locale: self.locale.get().map(String::as_str), ..head }
    }
}
