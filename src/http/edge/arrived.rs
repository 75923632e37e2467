//! The facts about a request that the checks before its endpoint use.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::ConnectInfo;
use axum::http::header;
use axum::http::{HeaderMap, Request as HttpRequest, Version};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::peer;
use crate::app::App;

/// The facts about a request that are known before it is handled.
#[derive(Clone, Debug)]
pub struct Arrived {
    /// The request id, as in the log and on error pages.
    pub id: String,
    pub address: Option<IpAddr>,
    /// The address as text.
    pub shown: Option<String>,
    version: Version,
    /// Set until the body has been read, if the head announces one.
    unread: Option<Arc<AtomicBool>>,
}

impl Arrived {
    /// The facts about a request that has just arrived.
    pub fn now<B>(app: &App, request: &HttpRequest<B>) -> Self {
        let connection = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0);
        let address = peer::address(app, request.headers(), connection);
        Self {
            id: app.entropy.bytes::<9>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes)).unwrap_or_default(),
            address,
            shown: address.map(|address| address.to_string()),
            version: request.version(),
            unread: announces_body(request.headers()).then(|| Arc::new(AtomicBool::new(true))),
        }
    }

    /// Records that the body was read to its end.
    pub fn note_read(&self) {
        if let Some(unread) = &self.unread {
            unread.store(false, Ordering::Relaxed);
        }
    }

    /// True if the response is the last one on its HTTP/1 connection (RFC 9112 §9.6): the server is shutting down, or
    /// the rest of the request will not be read, so that the next request could not be found.
    pub fn ends_connection(&self, app: &App) -> bool {
        let is_unread = self.unread.as_ref().is_some_and(|unread| unread.load(Ordering::Relaxed));
        self.version < Version::HTTP_2 && (app.is_draining() || is_unread)
    }
}

/// True if the head of an HTTP/1 request announces a body (RFC 9112 §6).
fn announces_body(headers: &HeaderMap) -> bool {
    headers.contains_key(header::TRANSFER_ENCODING)
        || headers.get(header::CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0")
}
