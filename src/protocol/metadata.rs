//! The discovery documents (OpenID Connect Discovery §3, RFC 8414 §2), generated from what the registries hold and
//! never typed by hand: a server that lacks something cannot say that it has it.

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, AuthUrl, AuthenticationContextClass, IssuerUrl, JsonWebKeySetUrl, ProviderMetadata,
    ResponseTypes, Scope, TokenUrl, UserInfoUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::authorization_response::ResponseMode;
use super::claims::CLAIMS_SUPPORTED;
use super::id_token::ACR_VALUES_SUPPORTED;
use super::jwk::{CLIENT_ALGORITHMS, SigningAlgorithm};
use super::profile::Profile;
use super::scope::OIDC_SCOPES;

/// The members that the `openidconnect` crate does not know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extra {
    end_session_endpoint: String,
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
    frontchannel_logout_supported: bool,
    frontchannel_logout_session_supported: bool,
    check_session_iframe: String,
    introspection_endpoint: String,
    introspection_endpoint_auth_methods_supported: Vec<String>,
    introspection_endpoint_auth_signing_alg_values_supported: Vec<String>,
    revocation_endpoint: String,
    revocation_endpoint_auth_methods_supported: Vec<String>,
    revocation_endpoint_auth_signing_alg_values_supported: Vec<String>,
    code_challenge_methods_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    prompt_values_supported: Vec<String>,
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

/// What the server has, as its registries, settings and keys tell.
pub struct Capabilities<'a> {
    /// The issuer identifier; endpoints lie below it.
    pub issuer: &'a str,
    /// The names in the grant registry.
    pub grants: &'a [&'static str],
    /// The names in the registry of client authentication methods.
    pub auth_methods: &'a [&'static str],
    /// The algorithms that there are signing keys for.
    pub algorithms: &'a [SigningAlgorithm],
}

/// Why there is no document: something in it is no URL or no JSON.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// The issuer makes no URL.
    #[error("the issuer is not a URL")]
    Issuer(#[from] url::ParseError),
    /// The document cannot be written.
    #[error("the metadata cannot be written")]
    Json(#[from] serde_json::Error),
}

/// The discovery document as JSON.
///
/// # Errors
/// [`MetadataError`] where the issuer is no URL.
pub fn document(server: &Capabilities<'_>) -> Result<Value, MetadataError> {
    let endpoint = |path: &str| format!("{}{path}", server.issuer);
    let response_types = vec![ResponseTypes::new(vec![CoreResponseType::Code])];
    let metadata: SignetMetadata = ProviderMetadata::new(
        IssuerUrl::new(server.issuer.to_owned())?,
        AuthUrl::new(endpoint("/authorize"))?,
        JsonWebKeySetUrl::new(endpoint("/.well-known/jwks.json"))?,
        response_types,
        vec![CoreSubjectIdentifierType::Public],
        named(server.algorithms.iter().map(|algorithm| algorithm.as_str()))?,
        extra(server),
    );
    let metadata = metadata
        .set_token_endpoint(Some(TokenUrl::new(endpoint("/token"))?))
        .set_userinfo_endpoint(Some(UserInfoUrl::new(endpoint("/userinfo"))?))
        .set_scopes_supported(Some(OIDC_SCOPES.iter().map(|scope| Scope::new((*scope).to_owned())).collect()))
        .set_response_modes_supported(Some(named(response_modes())?))
        .set_grant_types_supported(Some(named(server.grants.iter().copied())?))
        .set_acr_values_supported(Some(
            ACR_VALUES_SUPPORTED.iter().map(|acr| AuthenticationContextClass::new((*acr).to_owned())).collect(),
        ))
        .set_token_endpoint_auth_methods_supported(Some(named(server.auth_methods.iter().copied())?))
        .set_token_endpoint_auth_signing_alg_values_supported(Some(named(CLIENT_ALGORITHMS.iter().copied())?))
        .set_display_values_supported(Some(named(["page", "popup", "touch", "wap"].into_iter())?))
        .set_claim_types_supported(Some(vec![CoreClaimType::Normal]))
        .set_claims_supported(Some(named(CLAIMS_SUPPORTED.iter().copied())?))
        .set_claims_parameter_supported(Some(false))
        .set_request_parameter_supported(Some(false))
        .set_request_uri_parameter_supported(Some(false));
    Ok(serde_json::to_value(metadata)?)
}

fn extra(server: &Capabilities<'_>) -> Extra {
    let endpoint = |path: &str| format!("{}{path}", server.issuer);
    let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let confidential: Vec<&str> = server.auth_methods.iter().copied().filter(|name| *name != "none").collect();
    Extra {
        end_session_endpoint: endpoint("/logout"),
        backchannel_logout_supported: true,
        backchannel_logout_session_supported: true,
        frontchannel_logout_supported: true,
        frontchannel_logout_session_supported: true,
        check_session_iframe: endpoint("/session/check"),
        introspection_endpoint: endpoint("/introspect"),
        introspection_endpoint_auth_methods_supported: texts(&confidential),
        introspection_endpoint_auth_signing_alg_values_supported: texts(&CLIENT_ALGORITHMS),
        revocation_endpoint: endpoint("/revoke"),
        revocation_endpoint_auth_methods_supported: texts(server.auth_methods),
        revocation_endpoint_auth_signing_alg_values_supported: texts(&CLIENT_ALGORITHMS),
        code_challenge_methods_supported: texts(&["S256"]),
        authorization_response_iss_parameter_supported: true,
        prompt_values_supported: texts(&["none", "login", "consent", "select_account"]),
    }
}

/// The response modes of all profiles together.
fn response_modes() -> impl Iterator<Item = &'static str> {
    [ResponseMode::Query, ResponseMode::FormPost]
        .into_iter()
        .filter(|mode| Profile::ALL.iter().any(|profile| profile.rules().response_modes.contains(mode)))
        .map(ResponseMode::as_str)
}

/// Values of openidconnect's types by their names.
fn named<T: serde::de::DeserializeOwned>(names: impl Iterator<Item = &'static str>) -> Result<Vec<T>, MetadataError> {
    names.map(|name| Ok(serde_json::from_value(Value::from(name))?)).collect()
}
