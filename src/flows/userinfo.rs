//! The userinfo endpoint (OpenID Connect Core §5.3): the claims that the token's scope releases and those that
//! were asked for one by one, in openidconnect's type.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{EmptyAdditionalClaims, UserInfoClaims};

use super::{issue, verify};
use super::{Context, FlowError, Provider};
use crate::protocol::claims::Release;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::scope::OPENID;

/// The claims of a person as userinfo answers them.
pub type SignetUserInfo = UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim>;

/// Answers with the claims that the token releases.
///
/// # Errors
/// `invalid_token`, or `insufficient_scope` where the token is not from an OpenID Connect request.
pub async fn userinfo(provider: &Provider, context: &Context, token: &str) -> Result<SignetUserInfo, FlowError> {
    let invalid = OAuthError::invalid_token("The access token is not for this endpoint.");
    let facts = verify::access_token(provider, context, token).await?;
    if !facts.claims.aud.contains(&context.realm.issuer) {
        return Err(invalid.into());
    }
    let user = match &facts.user {
        Some(user) if facts.claims.scope.contains(OPENID) => user,
        Some(_) | None => {
            return Err(OAuthError::new(ErrorCode::InsufficientScope, "The scope openid is required.").into());
        }
    };
    let user = provider.view.user(&context.realm.id, user).await?.ok_or(invalid)?;
    let client = provider.view.client(&context.realm.id, &facts.claims.client_id).await?.ok_or(invalid)?;
    let asked = &facts.claims.claims;
    let release = Release { scope: &facts.claims.scope, requested: &asked.userinfo, locales: &asked.locales };
    let claims = issue::person(provider, &client, &user, &release)?;
    Ok(SignetUserInfo::new(claims, EmptyAdditionalClaims {}))
}
