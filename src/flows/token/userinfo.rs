//! The userinfo endpoint (OpenID Connect Core §5.3): the claims of the token's scope and the individually requested
//! ones.

use serde::Serialize;

use super::{issue, jose, mapped, verify};
use crate::adapters::openid_connect::userinfo::{self, SignetUserInfo};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::claims::mapper::{ReleaseContext, Target};
use signet_protocol::claims::standard::Release;
use signet_protocol::scope::OPENID;

/// A userinfo response.
pub enum Answer {
    Claims(Box<SignetUserInfo>),
    /// A JWT, signed and optionally encrypted, as the client registered (OpenID Connect Core §5.3.2).
    Jwt(String),
}

/// The claims of a signed response: those about the person, with issuer and audience.
#[derive(Serialize)]
struct SignedClaims<'a> {
    iss: &'a str,
    aud: &'a str,
    iat: i64,
    #[serde(flatten)]
    claims: SignetUserInfo,
}

/// Returns the claims that the token releases.
///
/// # Errors
/// `invalid_token`, or `insufficient_scope` if the token was not issued with the scope `openid`.
pub async fn userinfo(provider: &Provider, context: &Context, token: &str) -> Result<Answer, FlowError> {
    let facts = verify::access_token(provider, context, token).await?;
    if !facts.claims.aud.contains(&context.realm.issuer) {
        return Err(Cause::TokenAudience.into());
    }
    let user = match &facts.user {
        Some(user) if facts.claims.scope.contains(OPENID) => user,
        Some(_) | None => {
            return Err(Cause::TokenWithoutOpenid.into());
        }
    };
    provider.limits.rates.take_of_person(context, user, &facts.claims.client_id)?;
    let user = provider.view.user(&context.realm.id, user).await?.ok_or(Cause::TokenUser)?;
    let client = provider.view.client(&context.realm.id, &facts.claims.client_id).await?.ok_or(Cause::TokenClient)?;
    let asked = &facts.claims.claims;
    let release = Release { scope: &facts.claims.scope, requested: &asked.userinfo, locales: &asked.locales };
    let claims = issue::person(provider, &client, &user, &release)?;
    let mapping = ReleaseContext { target: Target::Userinfo, scope: &facts.claims.scope, audience: None };
    let claims = userinfo::answer(claims, mapped::claims(provider, context, &client.id, &user, &mapping));
    let Some(signing) = client.metadata.userinfo_signed_response_alg else {
        return Ok(Answer::Claims(Box::new(claims)));
    };
    let iss = context.realm.issuer.as_str();
    let aud = client.id.as_str();
    let signed = SignedClaims { iss, aud, iat: context.now.as_secs(), claims };
    let token = jose::sign(provider, context, &client, &signed, jose::Format { typ: "JWT", signing })?;
    let encryption = client.metadata.userinfo_encryption();
    Ok(Answer::Jwt(jose::encrypt(provider, context, &client, encryption, token).await?))
}
