//! The userinfo endpoint (OpenID Connect Core §5.3): the token is in the header, or in the form of a POST; never in the
//! query (RFC 6750 §2).

use axum::Json;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::flows::FlowError;
use crate::flows::token::userinfo::{self, Answer};
use crate::http::edge::call::Call;
use crate::http::edge::{cors, oauth_error};
use signet_protocol::client::credentials::Authorization;
use signet_protocol::error::{ErrorCode, OAuthError};

/// `GET /userinfo`
pub async fn get(call: Call) -> Response {
    let token = header_token(&call);
    answer(call, token).await
}

/// `POST /userinfo`
pub async fn post(call: Call) -> Response {
    let token = posted_token(&call);
    answer(call, token).await
}

async fn answer(call: Call, token: Result<Option<String>, OAuthError>) -> Response {
    let response = match token {
        Ok(None) => oauth_error::token_required(&call.context),
        Ok(Some(token)) => respond(&call, &token).await,
        Err(refusal) => oauth_error::token_error(&call, FlowError::Refused(refusal)),
    };
    cors::allow(&call, response)
}

async fn respond(call: &Call, token: &str) -> Response {
    let answer = userinfo::userinfo(&call.app.provider, &call.context, token).await;
    call.count("userinfo", &answer);
    match answer {
        Ok(Answer::Claims(claims)) => Json(claims).into_response(),
        Ok(Answer::Jwt(token)) => ([(header::CONTENT_TYPE, "application/jwt")], token).into_response(),
        Err(failure) => oauth_error::token_error(call, failure),
    }
}

fn header_token(call: &Call) -> Result<Option<String>, OAuthError> {
    match call.authorization() {
        Ok(Authorization::Bearer(token)) => Ok(Some(token)),
        Ok(Authorization::None) => Ok(None),
        // RFC 6750 §3.1 has no `invalid_client`, so the credentials of the wrong scheme are not checked.
        Ok(Authorization::Basic(_)) | Err(OAuthError { code: ErrorCode::InvalidClient, .. }) => {
            Err(OAuthError::invalid_request("The scheme of the header must be Bearer."))
        }
        Err(error) => Err(error),
    }
}

/// The token of the header or of the form, but not of both (RFC 6750 §2).
fn posted_token(call: &Call) -> Result<Option<String>, OAuthError> {
    let in_header = header_token(call)?;
    let in_form = if call.has_form() { call.form()?.get("access_token").map(str::to_owned) } else { None };
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_request("The token is in the header and in the form.")),
        (one, other) => Ok(one.or(other)),
    }
}
