//! Client metadata as it is registered and stored: RFC 7591 §2, OpenID Connect Registration §2, the registrations of
//! the logout specifications, RFC 9101 §10.5 and RFC 9126 §6, then the members of this server.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_with::skip_serializing_none;

use super::{AUTH_NONE, AUTHORIZATION_CODE, CLIENT_SECRET_BASIC, Cap, UnknownScopes};
use crate::protocol::jwe::{ContentEncryption, KeyManagement};
use crate::protocol::jwk::{self, SigningAlgorithm};
use crate::protocol::pkce::PkceRule;
use crate::protocol::profile::Profile;
use crate::protocol::redirect_uri::RedirectUri;
use crate::protocol::resource::AccessTokenTyp;
use crate::protocol::response_type::ResponseType;
use crate::protocol::scope::Scope;

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

/// Where a client runs (OpenID Connect Registration §2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApplicationType {
    /// On a server, or in a browser.
    #[default]
    Web,
    /// On a person's device.
    Native,
}

/// What `sub` a client sees (OpenID Connect Core §8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectType {
    /// The same for all clients.
    #[default]
    Public,
    /// One of its own, which nobody can connect with that of another sector.
    Pairwise,
}

/// What an answer to the client is signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum ResponseSigning {
    /// The server's key of this algorithm.
    Key(SigningAlgorithm),
    /// The client's own secret: `HS256` (OpenID Connect Core §10.1).
    ClientSecret,
}

/// The name of [`ResponseSigning::ClientSecret`].
const HS256: &str = "HS256";

impl ResponseSigning {
    /// The value of `alg`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Key(algorithm) => algorithm.as_str(),
            Self::ClientSecret => HS256,
        }
    }

    /// The signature of this name.
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

/// There is no such algorithm here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the algorithm is not supported")]
pub struct UnknownAlgorithm;

impl TryFrom<String> for ResponseSigning {
    type Error = UnknownAlgorithm;

    fn try_from(name: String) -> Result<Self, UnknownAlgorithm> {
        Self::named(&name).ok_or(UnknownAlgorithm)
    }
}

/// What a client registers. Members that it leaves out have the values of [`ClientMetadata::default`].
#[skip_serializing_none]
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientMetadata {
    /// The name that people see.
    pub client_name: String,
    /// Where the client runs.
    pub application_type: ApplicationType,
    /// Where authorization responses may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where browsers may go after logout (OpenID Connect RP-Initiated Logout §3.1).
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// The grant types that the client may use.
    pub grant_types: Vec<String>,
    /// The response types that the client may use.
    pub response_types: Vec<ResponseType>,
    /// Every scope that the client may ask for.
    pub scope: Scope,
    /// How the client authenticates.
    pub token_endpoint_auth_method: String,
    /// The one algorithm of the client's assertions, where it binds itself to one.
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// The client's public keys, with the members that are read and no others.
    #[serde(deserialize_with = "jwk::deserialize_set")]
    pub jwks: Option<Value>,
    /// Where the client publishes its keys (RFC 7591 §2).
    pub jwks_uri: Option<String>,
    /// What `sub` the client sees.
    pub subject_type: SubjectType,
    /// A document with the redirect URIs of all clients of a sector (OpenID Connect Registration §5).
    pub sector_identifier_uri: Option<String>,
    /// What the client's ID tokens are signed with.
    pub id_token_signed_response_alg: ResponseSigning,
    /// How the key of encrypted ID tokens reaches the client, where it wants them encrypted (OpenID Connect Core §10.2).
    pub id_token_encrypted_response_alg: Option<KeyManagement>,
    /// How the content is encrypted.
    pub id_token_encrypted_response_enc: Option<ContentEncryption>,
    /// What userinfo is signed with, where the client wants it signed.
    pub userinfo_signed_response_alg: Option<ResponseSigning>,
    /// How the key of encrypted userinfo reaches the client, where it wants that encrypted.
    pub userinfo_encrypted_response_alg: Option<KeyManagement>,
    /// How the content is encrypted.
    pub userinfo_encrypted_response_enc: Option<ContentEncryption>,
    /// The one algorithm of the client's request objects, where it binds itself to one.
    pub request_object_signing_alg: Option<String>,
    /// How the client may encrypt the key of its request objects.
    pub request_object_encryption_alg: Option<KeyManagement>,
    /// How the client may encrypt their content.
    pub request_object_encryption_enc: Option<ContentEncryption>,
    /// Where the client keeps request objects (OpenID Connect Core §6.2).
    pub request_uris: Vec<String>,
    /// Whether every request must come in a signed request object (RFC 9101 §10.5).
    pub require_signed_request_object: bool,
    /// Whether every request must be pushed (RFC 9126 §6).
    pub require_pushed_authorization_requests: bool,
    /// `max_age` where a request names none, in seconds.
    pub default_max_age: Option<i64>,
    /// Whether ID tokens must hold `auth_time`, which those of this server always do.
    pub require_auth_time: bool,
    /// `acr_values` where a request names none.
    pub default_acr_values: Vec<String>,
    /// Where a third party may begin a login (OpenID Connect Core §4).
    pub initiate_login_uri: Option<String>,
    /// Where the client hears of the end of a session (OpenID Connect Back-Channel Logout §2.2).
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs to be told which session.
    pub backchannel_logout_session_required: bool,
    /// The page by which the client ends its own session in a browser (OpenID Connect Front-Channel Logout §2).
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it needs to be told which session.
    pub frontchannel_logout_session_required: bool,
    /// The client's home page.
    pub client_uri: Option<String>,
    /// The client's logo. It is never shown from there.
    pub logo_uri: Option<String>,
    /// How the client uses data.
    pub policy_uri: Option<String>,
    /// The client's terms of service.
    pub tos_uri: Option<String>,
    /// Whom to write to about the client.
    pub contacts: Vec<String>,
    /// What identifies the software across its registrations (RFC 7591 §2).
    pub software_id: Option<String>,
    /// The version of the software.
    pub software_version: Option<String>,
    /// The security profile.
    pub profile: Profile,
    /// Whether the client is first-party: people are not asked for consent.
    pub skip_consent: bool,
    /// The demand for PKCE of a confidential client. Registrations from before this setting lack it; the profile's
    /// earlier rule applies to them.
    pub pkce: Option<PkceRule>,
    /// Whether every request for an ID token must hold a nonce (RFC 9700 §2.1.1).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_nonce: bool,
    /// The treatment of requested scopes that the client may not have. Registrations from before this setting lack it;
    /// their requests are refused.
    pub unknown_scopes: Option<UnknownScopes>,
    /// The origins whose scripts may call the token and userinfo endpoints.
    pub cors_origins: Vec<String>,
    /// The resources that the client may ask tokens for (RFC 8707 §2).
    pub audiences: Vec<String>,
    /// The resources whose tokens the client may introspect beside its own (RFC 7662 §2.1).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub introspects: Vec<String>,
    /// Whether ID tokens hold the claims of the granted scopes, which userinfo answers otherwise (OpenID Connect Core §5.4).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub id_token_claims: bool,
    /// The form of the client's access tokens.
    pub access_token_format: AccessTokenFormat,
    /// The algorithm of the client's access tokens for resources that choose none; the server's without it.
    pub access_token_alg: Option<SigningAlgorithm>,
    /// The `typ` of the client's access tokens for resources that choose none; `at+jwt` without it.
    pub access_token_typ: Option<AccessTokenTyp>,
    /// The lifetime of the client's access tokens in seconds, where it differs from the server's.
    pub access_token_lifetime: Option<i64>,
    /// The most that a client that registered itself may register, after an operator has taken something from it.
    pub cap: Option<Cap>,
}

/// How an answer is encrypted to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// How the key reaches the client.
    pub alg: KeyManagement,
    /// How the content is encrypted.
    pub enc: ContentEncryption,
}

impl Encryption {
    /// The encryption that a client has registered: none without `alg`; without `enc` the one that every client knows
    /// (OpenID Connect Registration §2).
    pub fn registered(alg: Option<KeyManagement>, enc: Option<ContentEncryption>) -> Option<Self> {
        alg.map(|alg| Self { alg, enc: enc.unwrap_or(ContentEncryption::A128CbcHs256) })
    }
}

impl ClientMetadata {
    /// The metadata of a client that is registered now: absent settings get the defaults of new clients.
    pub fn for_new_client(mut self) -> Self {
        if self.pkce.is_none() && self.token_endpoint_auth_method != AUTH_NONE {
            self.pkce = Some(self.profile.rules().pkce_of_new);
        }
        self.unknown_scopes.get_or_insert(UnknownScopes::Drop);
        self
    }

    /// The demand for PKCE in requests for a code: a public client always uses it, others as they are registered, as far
    /// as their profile lets them.
    pub fn pkce_of_code(&self) -> PkceRule {
        match self.token_endpoint_auth_method == AUTH_NONE {
            true => PkceRule::Required,
            false => self.profile.rules().pkce(self.pkce),
        }
    }

    /// The metadata as it replaces `held` without a choice of its own for PKCE: under another profile it demands the
    /// stricter of what `held` does and what that profile's new clients do.
    pub fn moved_from(mut self, held: &Self) -> Self {
        if self.profile != held.profile && self.pkce == held.pkce {
            self.pkce = Some(held.pkce_of_code().min(self.profile.rules().pkce_of_new));
        }
        self
    }

    /// How ID tokens are encrypted.
    pub fn id_token_encryption(&self) -> Option<Encryption> {
        Encryption::registered(self.id_token_encrypted_response_alg, self.id_token_encrypted_response_enc)
    }

    /// How userinfo is encrypted.
    pub fn userinfo_encryption(&self) -> Option<Encryption> {
        Encryption::registered(self.userinfo_encrypted_response_alg, self.userinfo_encrypted_response_enc)
    }
}

impl Default for ClientMetadata {
    /// The metadata of a client that says nothing about itself (RFC 7591 §2, OpenID Connect Registration §2).
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
