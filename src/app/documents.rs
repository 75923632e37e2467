//! Documents that are built ahead of requests.

use std::sync::OnceLock;

use axum::http::HeaderMap;

use crate::adapters::openid_connect::metadata::{self, MetadataError};
use crate::flows::client::register;
use crate::flows::{Provider, Realm};
use crate::keys::Jwks;
use signet_protocol::endpoint;
use signet_protocol::metadata::Capabilities;
use signet_protocol::time::Timestamp;

/// Documents that are served as they are. They are rebuilt when keys or settings change, never on a request.
pub struct Documents {
    /// The discovery document.
    pub metadata: Document,
    /// The JWK set.
    pub jwks: Document,
}

/// A document with its response headers, which the first response fills in.
pub struct Document {
    pub content: Jwks,
    pub headers: OnceLock<HeaderMap>,
}

impl From<Jwks> for Document {
    fn from(content: Jwks) -> Self {
        Self { content, headers: OnceLock::new() }
    }
}

impl Documents {
    /// Builds the documents from the current keys and settings.
    pub(super) fn make(provider: &Provider, realm: &Realm, now: Timestamp) -> Result<Self, MetadataError> {
        let supported = provider.supported(&realm.id);
        let capabilities = Capabilities {
            issuer: &realm.issuer,
            grants: supported.grants,
            auth_methods: supported.auth_methods,
            algorithms: supported.algorithms,
            profiles: &provider.clients.profiles.advertised,
            decryption: &supported.decryption,
            check_session: provider.browsers.session_management.then_some(endpoint::CHECK_SESSION.path),
            registration: provider.clients.registration.is_on().then_some(register::PATH),
        };
        let body = metadata::document(&capabilities)?.to_string().into_bytes();
        let jwks = provider.keys.of(&realm.id).jwks(now);
        Ok(Self { metadata: Jwks::new(body).into(), jwks: jwks.into() })
    }
}
