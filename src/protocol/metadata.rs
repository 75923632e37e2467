//! Discovery documents (OpenID Connect Discovery §3, RFC 8414 §2), generated from the registries rather than typed, so
//! that they list exactly what the server supports.

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl, LanguageTag,
    ProviderMetadata, RegistrationUrl, ResponseTypes, Scope, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authorization_response::ResponseMode;
use super::claims::CLAIMS_SUPPORTED;
use super::client::{CLIENT_SECRET_JWT, ResponseSigning};
use super::id_token::ACR_VALUES_SUPPORTED;
use super::jwe::{ContentEncryption, KeyManagement};
use super::jwk::{CLIENT_ALGORITHMS, SigningAlgorithm};
use super::profile::Profile;
use super::response_type::{IMPLICIT, ResponseType};
use super::scope::OIDC_SCOPES;

/// Members that the `openidconnect` crate lacks, or whose values it knows only in part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    end_session_endpoint: String,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_session_iframe: Option<String>,
    token_endpoint_auth_signing_alg_values_supported: Vec<String>,
    request_object_signing_alg_values_supported: Vec<String>,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<String>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: Vec<String>,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
}

impl AdditionalProviderMetadata for Extra {}

/// The metadata of this server in openidconnect's type.
pub type SignetMetadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

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
    /// Returns true if there is a decryption key. Empty lists are omitted from the document (RFC 8414 §3.2).
    fn can_decrypt(&self) -> bool {
        !self.decryption.is_empty()
    }
}

/// The reason why the document cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    #[error("the issuer is not a URL")]
    Issuer(#[from] url::ParseError),
    #[error("the metadata cannot be serialized")]
    Json(#[from] serde_json::Error),
}

/// Builds the discovery document.
pub fn document(server: &Capabilities<'_>) -> Result<Value, MetadataError> {
    let endpoint = |path: &str| format!("{}{path}", server.issuer);
    let metadata: SignetMetadata = ProviderMetadata::new(
        IssuerUrl::new(server.issuer.to_owned())?,
        AuthUrl::new(endpoint("/authorize"))?,
        JsonWebKeySetUrl::new(endpoint("/.well-known/jwks.json"))?,
        response_types(server)?,
        vec![CoreSubjectIdentifierType::Public, CoreSubjectIdentifierType::Pairwise],
        named(response_algorithms(server))?,
        extra(server),
    );
    let classes = ACR_VALUES_SUPPORTED.iter().map(|acr| AuthenticationContextClass::new((*acr).to_owned()));
    let metadata = metadata
        .set_token_endpoint(Some(TokenUrl::new(endpoint("/token"))?))
        .set_registration_endpoint(server.registration.map(|path| RegistrationUrl::new(endpoint(path))).transpose()?)
        .set_userinfo_endpoint(Some(UserInfoUrl::new(endpoint("/userinfo"))?))
        .set_scopes_supported(Some(OIDC_SCOPES.iter().map(|scope| Scope::new((*scope).to_owned())).collect()))
        .set_response_modes_supported(Some(named(response_modes(server))?))
        .set_grant_types_supported(Some(named(grant_types(server))?))
        .set_acr_values_supported(Some(classes.collect()))
        .set_token_endpoint_auth_methods_supported(Some(named(server.auth_methods.iter().copied())?))
        .set_display_values_supported(Some(named(["page", "popup", "touch", "wap"].into_iter())?))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(named(CLAIMS_SUPPORTED.iter().copied())?))
        .set_ui_locales_supported(Some(vec![LanguageTag::new("en".to_owned())]))
        .set_claims_parameter_supported(Some(true));
    Ok(serde_json::to_value(objects(metadata, server)?)?)
}

/// Adds the members about request objects and about signed or encrypted answers (OpenID Connect Core §6, §10).
fn objects(metadata: SignetMetadata, server: &Capabilities<'_>) -> Result<SignetMetadata, MetadataError> {
    let keys = || named(KeyManagement::ALL.into_iter().map(KeyManagement::as_str));
    let contents = || named(ContentEncryption::ALL.into_iter().map(ContentEncryption::as_str));
    let decrypts = server.can_decrypt().then(|| server.decryption.iter().map(|algorithm| algorithm.as_str()));
    Ok(metadata
        .set_id_token_encryption_alg_values_supported(Some(keys()?))
        .set_id_token_encryption_enc_values_supported(Some(contents()?))
        .set_userinfo_signing_alg_values_supported(Some(named(response_algorithms(server))?))
        .set_userinfo_encryption_alg_values_supported(Some(keys()?))
        .set_userinfo_encryption_enc_values_supported(Some(contents()?))
        .set_request_object_encryption_alg_values_supported(decrypts.map(named).transpose()?)
        .set_request_object_encryption_enc_values_supported(server.can_decrypt().then(contents).transpose()?)
        .set_request_parameter_supported(Some(true))
        .set_request_uri_parameter_supported(Some(true))
        .set_require_request_uri_registration(Some(true)))
}

/// Returns the algorithms that answers to clients may be signed with: those of this server's keys and of client
/// secrets.
fn response_algorithms<'a>(server: &'a Capabilities<'_>) -> impl Iterator<Item = &'static str> + use<'a> {
    let keys = server.algorithms.iter().map(|algorithm| ResponseSigning::Key(*algorithm));
    keys.chain([ResponseSigning::ClientSecret]).map(ResponseSigning::as_str)
}

/// Returns the algorithms of client assertions: those of client keys, and of client secrets if that method is
/// registered.
fn assertion_algorithms<'a>(server: &'a Capabilities<'_>) -> impl Iterator<Item = &'static str> + use<'a> {
    let by_secret = server.auth_methods.contains(&CLIENT_SECRET_JWT).then(|| ResponseSigning::ClientSecret.as_str());
    CLIENT_ALGORITHMS.iter().copied().chain(by_secret)
}

/// Returns the response types of all profiles.
fn response_kinds<'a>(server: &'a Capabilities<'_>) -> impl Iterator<Item = ResponseType> + use<'a> {
    let allowed =
        |kind: &ResponseType| server.profiles.iter().any(|profile| profile.rules().response_types.contains(kind));
    ResponseType::ALL.into_iter().filter(allowed)
}

/// Returns the grant types of the token endpoint, and the implicit one if a response type needs it.
fn grant_types<'a>(server: &'a Capabilities<'_>) -> impl Iterator<Item = &'static str> + use<'a> {
    let implicit = response_kinds(server).any(ResponseType::needs_implicit).then_some(IMPLICIT);
    server.grants.iter().copied().chain(implicit)
}

fn response_types(server: &Capabilities<'_>) -> Result<Vec<ResponseTypes<CoreResponseType>>, MetadataError> {
    response_kinds(server).map(|kind| Ok(ResponseTypes::new(named(kind.as_str().split(' '))?))).collect()
}

fn extra(server: &Capabilities<'_>) -> Extra {
    let endpoint = |path: &str| format!("{}{path}", server.issuer);
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let confidential: Vec<&str> = server.auth_methods.iter().copied().filter(|name| *name != "none").collect();
    let assertions: Vec<&str> = assertion_algorithms(server).collect();
    Extra {
        end_session_endpoint: endpoint("/logout"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        check_session_iframe: server.check_session.map(endpoint),
        token_endpoint_auth_signing_alg_values_supported: texts(&assertions),
        request_object_signing_alg_values_supported: texts(&CLIENT_ALGORITHMS),
        introspection_endpoint: endpoint("/introspect"),
        introspection_endpoint_auth_methods_supported: texts(&confidential),
        introspection_endpoint_auth_signing_alg_values_supported: texts(&assertions),
        revocation_endpoint: endpoint("/revoke"),
        revocation_endpoint_auth_methods_supported: texts(server.auth_methods),
        revocation_endpoint_auth_signing_alg_values_supported: texts(&assertions),
        code_challenge_methods_supported: texts(&["S256"]),
        authorization_response_iss_parameter_supported: true,
        prompt_values_supported: texts(&["none", "login", "consent", "select_account"]),
        pushed_authorization_request_endpoint: endpoint("/par"),
        require_pushed_authorization_requests: false,
    }
}

/// Returns the response modes of all profiles.
fn response_modes<'a>(server: &'a Capabilities<'_>) -> impl Iterator<Item = &'static str> + use<'a> {
    let allowed =
        |mode: &ResponseMode| server.profiles.iter().any(|profile| profile.rules().response_modes.contains(mode));
    ResponseMode::ALL.into_iter().filter(allowed).map(ResponseMode::as_str)
}

/// Converts names to values of openidconnect's types.
fn named<'a, T: serde::de::DeserializeOwned>(names: impl Iterator<Item = &'a str>) -> Result<Vec<T>, MetadataError> {
    names.map(|name| Ok(serde_json::from_value(Value::from(name))?)).collect()
}
