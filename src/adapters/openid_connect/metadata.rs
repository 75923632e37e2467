//! The discovery documents (OpenID Connect Discovery §3, RFC 8414 §2) in openidconnect's types, built from the
//! capabilities in the registries.

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

use signet_protocol::claims::standard::CLAIMS_SUPPORTED;
use signet_protocol::endpoint;
use signet_protocol::jose::encryption::{ContentEncryption, KeyManagement};
use signet_protocol::jose::jwk::CLIENT_ALGORITHMS;
use signet_protocol::language::Language;
use signet_protocol::metadata::Capabilities;
use signet_protocol::scope::OIDC_SCOPES;
use signet_protocol::token::authentication::ACR_VALUES_SUPPORTED;

/// Members that the `openidconnect` crate lacks, and members with values that it lacks.
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
    device_authorization_endpoint: String,
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

/// The reason why the document cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// An endpoint's URL cannot be formed from the issuer.
    #[error("the issuer is not a URL")]
    Issuer(#[from] url::ParseError),
    /// The document cannot be serialized.
    #[error("the metadata cannot be written")]
    Json(#[from] serde_json::Error),
}

/// Builds the discovery document as JSON.
pub fn document(server: &Capabilities<'_>) -> Result<Value, MetadataError> {
    let metadata: SignetMetadata = ProviderMetadata::new(
        IssuerUrl::new(server.issuer.to_owned())?,
        AuthUrl::new(endpoint::AUTHORIZE.url(server.issuer))?,
        JsonWebKeySetUrl::new(endpoint::JWKS.url(server.issuer))?,
        response_types(server)?,
        vec![CoreSubjectIdentifierType::Public, CoreSubjectIdentifierType::Pairwise],
        named(server.response_algorithms())?,
        extra(server),
    );
    let classes = ACR_VALUES_SUPPORTED.iter().map(|acr| AuthenticationContextClass::new((*acr).to_owned()));
    let metadata = metadata
        .set_token_endpoint(Some(TokenUrl::new(endpoint::TOKEN.url(server.issuer))?))
        .set_registration_endpoint(
            server.registration.map(|path| RegistrationUrl::new(server.endpoint(path))).transpose()?,
        )
        .set_userinfo_endpoint(Some(UserInfoUrl::new(endpoint::USERINFO.url(server.issuer))?))
        .set_scopes_supported(Some(OIDC_SCOPES.iter().map(|scope| Scope::new((*scope).to_owned())).collect()))
        .set_response_modes_supported(Some(named(server.response_modes())?))
        .set_grant_types_supported(Some(named(server.grant_types())?))
        .set_acr_values_supported(Some(classes.collect()))
        .set_token_endpoint_auth_methods_supported(Some(named(server.auth_methods.iter().copied())?))
        .set_display_values_supported(Some(named(["page", "popup", "touch", "wap"].into_iter())?))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(named(CLAIMS_SUPPORTED.iter().copied())?))
        .set_ui_locales_supported(Some(
            Language::ALL.map(|language| LanguageTag::new(language.tag().to_owned())).into(),
        ))
        .set_claims_parameter_supported(Some(true));
    Ok(serde_json::to_value(objects(metadata, server)?)?)
}

/// Adds the members about request objects and about signed or encrypted responses (OpenID Connect Core §6, §10).
fn objects(metadata: SignetMetadata, server: &Capabilities<'_>) -> Result<SignetMetadata, MetadataError> {
    let keys = || named(KeyManagement::ALL.into_iter().map(KeyManagement::as_str));
    let contents = || named(ContentEncryption::ALL.into_iter().map(ContentEncryption::as_str));
    let decrypts = server.can_decrypt().then(|| server.decryption.iter().map(|algorithm| algorithm.as_str()));
    Ok(metadata
        .set_id_token_encryption_alg_values_supported(Some(keys()?))
        .set_id_token_encryption_enc_values_supported(Some(contents()?))
        .set_userinfo_signing_alg_values_supported(Some(named(server.response_algorithms())?))
        .set_userinfo_encryption_alg_values_supported(Some(keys()?))
        .set_userinfo_encryption_enc_values_supported(Some(contents()?))
        .set_request_object_encryption_alg_values_supported(decrypts.map(named).transpose()?)
        .set_request_object_encryption_enc_values_supported(server.can_decrypt().then(contents).transpose()?)
        .set_request_parameter_supported(Some(true))
        .set_request_uri_parameter_supported(Some(true))
        .set_require_request_uri_registration(Some(true)))
}

fn response_types(server: &Capabilities<'_>) -> Result<Vec<ResponseTypes<CoreResponseType>>, MetadataError> {
    server.response_types().map(|kind| Ok(ResponseTypes::new(named(kind.as_str().split(' '))?))).collect()
}

fn extra(server: &Capabilities<'_>) -> Extra {
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let confidential: Vec<&str> = server.confidential_methods().collect();
    let assertions: Vec<&str> = server.assertion_algorithms().collect();
    Extra {
        end_session_endpoint: endpoint::LOGOUT.url(server.issuer),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        check_session_iframe: server.check_session.map(|path| server.endpoint(path)),
        token_endpoint_auth_signing_alg_values_supported: texts(&assertions),
        request_object_signing_alg_values_supported: texts(&CLIENT_ALGORITHMS),
        introspection_endpoint: endpoint::INTROSPECT.url(server.issuer),
        introspection_endpoint_auth_methods_supported: texts(&confidential),
        introspection_endpoint_auth_signing_alg_values_supported: texts(&assertions),
        revocation_endpoint: endpoint::REVOKE.url(server.issuer),
        revocation_endpoint_auth_methods_supported: texts(server.auth_methods),
        revocation_endpoint_auth_signing_alg_values_supported: texts(&assertions),
        code_challenge_methods_supported: texts(&["S256"]),
        authorization_response_iss_parameter_supported: true,
        prompt_values_supported: texts(&["none", "login", "consent", "select_account"]),
        pushed_authorization_request_endpoint: endpoint::PAR.url(server.issuer),
        device_authorization_endpoint: endpoint::DEVICE_AUTHORIZATION.url(server.issuer),
        require_pushed_authorization_requests: false,
    }
}

/// Parses names as values of openidconnect's types.
fn named<'a, T: serde::de::DeserializeOwned>(names: impl Iterator<Item = &'a str>) -> Result<Vec<T>, MetadataError> {
    names.map(|name| Ok(serde_json::from_value(Value::from(name))?)).collect()
}
