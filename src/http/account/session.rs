//! `GET /account/session`: the state of the session, for scripts of this origin. No other origin may read it.

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use crate::flows::session;
use crate::http::edge::call::Call;
use crate::http::edge::oauth_error;

/// The answer. The members besides `authenticated` are absent without a session.
#[derive(Serialize)]
struct State {
    authenticated: bool,
    /// The time of the authentication in seconds since the epoch, as in ID tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    /// The methods (RFC 8176).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    amr: Vec<String>,
}

pub async fn get(call: Call) -> Response {
    let session = match session::current(&call.app.provider, &call.context, call.browser).await {
        Ok(session) => session,
        Err(failure) => return oauth_error::client_error(&call, failure),
    };
    let state = match session.map(|session| session.authentication) {
        Some(authentication) => State {
            authenticated: true,
            auth_time: Some(authentication.time.as_secs()),
            acr: authentication.class(),
            amr: authentication.methods,
        },
        None => State { authenticated: false, auth_time: None, acr: None, amr: Vec::new() },
    };
    Json(state).into_response()
}
