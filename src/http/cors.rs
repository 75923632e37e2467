//! CORS for the endpoints that scripts of clients may call: only from origins that an enabled client has registered,
//! never with credentials, never for `null`.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::call::Call;

/// `OPTIONS` of such an endpoint.
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

/// Lets the script that sent the request read the answer, if its origin is registered.
pub fn allow(call: &Call, mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = call.headers.get(header::ORIGIN) else { return response };
    let knows = |origin: &str| call.app.provider.view.knows_origin(&call.context.realm.id, origin);
    if origin.to_str().is_ok_and(knows) {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("www-authenticate, retry-after, x-request-id"),
        );
        let wide = HeaderValue::from_static("cross-origin");
        headers.insert(HeaderName::from_static("cross-origin-resource-policy"), wide);
    }
    response
}
