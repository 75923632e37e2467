//! The capabilities of this server as the discovery documents list them (OpenID Connect Discovery §3, RFC 8414 §2).
//! They are computed from the registries and never typed by hand, so that a server cannot advertise what it lacks.

use super::authorize::response::ResponseMode;
use super::authorize::response_type::{IMPLICIT, ResponseType};
use super::client::profile::Profile;
use super::client::{CLIENT_SECRET_JWT, ResponseSigning};
use super::jose::encryption::KeyManagement;
use super::jose::jwk::{CLIENT_ALGORITHMS, SigningAlgorithm};

/// The features of the server, from its registries, settings and keys.
pub struct Capabilities<'a> {
    /// The issuer identifier, the prefix of all endpoints.
    pub issuer: &'a str,
    /// Names in the grant registry.
    pub grants: &'a [&'static str],
    /// Names in the registry of client authentication methods.
    pub auth_methods: &'a [&'static str],
    /// Algorithms with a signing key.
    pub algorithms: &'a [SigningAlgorithm],
    /// Security profiles that clients can have.
    pub profiles: &'a [Profile],
    /// The path of the session iframe, if it is enabled (OpenID Connect Session Management §3.3).
    pub check_session: Option<&'static str>,
    /// Algorithms with a decryption key.
    pub decryption: &'a [KeyManagement],
    /// The path of client registration, if it is enabled (RFC 7591 §3).
    pub registration: Option<&'static str>,
}

impl Capabilities<'_> {
    /// Returns the URL of the endpoint at this path below the issuer.
    pub fn endpoint(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// Returns true if there is a key to decrypt with; lists that would be empty are left out (RFC 8414 §3.2).
    pub fn can_decrypt(&self) -> bool {
        !self.decryption.is_empty()
    }

    /// Returns the algorithms that responses to clients may be signed with: those of this server's keys, and of the
    /// client's own secret.
    pub fn response_algorithms(&self) -> impl Iterator<Item = &'static str> {
        let keys = self.algorithms.iter().map(|algorithm| ResponseSigning::Key(*algorithm));
        keys.chain([ResponseSigning::ClientSecret]).map(ResponseSigning::as_str)
    }

    /// Returns the algorithms that client assertions may be signed with: those of a client's keys, and of its secret if
    /// that method is available.
    pub fn assertion_algorithms(&self) -> impl Iterator<Item = &'static str> {
        let by_secret = self.auth_methods.contains(&CLIENT_SECRET_JWT).then(|| ResponseSigning::ClientSecret.as_str());
        CLIENT_ALGORITHMS.iter().copied().chain(by_secret)
    }

    /// Returns the authentication methods of clients that are not public.
    pub fn confidential_methods(&self) -> impl Iterator<Item = &'static str> {
        self.auth_methods.iter().copied().filter(|name| *name != "none")
    }

    /// Returns the response types of all profiles.
    pub fn response_types(&self) -> impl Iterator<Item = ResponseType> {
        let allowed =
            |kind: &ResponseType| self.profiles.iter().any(|profile| profile.rules().response_types.contains(kind));
        ResponseType::ALL.into_iter().filter(allowed)
    }

    /// Returns the grant types of the token endpoint, and the implicit one if a response type needs it.
    pub fn grant_types(&self) -> impl Iterator<Item = &'static str> {
        let implicit = self.response_types().any(ResponseType::needs_implicit).then_some(IMPLICIT);
        self.grants.iter().copied().chain(implicit)
    }

    /// Returns the response modes of all profiles.
    pub fn response_modes(&self) -> impl Iterator<Item = &'static str> {
        let allowed =
            |mode: &ResponseMode| self.profiles.iter().any(|profile| profile.rules().response_modes.contains(mode));
        ResponseMode::ALL.into_iter().filter(allowed).map(ResponseMode::as_str)
    }
}
