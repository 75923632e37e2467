//! From an issuance to tokens: the claims are fixed before the transaction, the signatures made after its commit.

use serde::Serialize;

use super::{Context, FlowError, Provider};
use crate::grants::Issuance;
use crate::keys::IdTokenHashes;
use crate::protocol::access_token::{AccessTokenClaims, Audience};
use crate::protocol::client::{AccessTokenFormat, Client, ResponseSigning};
use crate::protocol::id_token::{self, IdTokenFacts};
use crate::protocol::ids::TokenId;
use crate::protocol::jwk::SigningAlgorithm;
use crate::protocol::scope::OPENID;
use crate::protocol::secret::OpaqueAccessToken;
use crate::protocol::time::Span;

/// A successful answer of the token endpoint (RFC 6749 §5.1, OpenID Connect Core §3.1.3.3).
#[derive(Serialize)]
pub struct TokenResponse {
    /// The access token.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: &'static str,
    /// Its lifetime in seconds.
    pub expires_in: i64,
    /// What it allows.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// The refresh token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// The ID token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token: Option<String>,
}

/// An access token before it is signed or handed out.
pub struct Draft {
    /// Its claims.
    pub claims: AccessTokenClaims,
    /// The reference, where the client takes opaque tokens; its digest is stored with the claims.
    pub opaque: Option<OpaqueAccessToken>,
    lifetime: Span,
}

/// Drafts the access token of an issuance.
///
/// # Errors
/// [`FlowError`] where the system has no random bytes.
pub fn draft(
    default_lifetime: Span,
    context: &Context,
    client: &Client,
    issuance: &Issuance,
) -> Result<Draft, FlowError> {
    let lifetime = client.access_token_lifetime(default_lifetime);
    let now = context.now;
    let grant = issuance.grant.as_ref();
    let claims = AccessTokenClaims {
        iss: context.realm.issuer.clone(),
        sub: issuance.subject.as_claim(),
        aud: Audience::of(&issuance.resources, &context.realm.issuer),
        exp: now.as_secs().saturating_add(lifetime.as_secs()),
        nbf: now.as_secs(),
        iat: now.as_secs(),
        jti: TokenId::new(now, context.entropy.bytes()?),
        client_id: client.id.clone(),
        scope: issuance.scope.clone(),
        auth_time: grant.map(|grant| grant.authentication.time.as_secs()),
        sid: grant.filter(|grant| !grant.session_over).map(|grant| grant.session.clone()),
        grant_id: grant.map(|grant| grant.family.clone()),
    };
    let opaque = match client.metadata.access_token_format {
        AccessTokenFormat::Jwt => None,
        AccessTokenFormat::Opaque => Some(OpaqueAccessToken::from_random(context.entropy.bytes()?)),
    };
    Ok(Draft { claims, opaque, lifetime })
}

/// Signs the tokens of an issuance whose transaction has committed.
///
/// # Errors
/// [`FlowError`] where a key fails.
pub fn sign(
    provider: &Provider,
    context: &Context,
    client: &Client,
    issuance: &Issuance,
    draft: Draft,
) -> Result<TokenResponse, FlowError> {
    let keys = provider.keys.of(&context.realm.id);
    let access_token = match &draft.opaque {
        Some(opaque) => opaque.expose().to_owned(),
        None => keys.sign_access_token(&draft.claims, access_token_algorithm(provider), context.now)?,
    };
    let id_token = match &issuance.grant {
        Some(grant) if issuance.scope.contains(OPENID) => {
            let facts = IdTokenFacts {
                issuer: &context.realm.issuer,
                subject: &grant.user,
                audience: &client.id,
                nonce: grant.nonce.as_deref(),
                authentication: &grant.authentication,
                session: &grant.session,
                jti: TokenId::new(context.now, context.entropy.bytes()?),
                lifetime: provider.lifetimes.id_token,
            };
            let claims =
                id_token::claims(&facts, context.now).map_err(|error| FlowError::Internal(error.to_string()))?;
            let hashes = IdTokenHashes { access_token: Some(&access_token), code: None };
            match client.metadata.id_token_signed_response_alg {
                ResponseSigning::Key(algorithm) => Some(keys.sign_id_token(claims, algorithm, hashes, context.now)?),
                ResponseSigning::ClientSecret => return Err(FlowError::Internal("HS256 is not built".to_owned())),
            }
        }
        Some(_) | None => None,
    };
    Ok(TokenResponse {
        access_token,
        token_type: "Bearer",
        expires_in: draft.lifetime.as_secs(),
        scope: issuance.scope.to_string(),
        refresh_token: None,
        id_token,
    })
}

/// The algorithm of access tokens: ES256, or the first that there is a key for.
fn access_token_algorithm(provider: &Provider) -> SigningAlgorithm {
    let held = provider.keys.algorithms();
    let preferred = held.iter().find(|algorithm| **algorithm == SigningAlgorithm::ES256);
    preferred.or(held.first()).copied().unwrap_or(SigningAlgorithm::ES256)
}
