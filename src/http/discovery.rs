//! Discovery (OpenID Connect Discovery §4, RFC 8414 §3) and the key set (RFC 7517 §5): prepared bytes, which anybody
//! may read and cache, and no database.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::keys::Jwks;

/// `GET /.well-known/openid-configuration` and `GET /.well-known/oauth-authorization-server`
pub async fn metadata(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    document(&app, &headers, &app.documents().metadata, "application/json")
}

/// `GET /.well-known/jwks.json` and its aliases
pub async fn jwks(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    document(&app, &headers, &app.documents().jwks, "application/jwk-set+json")
}

/// `OPTIONS` of both: everybody may read them.
pub async fn preflight() -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*"),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

fn document(app: &App, headers: &HeaderMap, document: &Jwks, content_type: &'static str) -> Response {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged = known
        .flat_map(|value| value.split(','))
        .any(|tag| matches!(tag.trim(), "*") || tag.trim().trim_start_matches("W/") == document.etag);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, content_type)], document.body.clone()).into_response()
    };
    let answer = response.headers_mut();
    let max_age = format!("public, max-age={}", app.settings.keys.jwks_max_age.as_secs());
    for (name, value) in [
        (header::CACHE_CONTROL, max_age.as_str()),
        (header::ETAG, document.etag.as_str()),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ] {
        if let Ok(value) = HeaderValue::from_str(value) {
            answer.insert(name, value);
        }
    }
    answer.insert(
        header::HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("cross-origin"),
    );
    response
}
