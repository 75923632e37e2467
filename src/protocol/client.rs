//! The client registry's record: RFC 7591 metadata with the members of this server, checked as a whole.
//! Which grants and authentication methods exist is told by the registries, not known here.

mod rules;

pub use rules::MetadataError;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::OAuthError;
use super::ids::ClientId;
use super::jwk::{self, PublicJwk, SigningAlgorithm};
use super::pkce::PkceRule;
use super::profile::Profile;
use super::redirect_uri::RedirectUri;
use super::scope::{OFFLINE_ACCESS, OIDC_SCOPES, Scope};
use super::secret::Digest;
use super::time::{Span, Timestamp};

/// The `token_endpoint_auth_method` of public clients (RFC 7591 §2).
pub const AUTH_NONE: &str = "none";
/// The name of the authorization code grant (RFC 6749 §4.1.3).
pub const AUTHORIZATION_CODE: &str = "authorization_code";
/// The name of the client credentials grant (RFC 6749 §4.4.2).
pub const CLIENT_CREDENTIALS: &str = "client_credentials";
/// The name of the refresh token grant (RFC 6749 §6).
pub const REFRESH_TOKEN: &str = "refresh_token";

/// The form of a client's access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A JWT (RFC 9068), never stored.
    #[default]
    Jwt,
    /// A reference, stored as a digest, that only this server can read.
    Opaque,
}

/// What a client registers: RFC 7591 §2 and OpenID Connect Registration §2, then the members of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientMetadata {
    /// The name that people see.
    #[serde(default)]
    pub client_name: String,
    /// Where authorization responses may go.
    #[serde(default)]
    pub redirect_uris: Vec<RedirectUri>,
    /// Where browsers may go after logout (OpenID Connect RP-Initiated Logout §3.1).
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The grant types that the client may use.
    #[serde(default = "default_grants")]
    pub grant_types: Vec<String>,
    /// The response types that the client may use.
    #[serde(default = "default_response_types")]
    pub response_types: Vec<String>,
    /// Every scope that the client may ask for.
    #[serde(default)]
    pub scope: Scope,
    /// How the client authenticates.
    #[serde(default = "default_auth_method")]
    pub token_endpoint_auth_method: String,
    /// The one algorithm of the client's assertions, where it binds itself to one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The client's public keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// The algorithm of the client's ID tokens.
    #[serde(default = "default_id_token_alg")]
    pub id_token_signed_response_alg: SigningAlgorithm,
    /// `max_age` where a request names none, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// The client's home page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// How the client uses data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// The client's terms of service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Whom to write to about the client.
    #[serde(default)]
    pub contacts: Vec<String>,
    /// The security profile.
    #[serde(default)]
    pub profile: Profile,
    /// Whether the client is first-party: people are not asked for consent.
    #[serde(default)]
    pub skip_consent: bool,
    /// The origins whose scripts may call the token and userinfo endpoints.
    #[serde(default)]
    pub cors_origins: Vec<String>,
    /// The resources that the client may ask tokens for (RFC 8707 §2).
    #[serde(default)]
    pub audiences: Vec<String>,
    /// The form of the client's access tokens.
    #[serde(default)]
    pub access_token_format: AccessTokenFormat,
    /// The lifetime of the client's access tokens in seconds, where it differs from the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_token_lifetime: Option<i64>,
}

fn default_grants() -> Vec<String> {
    vec![AUTHORIZATION_CODE.to_owned()]
}

fn default_response_types() -> Vec<String> {
    vec!["code".to_owned()]
}

fn default_auth_method() -> String {
    "client_secret_basic".to_owned()
}

fn default_id_token_alg() -> SigningAlgorithm {
    SigningAlgorithm::RS256
}

/// What the registries and the keyring offer, for a client to choose from.
pub struct Supported<'a> {
    /// The names in the grant registry.
    pub grants: &'a [&'static str],
    /// The names in the registry of client authentication methods.
    pub auth_methods: &'a [&'static str],
    /// The algorithms that there are signing keys for.
    pub algorithms: &'a [SigningAlgorithm],
}

impl ClientMetadata {
    /// The metadata of a client that says nothing about itself.
    pub fn minimal() -> Self {
        Self {
            client_name: String::new(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: default_grants(),
            response_types: default_response_types(),
            scope: Scope::default(),
            token_endpoint_auth_method: default_auth_method(),
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            id_token_signed_response_alg: default_id_token_alg(),
            default_max_age: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            profile: Profile::default(),
            skip_consent: false,
            cors_origins: Vec::new(),
            audiences: Vec::new(),
            access_token_format: AccessTokenFormat::default(),
            access_token_lifetime: None,
        }
    }
}

/// One of a client's secrets: two may be valid while one replaces the other.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    /// The digest of the secret.
    pub digest: Digest,
    /// When the secret stops working, if that is decided.
    pub expires_at: Option<Timestamp>,
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

    /// Whether the client must use PKCE: a public client always, others as their profile says.
    pub fn pkce(&self) -> PkceRule {
        if self.is_public() { PkceRule::Required } else { self.metadata.profile.rules().confidential_pkce }
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

    /// The scope of an authorization request: what was asked for, or without that all that the client may have
    /// short of `offline_access`.
    ///
    /// # Errors
    /// `invalid_scope` where the client may not ask for one of the scopes.
    pub fn requested_scope(&self, asked: Option<&str>) -> Result<Scope, OAuthError> {
        let Some(asked) = asked.map(Scope::parse).transpose()? else {
            return Ok(self.metadata.scope.filtered(|token| token != OFFLINE_ACCESS));
        };
        if asked.is_within(&self.metadata.scope) {
            Ok(asked)
        } else {
            Err(OAuthError::invalid_scope("The client may not ask for one of these scopes."))
        }
    }

    /// The scope of a client credentials request: scopes that only a user can grant are left out of the default
    /// and refused when asked for.
    ///
    /// # Errors
    /// `invalid_scope` where the client may not ask for one of the scopes.
    pub fn own_scope(&self, asked: Option<&str>) -> Result<Scope, OAuthError> {
        let own = self.metadata.scope.filtered(|token| !OIDC_SCOPES.contains(&token));
        match asked.map(Scope::parse).transpose()? {
            None => Ok(own),
            Some(asked) if asked.is_within(&own) => Ok(asked),
            Some(_) => Err(OAuthError::invalid_scope("The client may not ask for one of these scopes.")),
        }
    }

    /// The resources that tokens are asked for (RFC 8707 §2.2), each from the client's list.
    ///
    /// # Errors
    /// `invalid_target` where one is not.
    pub fn resources<'a>(&self, asked: impl Iterator<Item = &'a str>) -> Result<Vec<String>, OAuthError> {
        let mut resources: Vec<String> = Vec::new();
        for resource in asked {
            if !self.metadata.audiences.iter().any(|allowed| allowed == resource) {
                return Err(OAuthError::invalid_target("The client may not ask for tokens for this resource."));
            }
            if !resources.iter().any(|seen| seen == resource) {
                resources.push(resource.to_owned());
            }
        }
        Ok(resources)
    }

    /// The keys with which the client's assertions may be signed under this header.
    pub fn assertion_keys(&self, alg: &str, kid: Option<&str>) -> Vec<PublicJwk> {
        let bound = self.metadata.token_endpoint_auth_signing_alg.as_deref();
        if bound.is_some_and(|bound| bound != alg) {
            return Vec::new();
        }
        let keys = self.metadata.jwks.as_ref().and_then(|set| jwk::client_keys(set).ok()).unwrap_or_default();
        keys.into_iter().filter(|key| key.allows(alg) && (kid.is_none() || key.kid.as_deref() == kid)).collect()
    }
}

#[cfg(test)]
mod tests;
