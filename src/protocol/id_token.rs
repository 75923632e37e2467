//! The ID token (OpenID Connect Core §2) in openidconnect's types: what it says, not how it is signed.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AdditionalClaims, Audience, AuthenticationContextClass, AuthenticationMethodReference, IdTokenClaims, IssuerUrl,
    Nonce,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims;
use super::code_redemption::Authentication;
use super::ids::{ClientId, SessionId, TokenId};
use super::time::{Span, Timestamp};

/// The authentication context classes that this server can tell of: a password, or less than anybody asked for.
pub const ACR_PASSWORD: &str = "urn:signet:acr:pwd";

/// Every value that `acr` may have.
pub const ACR_VALUES_SUPPORTED: [&str; 1] = [ACR_PASSWORD];

/// The claims beside those of OpenID Connect Core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraClaims {
    /// The session (OpenID Connect Front-Channel Logout §3).
    pub sid: SessionId,
    /// The token's id.
    pub jti: TokenId,
    /// The beginning of its life, a NumericDate: [`IdTokenFacts::tolerance`] before its issue (RFC 7519 §4.1.5).
    pub nbf: i64,
    /// The party to which the token was issued, for clients that look for it.
    pub azp: ClientId,
    /// Claims by mappers, none of which is one of the protocol.
    #[serde(flatten)]
    pub mapped: Map<String, Value>,
}

impl AdditionalClaims for ExtraClaims {}

/// The claims of an ID token of this server.
pub type SignetIdTokenClaims = IdTokenClaims<ExtraClaims, CoreGenderClaim>;

/// What an ID token is made from.
pub struct IdTokenFacts<'a> {
    /// This server's issuer identifier.
    pub issuer: &'a str,
    /// The person: the `sub` that the client knows, and the claims that it has asked for here.
    pub person: claims::Standard,
    /// The client it is for.
    pub audience: &'a ClientId,
    /// The nonce of the authorization request.
    pub nonce: Option<&'a str>,
    /// When and how the person authenticated.
    pub authentication: &'a Authentication,
    /// The session.
    pub session: &'a SessionId,
    /// The token's id.
    pub jti: TokenId,
    /// Claims by mappers.
    pub mapped: Map<String, Value>,
    /// How long it lives.
    pub lifetime: Span,
    /// The time by which a client's clock may be late: `nbf` lies that long before `iat`.
    pub tolerance: Span,
}

/// An issuer that is no URL; the configuration refuses it before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer is not a URL")]
pub struct IssuerError;

/// The claims of the ID token, without the hashes, which signing adds.
///
/// # Errors
/// [`IssuerError`] where the issuer is not a URL.
pub fn claims(facts: IdTokenFacts<'_>, now: Timestamp) -> Result<SignetIdTokenClaims, IssuerError> {
    let issuer = IssuerUrl::new(facts.issuer.to_owned()).map_err(|_| IssuerError)?;
    let audience = Audience::new(facts.audience.as_str().to_owned());
    let extra = ExtraClaims {
        sid: facts.session.clone(),
        jti: facts.jti,
        nbf: now.minus(facts.tolerance).as_secs(),
        azp: facts.audience.clone(),
        mapped: facts.mapped,
    };
    let expires_at = whole_second(now.plus(facts.lifetime));
    let methods = facts.authentication.methods.iter().cloned().map(AuthenticationMethodReference::new).collect();
    Ok(IdTokenClaims::new(
        issuer,
        vec![audience],
        expires_at.to_chrono(),
        whole_second(now).to_chrono(),
        facts.person,
        extra,
    )
    .set_nonce(facts.nonce.map(|nonce| Nonce::new(nonce.to_owned())))
    .set_auth_time(Some(whole_second(facts.authentication.time).to_chrono()))
    .set_auth_context_ref(Some(AuthenticationContextClass::new(ACR_PASSWORD.to_owned())))
    .set_auth_method_refs(Some(methods)))
}

/// The beginning of the second, since a NumericDate is written without a fraction.
fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_secs(time.as_secs())
}
