//! The userinfo endpoint (OpenID Connect Core §5.3): the claims that the token's scope releases, in openidconnect's
//! type.

use openidconnect::core::CoreGenderClaim;
use openidconnect::{EmptyAdditionalClaims, UserInfoClaims};

use super::verify;
use super::{Context, FlowError, Provider};
use crate::protocol::claims;
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
    let scope = &facts.claims.scope;
    let user = match &facts.user {
        Some(user) if scope.contains(OPENID) => user,
        Some(_) | None => {
            return Err(OAuthError::new(ErrorCode::InsufficientScope, "The scope openid is required.").into());
        }
    };
    let user = provider.view.user(&context.realm.id, user).await?.ok_or(invalid)?;
    let email = user.email.as_ref().map(|(address, verified)| (address.as_str(), *verified));
    let released = user.claims.released(&user.id, &user.username, email, scope);
    let claims = claims::standard_claims(&released).map_err(|error| FlowError::Internal(error.to_string()))?;
    Ok(SignetUserInfo::new(claims, EmptyAdditionalClaims {}))
}
