//! Client metadata as registered and stored: RFC 7591 §2, OpenID Connect Registration §2, the registrations of the
//! logout specifications, RFC 9101 §10.5 and RFC 9126 §6, and this server's own members.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

use super::{AUTH_NONE, AUTHORIZATION_CODE, CLIENT_SECRET_BASIC, Cap, UnknownScopes};
use crate::authorize::pkce::PkceRule;
use crate::authorize::redirect_uri::RedirectUri;
use crate::authorize::response_type::ResponseType;
use crate::client::profile::Profile;
use crate::client::resource::AccessTokenTyp;
use crate::jose::encryption::{ContentEncryption, KeyManagement};
use crate::jose::jwk::{self, SigningAlgorithm};
use crate::scope::Scope;

/// The format of a client's access tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// A JWT (RFC 9068), never stored.
    #[default]
    Jwt,
    /// A reference that only this server can resolve; it is stored as a digest.
    Opaque,
}

/// The kind of application (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// Runs on a server or in a browser.
    #[default]
    Web,
    /// Runs on a person's device.
    Native,
}

/// The kind of `sub` that a client sees (OpenID Connect Core §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same for all clients.
    #[default]
    Public,
    /// A different one per sector, so that sectors cannot correlate their users.
    Pairwise,
}

/// The key that an answer to the client is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ResponseSigning {
    /// The server's key of this algorithm.
    Key(SigningAlgorithm),
    /// The client's own secret, with `HS256` (OpenID Connect Core §10.1).
    ClientSecret,
}

const HS256: &str = "HS256";

impl ResponseSigning {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key(algorithm) => algorithm.as_str(),
            Self::ClientSecret => HS256,
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        match name {
            HS256 => Some(Self::ClientSecret),
            name => SigningAlgorithm::named(name).map(Self::Key),
        }
    }
}

impl From<ResponseSigning> for String {
    fn from(signing: ResponseSigning) -> Self {
        signing.as_str().to_owned()
    }
}

/// The name is not an algorithm of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm is not supported")]
pub struct UnknownAlgorithm;

impl TryFrom<String> for ResponseSigning {
    type Error = UnknownAlgorithm;

    fn try_from(name: String) -> Result<Self, UnknownAlgorithm> {
        Self::named(&name).ok_or(UnknownAlgorithm)
    }
}

/// The metadata of a client. Absent members have the values of [`ClientMetadata::default`].
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientMetadata {
    /// The name that people see.
    pub client_name: String,
    pub application_type: ApplicationType,
    /// URIs that authorization responses may be sent to.
    pub redirect_uris: Vec<RedirectUri>,
    /// URIs that browsers may be sent to after logout (OpenID Connect RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    pub grant_types: Vec<String>,
    pub response_types: Vec<ResponseType>,
    /// Scopes that the client may ask for.
    pub scope: Scope,
    pub token_endpoint_auth_method: String,
    /// The only accepted algorithm of the client's assertions, if it is restricted to one.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The client's public keys, reduced to the members that are used.
    #[serde(deserialize_with = "jwk::deserialize_set")]
    pub jwks: Option<Value>,
    /// The URL of the client's published keys (RFC 7591 §2).
    pub jwks_uri: Option<String>,
    pub subject_type: SubjectType,
    /// A document with the redirect URIs of all clients of a sector (OpenID Connect Registration §5).
    pub sector_identifier_uri: Option<String>,
    pub id_token_signed_response_alg: ResponseSigning,
    /// The key management algorithm of encrypted ID tokens; `None` for no encryption (OpenID Connect Core §10.2).
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// The signature of userinfo; `None` for plain JSON.
    pub userinfo_signed_response_alg: Option<ResponseSigning>,
    /// The key management algorithm of encrypted userinfo; `None` for no encryption.
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// The only accepted algorithm of the client's request objects, if it is restricted to one.
    pub request_object_signing_alg: Option<String>,
    pub request_object_encryption_alg: Option<KeyManagement>,
    pub request_object_encryption_enc: Option<ContentEncryption>,
    /// URLs from which this server may fetch request objects (OpenID Connect Core §6.2).
    pub request_uris: Vec<String>,
    /// Requires a signed request object for every request (RFC 9101 §10.5).
    pub require_signed_request_object: bool,
    /// Requires that every request is pushed (RFC 9126 §6).
    pub require_pushed_authorization_requests: bool,
    /// The `max_age` of requests without one, in seconds.
    pub default_max_age: Option<i64>,
    /// Requires `auth_time` in ID tokens. This server always includes it.
    pub require_auth_time: bool,
    /// The `acr_values` of requests without any.
    pub default_acr_values: Vec<String>,
    /// The URL at which a third party may start a login (OpenID Connect Core §4).
    pub initiate_login_uri: Option<String>,
    /// The endpoint that receives logout tokens (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// Requires `sid` in logout tokens.
    pub backchannel_logout_session_required: bool,
    /// The page that ends the client's session in a browser (OpenID Connect Front-Channel Logout §2).
    pub frontchannel_logout_uri: Option<String>,
    /// Requires `iss` and `sid` in the page's URL.
    pub frontchannel_logout_session_required: bool,
    pub client_uri: Option<String>,
    /// The client's logo. Pages never load it from this URL.
    pub logo_uri: Option<String>,
    /// The page with the client's privacy policy.
    pub policy_uri: Option<String>,
    /// The page with the client's terms of service.
    pub tos_uri: Option<String>,
    /// Contact addresses of the people responsible for the client.
    pub contacts: Vec<String>,
    /// An identifier of the software that is the same in all its registrations (RFC 7591 §2).
    pub software_id: Option<String>,
    pub software_version: Option<String>,
    pub profile: Profile,
    /// Skips consent, for first-party clients.
    pub skip_consent: bool,
    /// The PKCE requirement of a confidential client. Clients registered before this setting existed lack it and follow
    /// the profile's earlier rule.
    pub pkce: Option<PkceRule>,
    /// Requires a nonce in every request for an ID token (RFC 9700 §2.1.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_nonce: bool,
    /// The treatment of requested scopes that the client may not have. Clients registered before this setting existed
    /// lack it; their requests are refused.
    pub unknown_scopes: Option<UnknownScopes>,
    /// Origins whose scripts may call the token and userinfo endpoints.
    pub cors_origins: Vec<String>,
    /// Resources that the client may request tokens for (RFC 8707 §2).
    pub audiences: Vec<String>,
    /// Resources whose tokens the client may introspect besides its own (RFC 7662 §2.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspects: Vec<String>,
    /// Includes the claims of the granted scopes in ID tokens, rather than only in userinfo (OpenID Connect Core §5.4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub id_token_claims: bool,
    pub access_token_format: AccessTokenFormat,
    /// The algorithm of the client's access tokens, unless the resource sets one; the server's default where absent.
    pub access_token_alg: Option<SigningAlgorithm>,
    /// The `typ` of the client's access tokens, unless the resource sets one; `at+jwt` where absent.
    pub access_token_typ: Option<AccessTokenTyp>,
    /// The lifetime of the client's access tokens in seconds, if it differs from the server's.
    pub access_token_lifetime: Option<i64>,
    /// The limits of a client that registered itself, after an operator has removed something.
    pub cap: Option<Cap>,
}

/// The encryption of an answer to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    pub alg: KeyManagement,
    pub enc: ContentEncryption,
}

impl Encryption {
    /// Returns the encryption that a client has registered: none without `alg`, and `A128CBC-HS256` without `enc`
    /// (OpenID Connect Registration §2).
    pub fn registered(alg: Option<KeyManagement>, enc: Option<ContentEncryption>) -> Option<Self> {
        alg.map(|alg| Self { alg, enc: enc.unwrap_or(ContentEncryption::A128CbcHs256) })
    }
}

impl ClientMetadata {
    /// Adds the defaults of newly registered clients for absent settings.
    pub fn for_new_client(mut self) -> Self {
        if self.pkce.is_none() && self.token_endpoint_auth_method != AUTH_NONE {
            self.pkce = Some(self.profile.rules().pkce_of_new);
        }
        self.unknown_scopes.get_or_insert(UnknownScopes::Drop);
        self
    }

    /// Returns the PKCE requirement for requests with a code. Public clients always need it; for others it is the
    /// registered one, within the limits of their profile.
    pub fn pkce_of_code(&self) -> PkceRule {
        if self.token_endpoint_auth_method == AUTH_NONE {
            PkceRule::Required
        } else {
            self.profile.rules().pkce(self.pkce)
        }
    }

    /// Adjusts metadata that replaces `held` without setting PKCE. On a change of profile it gets the stricter of the
    /// held requirement and the default of the new profile.
    pub fn moved_from(mut self, held: &Self) -> Self {
        if self.profile != held.profile && self.pkce == held.pkce {
            self.pkce = Some(held.pkce_of_code().min(self.profile.rules().pkce_of_new));
        }
        self
    }

    pub fn id_token_encryption(&self) -> Option<Encryption> {
        Encryption::registered(self.id_token_encrypted_response_alg, self.id_token_encrypted_response_enc)
    }

    pub fn userinfo_encryption(&self) -> Option<Encryption> {
        Encryption::registered(self.userinfo_encrypted_response_alg, self.userinfo_encrypted_response_enc)
    }
}

impl Default for ClientMetadata {
    /// Returns the metadata of a client that registers nothing (RFC 7591 §2, OpenID Connect Registration §2).
    fn default() -> Self {
        Self {
            client_name: String::new(),
            application_type: ApplicationType::Web,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![AUTHORIZATION_CODE.to_owned()],
            response_types: vec![ResponseType::Code],
            scope: Scope::default(),
            token_endpoint_auth_method: CLIENT_SECRET_BASIC.to_owned(),
            token_endpoint_auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            id_token_signed_response_alg: ResponseSigning::Key(SigningAlgorithm::RS256),
            id_token_encrypted_response_alg: None,
            id_token_encrypted_response_enc: None,
            userinfo_signed_response_alg: None,
            userinfo_encrypted_response_alg: None,
            userinfo_encrypted_response_enc: None,
            request_object_signing_alg: None,
            request_object_encryption_alg: None,
            request_object_encryption_enc: None,
            request_uris: Vec::new(),
            require_signed_request_object: false,
            require_pushed_authorization_requests: false,
            default_max_age: None,
            require_auth_time: false,
            default_acr_values: Vec::new(),
            initiate_login_uri: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            client_uri: None,
            logo_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            software_id: None,
            software_version: None,
            profile: Profile::default(),
            skip_consent: false,
            pkce: None,
            require_nonce: false,
            unknown_scopes: None,
            cors_origins: Vec::new(),
            audiences: Vec::new(),
            introspects: Vec::new(),
            id_token_claims: false,
            access_token_format: AccessTokenFormat::default(),
            access_token_alg: None,
            access_token_typ: None,
            access_token_lifetime: None,
            cap: None,
        }
    }
}
