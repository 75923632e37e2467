//! The rules that client metadata must pass as a whole (RFC 7591 §2, OpenID Connect Registration §2).

use url::Url;

use super::{AUTH_NONE, AUTHORIZATION_CODE, CLIENT_CREDENTIALS, ClientMetadata, REFRESH_TOKEN, Supported};
use crate::protocol::jwk::{self, JwkError};

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
