//! Token revocation (RFC 7009). A refresh token is revoked with its whole family, an access token alone. Unknown and
//! void tokens are answered with success; tokens of another client are refused.

use super::family::end_family;
use super::verify;
use crate::flows::client::auth;
use crate::flows::defense::rates::Class;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::cause::Cause;
use signet_protocol::client::call::ClientCall;
use signet_protocol::ids::{ClientId, TokenId, UserId};
use signet_protocol::time::Timestamp;
use signet_protocol::token::access_token::TokenFacts;
use signet_protocol::token::refresh::{PREFIX, RefreshToken};
use signet_protocol::token::revocation::{Revocation, Target};
use signet_store::Store;
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::token::token_families::Family;
use signet_store::token::{revocations, token_families};

/// The answer to a revocation request, the same whether there was anything to revoke (RFC 7009 §2.2).
pub struct Revoked;

/// Revokes a token. Returns once the revocation is durable and this node enforces it.
///
/// # Errors
/// [`FlowError`]; a revocation that could not be written is never reported as done.
pub async fn revoke(provider: &Provider, context: &Context, call: ClientCall) -> Result<Revoked, FlowError> {
    let client = auth::authenticate(provider, context, &call).await?;
    provider.limits.rates.take_of_client(context, Class::Token, &client)?;
    let token = call.params.require("token", "token is required.")?;
    let Some(issued) = identify(provider, context, token).await? else { return Ok(Revoked) };
    if *issued.client() != client.id {
        return Err(Cause::TokenOfOtherClient.into());
    }
    if issued.is_void() {
        return Ok(Revoked);
    }
    let concerning = Concerning { actor: "client", user: issued.user(), client: Some(&client.id), session: None };
    let record = context.record(Event::Revocation, Outcome::Success, concerning, issued.id())?;
    void(provider, context, issued, record).await?;
    provider.catch_up().await?;
    Ok(Revoked)
}

/// A token issued by this server.
pub(crate) enum Issued {
    /// A refresh token, which represents its family.
    Family(Box<Family>),
    Access(Box<TokenFacts>),
}

impl Issued {
    /// The client that the token was issued to.
    pub(crate) fn client(&self) -> &ClientId {
        match self {
            Self::Family(family) => &family.state.client_id,
            Self::Access(facts) => &facts.claims.client_id,
        }
    }

    /// True for a refresh token, which represents a grant.
    pub(crate) const fn is_grant(&self) -> bool {
        matches!(self, Self::Family(_))
    }

    /// True if it has been revoked before.
    pub(crate) const fn is_void(&self) -> bool {
        match self {
            Self::Family(family) => family.is_void(),
            Self::Access(_) => false,
        }
    }

    /// The user, unless the client acts for itself.
    pub(crate) fn user(&self) -> Option<&UserId> {
        match self {
            Self::Family(family) => Some(&family.user_id),
            Self::Access(facts) => facts.user.as_ref(),
        }
    }

    /// The id under which it is revoked.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Family(family) => family.id.as_str(),
            Self::Access(facts) => facts.claims.jti.as_str(),
        }
    }
}

/// Verifies a token to revoke; `None` if this server did not issue it, or it is no longer valid.
pub(crate) async fn identify(provider: &Provider, context: &Context, token: &str) -> Result<Option<Issued>, FlowError> {
    if token.starts_with(PREFIX) {
        let Some(token) = RefreshToken::parse(token, &provider.tokens.mac) else { return Ok(None) };
        let mut tx = provider.store.read().await?;
        let family = token_families::find(&mut tx, &context.realm.id, &token.family(), context.now).await?;
        return Ok(family.map(|family| Issued::Family(Box::new(family))));
    }
    match verify::access_token(provider, context, token).await {
        Ok(facts) => Ok(Some(Issued::Access(Box::new(facts)))),
        Err(FlowError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Revokes a token. Returns true if this call revoked it.
pub(crate) async fn void(
    provider: &Provider,
    context: &Context,
    issued: Issued,
    record: Record,
) -> Result<bool, FlowError> {
    match issued {
        Issued::Family(family) => {
            let horizon = provider.revocation_horizon(context.now);
            let written = provider.store.write_with((context.clone(), family.id, record), move |given, tx| {
                Box::pin(async move {
                    let (context, family, record) = given;
                    end_family(context, family, record.clone(), horizon, tx).await
                })
            });
            written.await
        }
        Issued::Access(facts) => {
            let expires_at = Timestamp::from_secs(facts.claims.exp).plus(provider.lifetimes.skew);
            deny(&provider.store, context, &facts.claims.jti, expires_at, record).await
        }
    }
}

/// Puts an access token on the denylist until it would expire anyway. Returns true if this call revoked it.
pub(crate) async fn deny(
    store: &Store,
    context: &Context,
    jti: &TokenId,
    expires_at: Timestamp,
    record: Record,
) -> Result<bool, FlowError> {
    let revocation = Revocation {
        realm: context.realm.id.clone(),
        target: Target::Token,
        subject: jti.as_str().to_owned(),
        not_before: context.now,
        expires_at,
    };
    let written = store.write_with((revocation, record, context.now), move |given, tx| {
        Box::pin(async move {
            let (revocation, record, now) = given;
            let news = revocations::insert(tx, revocation, "revoked", *now).await?;
            if news {
                audit::append(tx, &revocation.realm, record, *now).await?;
            }
            Ok::<_, FlowError>(news)
        })
    });
    written.await
}
