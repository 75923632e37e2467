//! Discovery (OpenID Connect Discovery §4, RFC 8414 §3) and the key set (RFC 7517 §5): prepared, publicly cacheable
//! documents, served without the database.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::http::edge::{error, guard};
use crate::keys::Jwks;
use signet_protocol::endpoint::{JWKS, JWKS_OAUTH, JWKS_SHORT, OAUTH_METADATA, OPENID_METADATA};

/// A document that this endpoint serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Document {
    Metadata,
    Jwks,
}

impl Document {
    /// The document at a path: the metadata, whose well-known part may also precede the path of the issuer (RFC 8414
    /// §3.1), or the key set and its aliases.
    pub fn at(base: &str, path: &str) -> Option<Self> {
        const METADATA: [&str; 2] = [OPENID_METADATA.path, OAUTH_METADATA.path];
        const KEYS: [&str; 3] = [JWKS.path, JWKS_SHORT.path, JWKS_OAUTH.path];
        match path.strip_prefix(base) {
            Some(path) if METADATA.contains(&path) => Some(Self::Metadata),
            Some(path) if KEYS.contains(&path) => Some(Self::Jwks),
            _ => (path.strip_prefix(OAUTH_METADATA.path) == Some(base)).then_some(Self::Metadata),
        }
    }

    /// The response to a request with these headers.
    pub fn answer(self, app: &App, asked: &HeaderMap) -> Response {
        let documents = app.documents();
        let (document, media_type) = match self {
            Self::Metadata => (&documents.metadata, "application/json"),
            Self::Jwks => (&documents.jwks, "application/jwk-set+json"),
        };
        let mut headers = document.headers.get_or_init(|| headers(app, &document.content, media_type)).clone();
        let mut response = if is_current(asked, &document.content.etag) {
            headers.remove(header::CONTENT_TYPE);
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            Response::new(Body::from(document.content.body.clone()))
        };
        *response.headers_mut() = headers;
        response
    }
}

/// `GET` and `HEAD`
pub async fn get(State(app): State<Arc<App>>, request: Request) -> Response {
    match Document::at(app.base_path(), request.uri().path()) {
        Some(document) => document.answer(&app, request.headers()),
        None => error::not_found(request.uri().clone()).await,
    }
}

/// True if the requester already has the document with this entity tag (RFC 9110 §13.1.2).
fn is_current(asked: &HeaderMap, etag: &str) -> bool {
    let known = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known
        .flat_map(|value| value.split(','))
        .any(|tag| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == etag)
}

/// The headers of a document, including the security headers.
fn headers(app: &App, document: &Jwks, media_type: &'static str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let max_age = format!("public, max-age={}", app.settings.keys.jwks_max_age.as_secs());
    for (name, value) in [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, max_age.as_str()),
        (header::ETAG, document.etag.as_str()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    }
    guard::shield(app, &mut headers, false);
    headers
}
