//! The client registry's record: RFC 7591 metadata with the members of this server, checked as a whole.
//! Which grants and authentication methods exist is told by the registries, not known here.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::error::OAuthError;
use super::ids::ClientId;
use super::jwk::{self, JwkError, PublicJwk, SigningAlgorithm};
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

/// Why metadata is refused (`invalid_client_metadata`, RFC 7591 §3.2.2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// The name is too long or has control characters.
    #[error("the client name must have at most 100 characters and no control characters")]
    Name,
    /// A grant type that the server does not have.
    #[error("the grant type {0:?} is not supported")]
    GrantType(String),
    /// An authentication method that the server does not have.
    #[error("the authentication method {0:?} is not supported")]
    AuthMethod(String),
    /// A response type that the profile does not allow.
    #[error("the response type {0:?} is not allowed by the client's profile")]
    ResponseType(String),
    /// An algorithm without a signing key.
    #[error("there is no signing key for the algorithm {0:?}")]
    Algorithm(&'static str),
    /// The authorization code grant without a redirect URI.
    #[error("the authorization_code grant needs at least one redirect URI")]
    NoRedirectUri,
    /// Client credentials of a client that cannot authenticate.
    #[error("a client without authentication cannot use the client_credentials grant")]
    PublicClientCredentials,
    /// Refresh tokens without the grant that yields the first.
    #[error("the refresh_token grant needs the authorization_code grant")]
    RefreshAlone,
    /// `private_key_jwt` without keys, or keys that are refused.
    #[error("private_key_jwt needs a JWK set of public keys")]
    NoKeys,
    /// A refused JWK set.
    #[error("the JWK set is refused: {0}")]
    Keys(#[from] JwkError),
    /// An assertion algorithm that is not supported.
    #[error("the assertion algorithm {0:?} is not supported")]
    AssertionAlgorithm(String),
    /// A link that is not an https URL.
    #[error("{0} must be an https URL")]
    Link(&'static str),
    /// An origin that is not scheme, host and port.
    #[error("the CORS origin {0:?} must be an origin: scheme, host and port only")]
    Origin(String),
    /// A resource with a fragment, or not absolute (RFC 8707 §2).
    #[error("the audience {0:?} must be an absolute URI without a fragment")]
    Audience(String),
    /// A lifetime out of range.
    #[error("the access token lifetime must lie between 60 and 86400 seconds")]
    Lifetime,
    /// A negative maximum age.
    #[error("default_max_age must not be negative")]
    MaxAge,
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

    /// Checks the metadata as a whole.
    ///
    /// # Errors
    /// The first rule that the metadata breaks.
    pub fn check(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        self.check_grants(supported)?;
        self.check_authentication(supported)?;
        self.check_links()?;
        if self.client_name.chars().count() > 100 || self.client_name.chars().any(char::is_control) {
            return Err(MetadataError::Name);
        }
        if !supported.algorithms.contains(&self.id_token_signed_response_alg) {
            return Err(MetadataError::Algorithm(self.id_token_signed_response_alg.as_str()));
        }
        if self.access_token_lifetime.is_some_and(|secs| !(60..=86_400).contains(&secs)) {
            return Err(MetadataError::Lifetime);
        }
        if self.default_max_age.is_some_and(i64::is_negative) {
            return Err(MetadataError::MaxAge);
        }
        Ok(())
    }

    fn check_grants(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        if let Some(unknown) = self.grant_types.iter().find(|grant| !supported.grants.contains(&grant.as_str())) {
            return Err(MetadataError::GrantType(unknown.clone()));
        }
        let allowed = self.profile.rules().response_types;
        if let Some(refused) = self.response_types.iter().find(|kind| !allowed.contains(&kind.as_str())) {
            return Err(MetadataError::ResponseType(refused.clone()));
        }
        let uses = |grant: &str| self.grant_types.iter().any(|held| held == grant);
        if uses(AUTHORIZATION_CODE) && self.redirect_uris.is_empty() {
            return Err(MetadataError::NoRedirectUri);
        }
        if uses(REFRESH_TOKEN) && !uses(AUTHORIZATION_CODE) {
            return Err(MetadataError::RefreshAlone);
        }
        if uses(CLIENT_CREDENTIALS) && self.token_endpoint_auth_method == AUTH_NONE {
            return Err(MetadataError::PublicClientCredentials);
        }
        Ok(())
    }

    fn check_authentication(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        let method = self.token_endpoint_auth_method.as_str();
        if !supported.auth_methods.contains(&method) {
            return Err(MetadataError::AuthMethod(method.to_owned()));
        }
        if method == "private_key_jwt" && self.jwks.is_none() {
            return Err(MetadataError::NoKeys);
        }
        if let Some(set) = &self.jwks {
            jwk::client_keys(set)?;
        }
        match self.token_endpoint_auth_signing_alg.as_deref() {
            Some(alg) if !jwk::CLIENT_ALGORITHMS.contains(&alg) => {
                Err(MetadataError::AssertionAlgorithm(alg.to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_links(&self) -> Result<(), MetadataError> {
        let links = [("client_uri", &self.client_uri), ("policy_uri", &self.policy_uri), ("tos_uri", &self.tos_uri)];
        for (name, link) in links {
            let https = |link: &String| {
                link.len() <= 2048 && Url::parse(link).is_ok_and(|url| url.scheme() == "https" && url.username() == "")
            };
            if link.as_ref().is_some_and(|link| !https(link)) {
                return Err(MetadataError::Link(name));
            }
        }
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(MetadataError::Origin(origin.clone()));
        }
        let is_resource = |uri: &str| uri.len() <= 2048 && !uri.contains('#') && Url::parse(uri).is_ok();
        match self.audiences.iter().find(|audience| !is_resource(audience)) {
            Some(audience) => Err(MetadataError::Audience(audience.clone())),
            None => Ok(()),
        }
    }
}

/// Whether the text is a serialized origin of http or https (RFC 6454 §6.2).
fn is_origin(text: &str) -> bool {
    Url::parse(text)
        .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text)
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
