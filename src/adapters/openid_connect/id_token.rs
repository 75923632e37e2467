//! The claims of the ID token (OpenID Connect Core §2) in openidconnect's types.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AdditionalClaims, Audience, AuthenticationContextClass, AuthenticationMethodReference, IdTokenClaims, IssuerUrl,
    Nonce,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::userinfo::Person;
use signet_protocol::ids::{ClientId, SessionId, TokenId};
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::authentication::Authentication;

/// Claims beyond those of OpenID Connect Core.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtraClaims {
    /// The session (OpenID Connect Front-Channel Logout §3).
    pub sid: SessionId,
    pub jti: TokenId,
    /// Start of validity, a NumericDate: [`IdTokenFacts::tolerance`] before `iat` (RFC 7519 §4.1.5).
    pub nbf: i64,
    /// The party that the token was issued to, for clients that check it.
    pub azp: ClientId,
    /// Claims of mappers, which never replace a claim of the protocol.
    #[serde(flatten)]
    pub mapped: Map<String, Value>,
}

impl AdditionalClaims for ExtraClaims {}

pub type SignetIdTokenClaims = IdTokenClaims<ExtraClaims, CoreGenderClaim>;

/// The input of an ID token.
pub struct IdTokenFacts<'a> {
    /// The issuer identifier of the realm.
    pub issuer: &'a str,
    /// The `sub` that the client knows and the claims that it has requested for the ID token.
    pub person: Person,
    pub audience: &'a ClientId,
    pub nonce: Option<&'a str>,
    pub authentication: &'a Authentication,
    pub session: &'a SessionId,
    pub jti: TokenId,
    /// Claims of mappers.
    pub mapped: Map<String, Value>,
    pub lifetime: Span,
    /// The tolerated lag of a client's clock, by which `nbf` precedes `iat`.
    pub tolerance: Span,
}

/// The issuer is not a URL. The settings refuse such an issuer at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the issuer is not a URL")]
pub struct IssuerError;

/// Builds the claims without `at_hash` and `c_hash`, which are added when the token is signed.
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
    let class = facts.authentication.class().map(|class| AuthenticationContextClass::new(class.to_owned()));
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
    .set_auth_context_ref(class)
    .set_auth_method_refs(Some(methods)))
}

/// Truncates to the second, since a NumericDate is written without a fraction.
fn whole_second(time: Timestamp) -> Timestamp {
    Timestamp::from_secs(time.as_secs())
}
