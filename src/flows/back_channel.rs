//! Back-channel logout: telling the servers of clients that a session has ended (OpenID Connect Back-Channel Logout
//! §2.5). What is to be told stands in the outbox since the session ended.

use super::outbox::Attempt;
use super::{Context, FlowError, Provider, jose, subject};
use crate::protocol::client::Client;
use crate::protocol::delivery::verdict;
use crate::protocol::ids::{ClientId, SessionId, TokenId, UserId};
use crate::protocol::logout_token::{self, LogoutFacts};

/// The end of a session that a client is to be told of.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    /// The client.
    pub client: &'a ClientId,
    /// The session.
    pub session: &'a SessionId,
    /// Whose session it was.
    pub user: &'a UserId,
}

/// Tells a client, in the attempt of this number. The token is made for this attempt.
///
/// # Errors
/// [`FlowError`] where the database or the signing key fails; the message is then due again after its turn.
pub async fn attempt(
    provider: &Provider,
    context: &Context,
    ended: Ended<'_>,
    number: i64,
) -> Result<Attempt, FlowError> {
    let client = provider.view.client(&context.realm.id, ended.client).await?.filter(|client| client.enabled);
    let listener =
        client.as_deref().and_then(|client| Some((client, client.metadata.backchannel_logout_uri.as_ref()?)));
    let Some((client, uri)) = listener else { return Ok(Attempt::Moot) };
    let token = token(provider, context, client, ended)?;
    // Why there was no answer stands in the log already.
    let status = provider.fetcher_of(client).post_form(uri, &[("logout_token", token.as_str())]).await.ok();
    Ok(Attempt::of(verdict(status, number), "the client refuses it"))
}

/// The logout token, signed as the client's ID tokens are (OpenID Connect Back-Channel Logout §2.4).
fn token(provider: &Provider, context: &Context, client: &Client, ended: Ended<'_>) -> Result<String, FlowError> {
    let facts = LogoutFacts {
        issuer: &context.realm.issuer,
        subject: subject::of(provider, client, ended.user)?,
        audience: &client.id,
        session: &subject::sid(provider.keys.pairwise(), client, ended.session)?,
        jti: TokenId::new(context.now, context.entropy.bytes()?),
    };
    let claims = logout_token::claims(facts, context.now);
    let signing = client.metadata.id_token_signed_response_alg;
    jose::sign(provider, context, client, &claims, (logout_token::TYP, signing))
}
