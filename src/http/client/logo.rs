//! The logos of clients, served from this server's own origin, so that no third party learns who opens a sign-in page.
//! Their headers keep a browser from treating them as anything but images.

use axum::extract::Path;
use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};

use crate::flows::client::logo;
use crate::http::edge::call::Call;
use crate::http::edge::{error, oauth_error};
use signet_protocol::client::Client;
use signet_protocol::secret::Digest;
use signet_store::client::logos::Logo;

/// The path of a client's logo, if it has one. It changes with the image, so that browsers can cache it.
pub fn path(base: &str, client: &Client) -> Option<String> {
    let set_at = client.logo?;
    let id: String = url::form_urlencoded::byte_serialize(client.id.as_str().as_bytes()).collect();
    Some(format!("{base}/clients/{id}/logo?v={}", set_at.as_millis()))
}

/// `GET /clients/{client_id}/logo`
pub async fn get(Path(id): Path<String>, call: Call) -> Response {
    match logo::find(&call.app.provider, &call.context, &id).await {
        Ok(Some(logo)) => picture(&call.headers, logo),
        Ok(None) => error::plain(StatusCode::NOT_FOUND, "There is no logo."),
        Err(failure) => oauth_error::client_error(&call, failure),
    }
}

fn picture(headers: &HeaderMap, logo: Logo) -> Response {
    let digest = Digest::of(&logo.image);
    let tag: String = digest.as_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let unchanged = known
        .flat_map(|value| value.split(','))
        .any(|known| matches!(known.trim(), "*") || known.trim().trim_start_matches("W/") == tag);
    let mut response = if unchanged {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, logo.kind.media_type())], logo.image).into_response()
    };
    let answer = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ] {
        answer.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    response
}
