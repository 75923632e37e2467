//! Token revocation (RFC 7009): a refresh token takes its whole family along, an access token only itself. What is
//! unknown or void already is answered with success; what belongs to another client is refused and left alone.

use super::rates::Class;
use super::token::end_family;
use super::verify;
use super::{Concerning, Context, FlowError, Provider};
use crate::client_auth::{self, Presented};
use crate::protocol::access_token::TokenFacts;
use crate::protocol::client::Client;
use crate::protocol::credentials::Authorization;
use crate::protocol::error::OAuthError;
use crate::protocol::params::Params;
use crate::protocol::refresh_rotation::{PREFIX, RefreshToken};
use crate::protocol::revocation::{Revocation, Target};
use crate::protocol::time::Timestamp;
use crate::store::audit::{self, Event, Outcome};
use crate::store::{revocations, token_families};

const NOT_YOURS: OAuthError = OAuthError::unauthorized_client("The token was issued to another client.");

/// Revokes a token. Returns once the revocation is durable and this node knows of it.
///
/// # Errors
/// [`FlowError`]; a revocation that could not be written is never reported as done.
pub async fn revoke(
    provider: &Provider,
    context: &Context,
    authorization: &Authorization,
    params: &Params,
) -> Result<(), FlowError> {
    let client = client_auth::authenticate(provider, context, &Presented { authorization, params }).await?;
    provider.rates.take_of_client(context, Class::Token, &client)?;
    let token = params.require("token", "token is required.")?;
    let revoked = if token.starts_with(PREFIX) {
        revoke_family(provider, context, &client, token).await?
    } else {
        revoke_access_token(provider, context, &client, token).await?
    };
    match revoked {
        Found::Revoked => provider.catch_up(context.now).await,
        Found::Nothing => Ok(()),
    }
}

/// Whether there was anything to revoke.
enum Found {
    Revoked,
    Nothing,
}

async fn revoke_family(
    provider: &Provider,
    context: &Context,
    client: &Client,
    token: &str,
) -> Result<Found, FlowError> {
    let Some(token) = RefreshToken::parse(token, &provider.token_mac) else { return Ok(Found::Nothing) };
    let mut tx = provider.store.read().await?;
    let family = token_families::find(&mut tx, &context.realm.id, &token.family()).await?;
    drop(tx);
    let Some(family) = family else { return Ok(Found::Nothing) };
    if family.state.client_id != client.id {
        return Err(NOT_YOURS.into());
    }
    let horizon = provider.revocation_horizon(context.now);
    let concerning =
        Concerning { actor: "client", user: Some(&family.user_id), client: Some(&client.id), session: None };
    let record = context.record(Event::Revocation, Outcome::Success, concerning, family.id.as_str())?;
    let (context, family) = (context.clone(), family.id);
    let written = provider.store.write(move |tx| {
        let (context, family, record) = (context.clone(), family.clone(), record.clone());
        Box::pin(async move { end_family(&context, &family, record, horizon, tx).await })
    });
    written.await.map(|()| Found::Revoked)
}

async fn revoke_access_token(
    provider: &Provider,
    context: &Context,
    client: &Client,
    token: &str,
) -> Result<Found, FlowError> {
    let facts = match verify::access_token(provider, context, token).await {
        Ok(facts) => facts,
        Err(FlowError::Refused(_)) => return Ok(Found::Nothing),
        Err(error) => return Err(error),
    };
    if facts.claims.client_id != client.id {
        return Err(NOT_YOURS.into());
    }
    let TokenFacts { claims, user, .. } = facts;
    let concerning = Concerning { actor: "client", user: user.as_ref(), client: Some(&client.id), session: None };
    let record = context.record(Event::Revocation, Outcome::Success, concerning, claims.jti.as_str())?;
    let revocation = Revocation {
        realm: context.realm.id.clone(),
        target: Target::Token,
        subject: claims.jti.as_str().to_owned(),
        not_before: context.now,
        expires_at: Timestamp::from_secs(claims.exp).plus(provider.lifetimes.skew),
    };
    let now = context.now;
    let written = provider.store.write(move |tx| {
        let (revocation, record) = (revocation.clone(), record.clone());
        Box::pin(async move {
            if revocations::insert(tx, &revocation, "revoked", now).await? {
                audit::append(tx, &revocation.realm, &record, now).await?;
            }
            Ok::<_, FlowError>(())
        })
    });
    written.await.map(|()| Found::Revoked)
}
