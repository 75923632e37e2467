//! CORS for the endpoints that scripts may call: from origins registered by an enabled client, never for `null`;
//! registration and public documents from all origins. Never with credentials.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::call::Call;

/// The response headers that a script may read.
const EXPOSED: &str = "www-authenticate, retry-after, x-request-id";

/// `OPTIONS` for registered origins.
pub async fn preflight(call: Call) -> Response {
    let mut response = allow(&call, StatusCode::NO_CONTENT.into_response());
    if response.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        let headers = response.headers_mut();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
            (header::ACCESS_CONTROL_MAX_AGE, "3600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    response
}

/// `OPTIONS` for an endpoint that scripts of all origins may call with these methods. `*` does not cover the header
/// `Authorization` (Fetch §3.3.3).
pub fn preflight_of_all(methods: &'static str) -> Response {
    let headers = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, methods),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "*, authorization"),
        (header::ACCESS_CONTROL_MAX_AGE, "3600"),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Lets the scripts of all origins read the response.
pub fn allow_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets the script that sent the request read the response, if its origin is registered.
pub fn allow(call: &Call, mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = call.headers.get(header::ORIGIN) else { return response };
    let knows = |origin: &str| call.app.provider.view.knows_origin(&call.context.realm.id, origin);
    if origin.to_str().is_ok_and(knows) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
        let wide = HeaderValue::from_static("cross-origin");
        headers.insert(HeaderName::from_static("cross-origin-resource-policy"), wide);
    }
    response
}
