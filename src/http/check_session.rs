//! The session iframe (OpenID Connect Session Management §3.2): one page for all, which any site may hold in a frame.
//! Nothing is decided here; its script compares, in the browser, what a client's page knows with the state cookie.

use std::sync::Arc;

use askama::Template as _;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName};
use axum::response::{Html, IntoResponse as _, Response};
use axum::{Router, routing};

use super::guard::Framable;
use super::{endpoint, mount};
use crate::app::App;
use crate::pages::{CHECK_SESSION_SCRIPT, CheckSessionPage};

/// The route of the page, where it is switched on.
pub fn routes(app: &App) -> Router<Arc<App>> {
    match app.provider.session_management {
        true => mount(&endpoint::CHECK_SESSION, routing::get(get)),
        false => Router::new(),
    }
}

/// `GET /session/check`
async fn get() -> Response {
    let Ok(html) = CheckSessionPage.render() else {
        tracing::error!("a page could not be rendered");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let script = CHECK_SESSION_SCRIPT.as_str();
    let policy = format!("default-src 'none'; script-src {script}; base-uri 'none'; frame-ancestors *");
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "public, max-age=3600"),
        // A page that keeps other origins out of its process takes in only frames that consent to it.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ];
    let mut response = (headers, Html(html)).into_response();
    response.extensions_mut().insert(Framable);
    response
}
