//! The client registry's record: RFC 7591 metadata with the members of this server, checked as a whole.
//! Which grants and authentication methods exist is told by the registries, not known here.

mod advice;
mod cap;
mod changes;
mod metadata;
mod narrowing;
mod rules;
mod scopes;
mod uris;

pub use cap::Cap;
pub use changes::Losses;
pub use metadata::{AccessTokenFormat, ApplicationType, ClientMetadata, Encryption, ResponseSigning, SubjectType};
pub use narrowing::Narrowing;
pub use rules::MetadataError;
pub use scopes::UnknownScopes;
pub use uris::{MAX_ORIGIN, is_loopback, is_resource};

use std::borrow::Cow;

use super::access_token::Audience;
use super::cause::{Cause, Shown};
use super::error::OAuthError;
use super::ids::ClientId;
use super::jwe::KeyManagement;
use super::jwk::SigningAlgorithm;
use super::pkce::PkceRule;
use super::profile::{Arrival, Profile};
use super::registration::Registration;
use super::resource::HeaderChoice;
use super::response_type::ResponseType;
use super::scope::{OFFLINE_ACCESS, Scope};
use super::secret::Digest;
use super::time::{Span, Timestamp};

/// The `token_endpoint_auth_method` of public clients (RFC 7591 §2).
pub const AUTH_NONE: &str = "none";
/// The `token_endpoint_auth_method` of clients that send their secret in the header or in the body, as their library
/// does it. It is this server's own: no client can register it (RFC 7591 §2), and discovery does not name it.
pub const CLIENT_SECRET: &str = "client_secret";
/// The methods that [`CLIENT_SECRET`] stands for (RFC 6749 §2.3.1).
pub const BY_SECRET: [&str; 2] = [CLIENT_SECRET_BASIC, "client_secret_post"];
/// The `token_endpoint_auth_method` of clients that register none (RFC 7591 §2).
pub const CLIENT_SECRET_BASIC: &str = "client_secret_basic";
/// The `token_endpoint_auth_method` of assertions that are keyed by the client's secret (OpenID Connect Core §9).
pub const CLIENT_SECRET_JWT: &str = "client_secret_jwt";
/// The name of the authorization code grant (RFC 6749 §4.1.3).
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// The name of the client credentials grant (RFC 6749 §4.4.2).
pub const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The name of the refresh token grant (RFC 6749 §6).
pub const REFRESH_TOKEN: &str = "refresh_token";

/// What the registries and the keyring offer, for a client to choose from.
#[derive(Clone)]
pub struct Supported<'a> {
    /// The names in the grant registry.
    pub grants: &'a [&'static str],
    /// The names in the registry of client authentication methods.
    pub auth_methods: &'a [&'static str],
    /// The algorithms that there are signing keys for.
    pub algorithms: &'a [SigningAlgorithm],
    /// The security profiles that a client may be given.
    pub profiles: &'a [Profile],
    /// The algorithms by which request objects may be encrypted.
    pub decryption: Cow<'a, [KeyManagement]>,
}

impl Supported<'_> {
    /// The same for a change of a client with this metadata, which may keep an algorithm that is no longer offered.
    pub fn with_held(mut self, held: &ClientMetadata) -> Self {
        self.decryption.to_mut().extend(held.request_object_encryption_alg);
        self
    }

    /// Checks the profile that a client is given; one that it already has is not checked again.
    ///
    /// # Errors
    /// [`MetadataError::Profile`] where the settings do not allow it.
    pub fn check_profile(&self, profile: Profile) -> Result<(), MetadataError> {
        match self.profiles.contains(&profile) {
            true => Ok(()),
            false => Err(MetadataError::Profile(profile.rules().name)),
        }
    }
}

/// One of a client's secrets: two may be valid while one replaces the other.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    /// The digest of the secret.
    pub digest: Digest,
    /// The secret itself, sealed, where it is needed.
    pub sealed: Option<Vec<u8>>,
    /// When the secret stops working, if that is decided.
    pub expires_at: Option<Timestamp>,
    /// Whether it is short enough to be guessed.
    pub is_weak: bool,
}

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    /// The `client_id`.
    pub id: ClientId,
    /// What the client registered.
    pub metadata: ClientMetadata,
    /// The client's secrets, the newest first.
    pub secrets: Vec<SecretRecord>,
    /// Whether the client may do anything at all.
    pub enabled: bool,
    /// How it is kept, where it has registered itself.
    pub registration: Option<Registration>,
    /// When its logo was set, where it has one.
    pub logo: Option<Timestamp>,
}

impl Client {
    /// Whether the client cannot keep a secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AUTH_NONE
    }

    /// Whether the client runs on a person's device behind this redirect URI, where any other program could pretend to
    /// be it (RFC 8252 §8.6).
    pub fn is_native(&self, redirect_uri: &str) -> bool {
        self.is_public() && !redirect_uri.starts_with("https:")
    }

    /// Whether the client may use this grant type.
    pub fn may_use(&self, grant: &str) -> bool {
        self.metadata.grant_types.iter().any(|held| held == grant)
    }

    /// The demand for PKCE in requests for this response type: without a code there is nothing to protect.
    pub fn pkce(&self, response_type: ResponseType) -> PkceRule {
        match response_type.has_code() {
            true => self.metadata.pkce_of_code(),
            false => PkceRule::Optional,
        }
    }

    /// Returns true if the client authenticates by this method: the registered one exactly, or either of two that carry
    /// the secret where it has registered [`CLIENT_SECRET`].
    pub fn authenticates_by(&self, method: &str) -> bool {
        let registered = self.metadata.token_endpoint_auth_method.as_str();
        let is_either = registered == CLIENT_SECRET && BY_SECRET.contains(&method);
        self.metadata.profile.rules().allows_method(method) && (registered == method || is_either)
    }

    /// Returns true if every request of the client has to be pushed (RFC 9126 §6).
    pub fn pushes_requests(&self) -> bool {
        let arrival = self.metadata.profile.rules().arrival;
        self.metadata.require_pushed_authorization_requests || arrival != Arrival::Any
    }

    /// Returns true if every request of the client has to come in a signed request object (RFC 9101 §10.5).
    pub fn signs_requests(&self) -> bool {
        let arrival = self.metadata.profile.rules().arrival;
        self.metadata.require_signed_request_object || arrival == Arrival::PushedAndSigned
    }

    /// The sector that pairwise subjects of this client belong to; nothing where its subjects are public.
    pub fn sector(&self) -> Option<String> {
        self.metadata.sector_of(&self.id)
    }

    /// Whether the client wants to hear of the end of sessions (OpenID Connect Back-Channel Logout §2.2, Front-Channel
    /// Logout §2).
    pub fn hears_of_logout(&self) -> bool {
        self.metadata.backchannel_logout_uri.is_some() || self.metadata.frontchannel_logout_uri.is_some()
    }

    /// The name that people see.
    pub fn name(&self) -> &str {
        if self.metadata.client_name.is_empty() { self.id.as_str() } else { &self.metadata.client_name }
    }

    /// Whether a grant with this scope yields a refresh token: the client has the grant type, and the user
    /// consented to `offline_access` (OpenID Connect Core §11) or the client is first-party.
    pub fn gets_refresh_token(&self, granted: &Scope) -> bool {
        self.may_use(REFRESH_TOKEN) && (granted.contains(OFFLINE_ACCESS) || self.metadata.skip_consent)
    }

    /// The lifetime of the client's access tokens, given the server's.
    pub fn access_token_lifetime(&self, default: Span) -> Span {
        self.metadata.access_token_lifetime.map_or(default, Span::from_secs)
    }

    /// Whether the client may introspect a token for these audiences that was issued to another client: it is an audience
    /// itself, or an operator lets it introspect for one.
    pub fn introspects(&self, audience: &Audience) -> bool {
        audience.contains(self.id.as_str()) || self.metadata.introspects.iter().any(|uri| audience.contains(uri))
    }

    /// The scopes whose claims stand in the client's ID tokens, of those that were granted.
    pub fn scope_of_id_token<'a>(&self, granted: &'a Scope) -> Option<&'a Scope> {
        self.metadata.id_token_claims.then_some(granted)
    }

    /// The header that the client has chosen for its access tokens.
    pub fn access_token_header(&self) -> HeaderChoice {
        HeaderChoice { alg: self.metadata.access_token_alg, typ: self.metadata.access_token_typ }
    }

    /// The resources that tokens are asked for (RFC 8707 §2.2), each from the client's list; nothing where none is named.
    /// The issuer alone stands for this server, whose tokens any client gets that names no resource: the list is empty.
    ///
    /// # Errors
    /// `invalid_target` for a resource that the client may not ask for.
    pub fn resources<'a>(
        &self,
        asked: impl Iterator<Item = &'a str>,
        issuer: &str,
    ) -> Result<Option<Vec<String>>, OAuthError> {
        let mut resources: Vec<String> = Vec::new();
        let asked: Vec<&str> = asked.collect();
        if asked.is_empty() {
            return Ok(None);
        }
        let names_this_server = asked.iter().all(|resource| *resource == issuer);
        if names_this_server && !self.metadata.audiences.iter().any(|allowed| allowed == issuer) {
            return Ok(Some(Vec::new()));
        }
        for resource in asked {
            if !self.metadata.audiences.iter().any(|allowed| allowed == resource) {
                return Err(Cause::Resource { received: Shown::uri(resource) }.into());
            }
            if !resources.iter().any(|seen| seen == resource) {
                resources.push(resource.to_owned());
            }
        }
        Ok(Some(resources))
    }
}

#[cfg(test)]
mod tests;
