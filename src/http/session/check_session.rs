//! The session iframe (OpenID Connect Session Management §3.2), one static page that any site may embed. Its script
//! compares the client's value with the state cookie in the browser.

use std::sync::Arc;

use askama::Template as _;
use axum::http::StatusCode;
use axum::http::header::{self, HeaderName};
use axum::response::{Html, IntoResponse as _, Response};
use axum::{Router, routing};

use crate::app::App;
use crate::http::edge::guard::Framable;
use crate::http::edge::mount::mount;
use crate::pages::{CHECK_SESSION_SCRIPT, CheckSessionPage};
use signet_protocol::endpoint;

/// The route of the page, if session management is on.
pub fn routes(app: &App) -> Router<Arc<App>> {
    if app.provider.browsers.session_management {
        mount(&endpoint::CHECK_SESSION, routing::get(get))
    } else {
        Router::new()
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
        // A page with COEP embeds only frames that consent to it.
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ];
    let mut response = (headers, Html(html)).into_response();
    response.extensions_mut().insert(Framable);
    response
}
