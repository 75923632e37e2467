//! A client of the registry: RFC 7591 metadata and this server's own members, checked as a whole. The available grants
//! and authentication methods come from their registries.

mod advice;
pub mod assertion;
pub mod call;
mod cap;
mod changes;
pub mod credentials;
pub mod logo;
mod metadata;
mod narrowing;
pub mod profile;
mod record;
pub mod registration;
pub mod resource;
mod rules;
mod scopes;
mod uris;

pub use cap::Cap;
pub use changes::Losses;
pub use metadata::{AccessTokenFormat, ApplicationType, ClientMetadata, Encryption, ResponseSigning, SubjectType};
pub use narrowing::GrantEffect;
pub use record::Registration;
pub use rules::MetadataError;
pub use scopes::UnknownScopes;
pub use uris::{MAX_ORIGIN, is_loopback, is_resource};

use std::borrow::Cow;

use self::profile::{Profile, RequestDelivery};
use self::resource::HeaderChoice;
use super::authorize::pkce::PkceRule;
use super::authorize::response_type::ResponseType;
use super::cause::{Cause, Shown};
use super::error::OAuthError;
use super::ids::ClientId;
use super::jose::encryption::KeyManagement;
use super::jose::jwk::SigningAlgorithm;
use super::scope::{OFFLINE_ACCESS, Scope};
use super::secret::Digest;
use super::time::{Span, Timestamp};
use super::token::access_token::Audience;

/// The `token_endpoint_auth_method` of public clients (RFC 7591 §2).
pub const AUTH_NONE: &str = "none";
/// The `token_endpoint_auth_method` of clients that send their secret in the header or in the body, depending on their
/// library. It exists in this server only: registration (RFC 7591 §2) does not accept it and discovery does not list
/// it.
pub const CLIENT_SECRET: &str = "client_secret";
/// The methods that [`CLIENT_SECRET`] includes (RFC 6749 §2.3.1).
pub const BY_SECRET: [&str; 2] = [CLIENT_SECRET_BASIC, "client_secret_post"];
/// The `token_endpoint_auth_method` of clients that register none (RFC 7591 §2).
pub const CLIENT_SECRET_BASIC: &str = "client_secret_basic";
/// The `token_endpoint_auth_method` of assertions signed with the client's secret (OpenID Connect Core §9).
pub const CLIENT_SECRET_JWT: &str = "client_secret_jwt";
/// The name of the authorization code grant (RFC 6749 §4.1.3).
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// The name of the client credentials grant (RFC 6749 §4.4.2).
pub const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The name of the device authorization grant (RFC 8628 §3.4).
pub const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// The name of the refresh token grant (RFC 6749 §6).
pub const REFRESH_TOKEN: &str = "refresh_token";

/// The values that a client may register, as the registries and the keyring offer them.
#[derive(Clone)]
pub struct Supported<'a> {
    /// Names in the grant registry.
    pub grants: &'a [&'static str],
    /// Names in the registry of client authentication methods.
    pub auth_methods: &'a [&'static str],
    /// Algorithms with a signing key.
    pub algorithms: &'a [SigningAlgorithm],
    /// Security profiles that a client may be given.
    pub profiles: &'a [Profile],
    /// Key management algorithms that request objects may be encrypted with.
    pub decryption: Cow<'a, [KeyManagement]>,
}

impl Supported<'_> {
    /// Adds the algorithm of an existing client, which may keep it after it is no longer offered.
    pub fn with_held(mut self, held: &ClientMetadata) -> Self {
        self.decryption.to_mut().extend(held.request_object_encryption_alg);
        self
    }

    /// Checks that the settings allow the profile that a client is given. A profile that the client already has is not
    /// checked again.
    pub fn check_profile(&self, profile: Profile) -> Result<(), MetadataError> {
        if self.profiles.contains(&profile) { Ok(()) } else { Err(MetadataError::Profile(profile.rules().name)) }
    }
}

/// A secret of a client. Two may be valid during a rotation.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    pub digest: Digest,
    /// The sealed secret, for clients whose secret is also used as a key.
    pub sealed: Option<Vec<u8>>,
    /// The expiry of the secret, if one is set.
    pub expires_at: Option<Timestamp>,
    /// True if the secret is short enough to be guessed.
    pub is_weak: bool,
}

/// A registered client.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: ClientId,
    pub metadata: ClientMetadata,
    /// The client's secrets, newest first.
    pub secrets: Vec<SecretRecord>,
    /// False if every request of the client is refused.
    pub enabled: bool,
    /// Data of a dynamic registration, if the client registered itself.
    pub registration: Option<Registration>,
    /// The time at which the logo was set, if there is one.
    pub logo: Option<Timestamp>,
}

impl Client {
    /// Returns true if the client cannot keep a secret (RFC 6749 §2.1).
    pub fn is_public(&self) -> bool {
        self.metadata.token_endpoint_auth_method == AUTH_NONE
    }

    /// Returns true if the client runs on a person's device behind this redirect URI, where any other program could
    /// impersonate it (RFC 8252 §8.6).
    pub fn is_native(&self, redirect_uri: &str) -> bool {
        self.is_public() && !redirect_uri.starts_with("https:")
    }

    pub fn may_use(&self, grant: &str) -> bool {
        self.metadata.grant_types.iter().any(|held| held == grant)
    }

    /// Returns the PKCE requirement for this response type. A response without a code needs none.
    pub fn pkce(&self, response_type: ResponseType) -> PkceRule {
        if response_type.has_code() { self.metadata.pkce_of_code() } else { PkceRule::Optional }
    }

    /// Returns true if the client authenticates by this method: exactly the registered one, or one of [`BY_SECRET`] if
    /// it has registered [`CLIENT_SECRET`].
    pub fn authenticates_by(&self, method: &str) -> bool {
        let registered = self.metadata.token_endpoint_auth_method.as_str();
        let is_either = registered == CLIENT_SECRET && BY_SECRET.contains(&method);
        self.metadata.profile.rules().allows_method(method) && (registered == method || is_either)
    }

    /// Returns true if every request of the client must be pushed (RFC 9126 §6).
    pub fn pushes_requests(&self) -> bool {
        let delivery = self.metadata.profile.rules().delivery;
        self.metadata.require_pushed_authorization_requests || delivery != RequestDelivery::Any
    }

    /// Returns true if every request of the client must come in a signed request object (RFC 9101 §10.5).
    pub fn signs_requests(&self) -> bool {
        let delivery = self.metadata.profile.rules().delivery;
        self.metadata.require_signed_request_object || delivery == RequestDelivery::PushedAndSigned
    }

    /// Returns the sector of the client's pairwise subjects, or `None` where its subjects are public.
    pub fn sector(&self) -> Option<String> {
        self.metadata.sector_of(&self.id)
    }

    /// Returns true if the client wants notifications about ended sessions (OpenID Connect Back-Channel Logout §2.2,
    /// Front-Channel Logout §2).
    pub fn receives_logout(&self) -> bool {
        self.metadata.backchannel_logout_uri.is_some() || self.metadata.frontchannel_logout_uri.is_some()
    }

    /// Returns the name that people see.
    pub fn name(&self) -> &str {
        if self.metadata.client_name.is_empty() { self.id.as_str() } else { &self.metadata.client_name }
    }

    /// Returns true if a grant with this scope yields a refresh token: the client has the grant type, and the user
    /// consented to `offline_access` (OpenID Connect Core §11) or the client is first-party.
    pub fn gets_refresh_token(&self, granted: &Scope) -> bool {
        self.may_use(REFRESH_TOKEN) && (granted.contains(OFFLINE_ACCESS) || self.metadata.skip_consent)
    }

    /// Returns the lifetime of the client's access tokens; `default` is the server's.
    pub fn access_token_lifetime(&self, default: Span) -> Span {
        self.metadata.access_token_lifetime.map_or(default, Span::from_secs)
    }

    /// Returns true if the client may introspect another client's token for these audiences: it is an audience itself,
    /// or an operator allowed it to introspect for one.
    pub fn introspects(&self, audience: &Audience) -> bool {
        audience.contains(self.id.as_str()) || self.metadata.introspects.iter().any(|uri| audience.contains(uri))
    }

    /// Returns the granted scopes whose claims go into the client's ID tokens.
    pub fn scope_of_id_token<'a>(&self, granted: &'a Scope) -> Option<&'a Scope> {
        self.metadata.id_token_claims.then_some(granted)
    }

    /// Returns the header fields that the client has chosen for its access tokens.
    pub fn access_token_header(&self) -> HeaderChoice {
        HeaderChoice { alg: self.metadata.access_token_alg, typ: self.metadata.access_token_typ }
    }

    /// Checks the requested resources against the client's list (RFC 8707 §2.2). Returns `None` where none was
    /// requested, and an empty list where only the issuer was: that is this server itself, which every client may
    /// request.
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
