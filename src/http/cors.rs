//! CORS for the endpoints that scripts of clients may call: only from origins that an enabled client has registered,
//! never with credentials, never for `null`.

use axum::http::StatusCode;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::response::{IntoResponse as _, Response};

use super::call::Call;

/// `OPTIONS` of such an endpoint.
pub async fn preflight(call: Call) -> Response {
    let mut response = allow(&call, StatusCode::NO_CONTENT.into_response()).await;
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
pub async fn allow(call: &Call, mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    let Some(origin) = call.headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok()) else {
        return response;
    };
    let known =
        origin != "null" && call.app.provider.view.knows_origin(&call.context.realm.id, origin).await.unwrap_or(false);
    if let Ok(origin) = HeaderValue::from_str(origin)
        && known
    {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static("www-authenticate, retry-after, x-request-id"),
        );
        let wide = HeaderValue::from_static("cross-origin");
        headers.insert(HeaderName::from_static("cross-origin-resource-policy"), wide);
    }
    response
}
