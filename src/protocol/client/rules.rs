//! The rules that client metadata must pass as a whole (RFC 7591 §2, OpenID Connect Registration §2).

use super::uris::{is_origin, is_resource};
use super::{
    AUTH_NONE, AUTHORIZATION_CODE, ApplicationType, BY_SECRET, CLIENT_CREDENTIALS, CLIENT_SECRET, CLIENT_SECRET_JWT,
    ClientMetadata, REFRESH_TOKEN, ResponseSigning, SubjectType, Supported,
};
use crate::protocol::jwk::{self, JwkError};
use crate::protocol::response_type::{IMPLICIT, ResponseType};
use crate::protocol::scope::{ADMINISTRATION_SCOPES, is_administration};

/// The longest metadata, in bytes of JSON.
const MAX_METADATA: usize = 16 * 1024;
/// The most redirect URIs, and as many for logout.
const MAX_REDIRECT_URIS: usize = 100;

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
    /// An authentication method that the profile does not allow.
    #[error("the authentication method {0:?} is not allowed by the client's profile")]
    AuthMethodOfProfile(String),
    /// A profile that the settings do not allow.
    #[error("the profile {0:?} is not one of profiles.allowed in the settings; add it there")]
    Profile(&'static str),
    /// A response type that the profile does not allow.
    #[error("the response type {0:?} is not allowed by the client's profile")]
    ResponseType(&'static str),
    /// A response type whose grant type is not registered (OpenID Connect Registration §2).
    #[error("the response type {0:?} needs the grant type {1}")]
    GrantOfResponseType(&'static str, &'static str),
    /// An algorithm without a signing key.
    #[error("there is no signing key for the algorithm {0:?}; keys.algorithms does not list it")]
    Algorithm(&'static str),
    /// A grant of the authorization endpoint without a redirect URI.
    #[error("the authorization_code and implicit grants need at least one redirect URI")]
    NoRedirectUri,
    /// Redirect URIs without end.
    #[error("there must be at most {MAX_REDIRECT_URIS} redirect URIs, and as many for logout")]
    TooManyRedirectUris,
    /// Metadata that would take too much memory on every node.
    #[error("the client metadata must take at most {MAX_METADATA} bytes as JSON")]
    TooLarge,
    /// Tokens in the URL of a web client without https (OpenID Connect Registration §2).
    #[error("a web client with the implicit grant may have https redirect URIs only")]
    ImplicitWithoutHttps,
    /// Client credentials of a client that cannot authenticate.
    #[error("a client without authentication cannot use the client_credentials grant")]
    PublicClientCredentials,
    /// Refresh tokens without the grant that yields the first.
    #[error("the refresh_token grant needs the authorization_code grant")]
    RefreshAlone,
    /// `private_key_jwt` without keys.
    #[error("private_key_jwt needs jwks or jwks_uri")]
    NoKeys,
    /// Keys by value and by reference (RFC 7591 §2).
    #[error("jwks and jwks_uri exclude each other")]
    TwoKeySets,
    /// `HS256` of a client that has no secret, or whose secret this server does not make (OpenID Connect Core §10.1).
    #[error("HS256 needs a client that authenticates by a client secret")]
    NoSecret,
    /// Content encryption without a way for its key (OpenID Connect Registration §2).
    #[error("{0} needs the member that ends in alg")]
    EncWithoutAlg(&'static str),
    /// Userinfo that is encrypted but not signed, so that anybody could have made it.
    #[error("encrypted userinfo has to be signed: userinfo_signed_response_alg is missing")]
    UserinfoUnsigned,
    /// Encryption to a client that has no keys.
    #[error("encrypted answers need jwks or jwks_uri with a key for encryption")]
    NoEncryptionKey,
    /// Pairwise subjects without one host that they are for (OpenID Connect Core §8.1).
    #[error("pairwise subjects need sector_identifier_uri, or redirect URIs of one host")]
    NoSector,
    /// A refused JWK set.
    #[error("the JWK set is refused: {0}")]
    Keys(#[from] JwkError),
    /// An assertion algorithm that is not supported.
    #[error("the assertion algorithm {0:?} is not supported")]
    AssertionAlgorithm(String),
    /// A request object algorithm that is not supported.
    #[error("the request object algorithm {0:?} is not supported")]
    RequestObjectAlgorithm(String),
    /// Encryption of request objects that the server has no key for.
    #[error("request objects cannot be encrypted by {0:?}: keys.encryption_algorithms does not list it")]
    RequestObjectEncryption(&'static str),
    /// A link that is not an https URL.
    #[error("{0} must be an https URL")]
    Link(&'static str),
    /// A document or page that could not be reached safely.
    #[error("{0} must be an https URL without a fragment")]
    Remote(&'static str),
    /// Request URIs that are too many, too long or not https.
    #[error("request_uris must be at most 20 https URLs of at most 512 bytes")]
    RequestUris,
    /// A front-channel logout page elsewhere than the client.
    #[error("frontchannel_logout_uri must have the scheme, host and port of a redirect URI")]
    FrontchannelOrigin,
    /// Text that is too long or has control characters.
    #[error("{0} is too long or has control characters")]
    Text(&'static str),
    /// An origin that is not scheme, host and port.
    #[error("the CORS origin {0:?} must be an origin: scheme, host and port only")]
    Origin(String),
    /// A resource with a fragment, or not absolute (RFC 8707 §2).
    #[error("the audience {0:?} must be an absolute URI without a fragment")]
    Audience(String),
    /// A resource to introspect for that cannot be one (RFC 8707 §2).
    #[error("the resource to introspect for {0:?} must be an absolute URI without a fragment")]
    Introspects(String),
    /// Introspection by a client that cannot authenticate (RFC 7662 §2.1).
    #[error("a client without authentication cannot introspect tokens")]
    PublicIntrospects,
    /// A lifetime out of range.
    #[error("the access token lifetime must lie between 60 and 86400 seconds")]
    Lifetime,
    /// A negative maximum age.
    #[error("default_max_age must not be negative")]
    MaxAge,
    /// A scope of the administration that there is not.
    #[error("the scope {0:?} is not one of signet:read and signet:revoke")]
    AdministrationScope(String),
    /// A scope of the administration of a client that cannot speak for itself.
    #[error("the scopes that begin with signet: need the client_credentials grant")]
    AdministrationGrant,
}

impl MetadataError {
    /// The member that a client has to change.
    pub const fn member(&self) -> &'static str {
        match self {
            Self::Name => "client_name",
            Self::GrantType(_) | Self::PublicClientCredentials | Self::RefreshAlone => "grant_types",
            Self::AuthMethod(_) | Self::AuthMethodOfProfile(_) => "token_endpoint_auth_method",
            Self::Profile(_) => "profile",
            Self::ResponseType(_) | Self::GrantOfResponseType(..) => "response_types",
            Self::Algorithm(_) | Self::NoSecret => "id_token_signed_response_alg",
            Self::NoRedirectUri | Self::ImplicitWithoutHttps | Self::TooManyRedirectUris => "redirect_uris",
            Self::TooLarge => "client_metadata",
            Self::NoKeys | Self::TwoKeySets | Self::Keys(_) | Self::NoEncryptionKey => "jwks",
            Self::NoSector => "sector_identifier_uri",
            Self::AssertionAlgorithm(_) => "token_endpoint_auth_signing_alg",
            Self::RequestObjectAlgorithm(_) => "request_object_signing_alg",
            Self::RequestObjectEncryption(_) => "request_object_encryption_alg",
            Self::Link(name) | Self::Remote(name) | Self::Text(name) => name,
            Self::EncWithoutAlg(member) => member,
            Self::UserinfoUnsigned => "userinfo_signed_response_alg",
            Self::RequestUris => "request_uris",
            Self::FrontchannelOrigin => "frontchannel_logout_uri",
            Self::Origin(_) => "cors_origins",
            Self::Audience(_) => "audiences",
            Self::Introspects(_) | Self::PublicIntrospects => "introspects",
            Self::Lifetime => "access_token_lifetime",
            Self::MaxAge => "default_max_age",
            Self::AdministrationScope(_) | Self::AdministrationGrant => "scope",
        }
    }
}

impl ClientMetadata {
    /// Checks the metadata as a whole.
    ///
    /// # Errors
    /// The first rule that the metadata breaks.
    pub fn check(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        self.check_size()?;
        self.check_grants(supported)?;
        self.check_administration()?;
        self.check_response_types()?;
        self.check_authentication(supported)?;
        self.check_answers(supported)?;
        self.check_encryption(supported)?;
        self.check_uris()?;
        self.check_texts()?;
        if self.subject_type == SubjectType::Pairwise && self.mixes_sectors() {
            return Err(MetadataError::NoSector);
        }
        if let Some(origin) = self.cors_origins.iter().find(|origin| !is_origin(origin)) {
            return Err(MetadataError::Origin(origin.clone()));
        }
        self.check_resources()?;
        if self.access_token_lifetime.is_some_and(|secs| !(60..=86_400).contains(&secs)) {
            return Err(MetadataError::Lifetime);
        }
        if self.default_max_age.is_some_and(i64::is_negative) {
            return Err(MetadataError::MaxAge);
        }
        Ok(())
    }

    /// Checks the resources that the client asks tokens for, and those whose tokens it introspects.
    fn check_resources(&self) -> Result<(), MetadataError> {
        if let Some(audience) = self.audiences.iter().find(|audience| !is_resource(audience)) {
            return Err(MetadataError::Audience(audience.clone()));
        }
        if let Some(resource) = self.introspects.iter().find(|resource| !is_resource(resource)) {
            return Err(MetadataError::Introspects(resource.clone()));
        }
        match !self.introspects.is_empty() && self.token_endpoint_auth_method == AUTH_NONE {
            true => Err(MetadataError::PublicIntrospects),
            false => Ok(()),
        }
    }

    fn check_size(&self) -> Result<(), MetadataError> {
        if self.redirect_uris.len().max(self.post_logout_redirect_uris.len()) > MAX_REDIRECT_URIS {
            return Err(MetadataError::TooManyRedirectUris);
        }
        let fits = serde_json::to_vec(self).is_ok_and(|json| json.len() <= MAX_METADATA);
        if fits { Ok(()) } else { Err(MetadataError::TooLarge) }
    }

    /// Whether the client authenticates by a secret that it shares with this server.
    pub fn has_secret(&self) -> bool {
        self.token_endpoint_auth_method.starts_with(CLIENT_SECRET)
    }

    /// Whether the secret itself is needed, so that its digest alone does not do (OpenID Connect Core §10.1).
    pub fn needs_recoverable_secret(&self) -> bool {
        let answers = [Some(self.id_token_signed_response_alg), self.userinfo_signed_response_alg];
        self.token_endpoint_auth_method == CLIENT_SECRET_JWT || answers.contains(&Some(ResponseSigning::ClientSecret))
    }

    fn uses(&self, grant: &str) -> bool {
        self.grant_types.iter().any(|held| held == grant)
    }

    fn check_grants(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        let known = |grant: &&String| grant.as_str() == IMPLICIT || supported.grants.contains(&grant.as_str());
        if let Some(unknown) = self.grant_types.iter().find(|grant| !known(grant)) {
            return Err(MetadataError::GrantType(unknown.clone()));
        }
        if (self.uses(AUTHORIZATION_CODE) || self.uses(IMPLICIT)) && self.redirect_uris.is_empty() {
            return Err(MetadataError::NoRedirectUri);
        }
        if self.uses(REFRESH_TOKEN) && !self.uses(AUTHORIZATION_CODE) {
            return Err(MetadataError::RefreshAlone);
        }
        if self.uses(CLIENT_CREDENTIALS) && self.token_endpoint_auth_method == AUTH_NONE {
            return Err(MetadataError::PublicClientCredentials);
        }
        Ok(())
    }

    /// Checks the scopes with which a client may administer this server.
    fn check_administration(&self) -> Result<(), MetadataError> {
        let mut held = self.scope.iter().filter(|token| is_administration(token)).peekable();
        if held.peek().is_some() && !self.uses(CLIENT_CREDENTIALS) {
            return Err(MetadataError::AdministrationGrant);
        }
        match held.find(|token| !ADMINISTRATION_SCOPES.contains(token)) {
            Some(unknown) => Err(MetadataError::AdministrationScope(unknown.to_owned())),
            None => Ok(()),
        }
    }

    fn check_response_types(&self) -> Result<(), MetadataError> {
        let allowed = self.profile.rules().response_types;
        if let Some(refused) = self.response_types.iter().find(|kind| !allowed.contains(kind)) {
            return Err(MetadataError::ResponseType(refused.as_str()));
        }
        let lacking = |kind: &&ResponseType| kind.needs_implicit() && !self.uses(IMPLICIT);
        if let Some(kind) = self.response_types.iter().find(lacking) {
            return Err(MetadataError::GrantOfResponseType(kind.as_str(), IMPLICIT));
        }
        let secure = |uri: &str| uri.starts_with("https:");
        let web = self.application_type == ApplicationType::Web;
        if web && self.uses(IMPLICIT) && !self.redirect_uris.iter().all(|uri| secure(uri.as_str())) {
            return Err(MetadataError::ImplicitWithoutHttps);
        }
        Ok(())
    }

    fn check_authentication(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        let method = self.token_endpoint_auth_method.as_str();
        let named: &[&str] = if method == CLIENT_SECRET { &BY_SECRET } else { &[method] };
        if !named.iter().all(|method| supported.auth_methods.contains(method)) {
            return Err(MetadataError::AuthMethod(method.to_owned()));
        }
        if !named.iter().all(|method| self.profile.rules().allows_method(method)) {
            return Err(MetadataError::AuthMethodOfProfile(method.to_owned()));
        }
        match (&self.jwks, &self.jwks_uri) {
            (Some(_), Some(_)) => return Err(MetadataError::TwoKeySets),
            (None, None) if method == "private_key_jwt" => return Err(MetadataError::NoKeys),
            (Some(set), None) => drop(jwk::client_keys(set)?),
            (None, _) => {}
        }
        let known = |alg: &str| jwk::CLIENT_ALGORITHMS.contains(&alg);
        let of_assertion = |alg: &str| if method == CLIENT_SECRET_JWT { alg == "HS256" } else { known(alg) };
        if let Some(alg) = self.token_endpoint_auth_signing_alg.as_deref().filter(|alg| !of_assertion(alg)) {
            return Err(MetadataError::AssertionAlgorithm(alg.to_owned()));
        }
        match self.request_object_signing_alg.as_deref().filter(|alg| !known(alg)) {
            Some(alg) => Err(MetadataError::RequestObjectAlgorithm(alg.to_owned())),
            None => Ok(()),
        }
    }

    /// Checks what ID tokens, userinfo and access tokens are signed with.
    fn check_answers(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        for signing in
            [Some(self.id_token_signed_response_alg), self.userinfo_signed_response_alg].into_iter().flatten()
        {
            match signing {
                ResponseSigning::Key(algorithm) if !supported.algorithms.contains(&algorithm) => {
                    return Err(MetadataError::Algorithm(algorithm.as_str()));
                }
                ResponseSigning::ClientSecret if !self.has_secret() => return Err(MetadataError::NoSecret),
                ResponseSigning::Key(_) | ResponseSigning::ClientSecret => {}
            }
        }
        match self.access_token_alg {
            Some(algorithm) if !supported.algorithms.contains(&algorithm) => {
                Err(MetadataError::Algorithm(algorithm.as_str()))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks how answers are encrypted, and how request objects may be.
    fn check_encryption(&self, supported: &Supported<'_>) -> Result<(), MetadataError> {
        if let Some(alg) = self.request_object_encryption_alg.filter(|alg| !supported.decryption.contains(alg)) {
            return Err(MetadataError::RequestObjectEncryption(alg.as_str()));
        }
        let pairs = [
            (
                "id_token_encrypted_response_enc",
                self.id_token_encrypted_response_alg,
                self.id_token_encrypted_response_enc,
            ),
            (
                "userinfo_encrypted_response_enc",
                self.userinfo_encrypted_response_alg,
                self.userinfo_encrypted_response_enc,
            ),
            ("request_object_encryption_enc", self.request_object_encryption_alg, self.request_object_encryption_enc),
        ];
        if let Some((name, ..)) = pairs.iter().find(|(_, alg, enc)| alg.is_none() && enc.is_some()) {
            return Err(MetadataError::EncWithoutAlg(name));
        }
        if self.userinfo_encrypted_response_alg.is_some() && self.userinfo_signed_response_alg.is_none() {
            return Err(MetadataError::UserinfoUnsigned);
        }
        let keys = self.jwks.as_ref().map(jwk::encryption_keys).transpose()?.unwrap_or_default();
        for encryption in [self.id_token_encryption(), self.userinfo_encryption()].into_iter().flatten() {
            if self.jwks_uri.is_none() && !keys.iter().any(|key| key.receives(encryption.alg)) {
                return Err(MetadataError::NoEncryptionKey);
            }
        }
        Ok(())
    }

    fn check_texts(&self) -> Result<(), MetadataError> {
        if self.client_name.chars().count() > 100 || self.client_name.chars().any(char::is_control) {
            return Err(MetadataError::Name);
        }
        let is_line = |text: &String| text.len() <= 255 && !text.chars().any(char::is_control);
        let lists = [("contacts", &self.contacts), ("default_acr_values", &self.default_acr_values)];
        if let Some((name, _)) = lists.into_iter().find(|(_, list)| list.len() > 20 || !list.iter().all(is_line)) {
            return Err(MetadataError::Text(name));
        }
        let texts = [("software_id", &self.software_id), ("software_version", &self.software_version)];
        match texts.into_iter().find(|(_, text)| text.as_ref().is_some_and(|text| !is_line(text))) {
            Some((name, _)) => Err(MetadataError::Text(name)),
            None => Ok(()),
        }
    }
}
