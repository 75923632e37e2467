//! The authorization endpoint (RFC 6749 §3.1): GET, or POST from any site (OpenID Connect Core §3.1.2.1).

use axum::response::Response;

use crate::flows::authorize::{self, AuthorizeError};
use crate::http::edge::call::Call;
use crate::http::edge::guard::MAX_URI;
use crate::http::edge::html;
use signet_protocol::error::OAuthError;

/// `GET /authorize`
pub async fn get(call: Call) -> Response {
    answer(call).await
}

/// `POST /authorize`
pub async fn post(call: Call) -> Response {
    match with_cookies(&call) {
        Some(location) => html::see_other(&location),
        None => answer(call).await,
    }
}

/// The URL at which a browser repeats, as a GET, a request that another site made it POST. Cookies with `SameSite=Lax`
/// are not sent with such a POST (RFC 6265bis §5.6.7.1): the session would be missing, and the browser would get a new
/// identity, under which its other pending sign-ins are not found.
fn with_cookies(call: &Call) -> Option<String> {
    let foreign = call.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let query = call.as_query().filter(|_| foreign && call.browser.id.is_none() && call.browser.session.is_none())?;
    let location = format!("{}/authorize?{query}", call.app.base_path());
    (location.len() <= MAX_URI).then_some(location)
}

async fn answer(call: Call) -> Response {
    let Ok(params) = call.query_and_form() else {
        return html::rejected(&call, &OAuthError::invalid_request("The request is malformed."));
    };
    match authorize::begin(&call.app.provider, &call.context, params, call.browser).await {
        Ok(begun) => html::go(&call, begun.next, begun.cookie.as_ref()),
        Err(AuthorizeError::Page(error)) => html::rejected(&call, &error),
        Err(AuthorizeError::Flow(failure)) => html::failed(&call, failure),
    }
}
