//! The person in front of a browser, as far as pages depend on them: the language, and the address of the page.

use std::sync::OnceLock;

use axum::http::Request as HttpRequest;
use axum::http::header::{self, HeaderMap};

use super::cookies;
use crate::app::App;
use signet_protocol::endpoint;
use signet_protocol::language::{Language, Requested, Wishes};

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
        let path = uri.path().strip_prefix(app.base_path()).unwrap_or(uri.path());
        Learned::default().viewer(app, Head { headers: request.headers(), path, query: uri.query() })
    }
}

/// The parts of a request's head that pages depend on.
#[derive(Clone, Copy)]
pub struct Head<'a> {
    pub headers: &'a HeaderMap,
    /// The path below the issuer's.
    pub path: &'a str,
    pub query: Option<&'a str>,
}

/// The wishes that a request's head states.
fn wishes<'a>(app: &App, headers: &'a HeaderMap) -> Wishes<'a> {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|field| field.to_str().ok());
    Wishes { choice: cookies::of(app).language(headers), accepted, ..Wishes::default() }
}

/// The address of a page that has none but its path. Pages repeat nothing of a request: links may hold tokens, codes,
/// and text that strangers have chosen.
fn reopened(app: &App, below: &str, query: Option<&str>) -> Option<String> {
    let endpoint = endpoint::ALL.iter().find(|endpoint| endpoint.is_page() && endpoint.path == below)?;
    query.is_none_or(str::is_empty).then(|| format!("{}{}", app.base_path(), endpoint.path))
}

/// The facts about the viewer that a handler learns while it works.
#[derive(Default)]
pub struct Learned {
    requested: OnceLock<Requested>,
    locale: OnceLock<String>,
    address: OnceLock<String>,
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

    /// Notes the address of the page, of which every part has been checked.
    pub fn note_address(&self, address: String) {
        let _ = self.address.set(address);
    }

    /// The viewer of a page for a request with this head.
    pub fn viewer(&self, app: &App, head: Head<'_>) -> Viewer {
        let locale = self.locale.get().map(String::as_str);
        let wishes = Wishes { requested: self.requested.get(), locale, ..wishes(app, head.headers) };
        Viewer {
            language: wishes.language(app.settings.branding.language),
            address: self.address.get().cloned().or_else(|| reopened(app, head.path, head.query)),
        }
    }
}
