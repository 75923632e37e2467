//! Back-channel logout: notifies the servers of clients that a session has ended (OpenID Connect Back-Channel Logout
//! §2.5). The notifications are in the outbox, committed with the end of the session.

use crate::flows::events::outbox::Attempt;
use crate::flows::token::{jose, subject};
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::client::Client;
use signet_protocol::events::delivery;
use signet_protocol::ids::{ClientId, SessionId, TokenId, UserId};
use signet_protocol::session::logout_token::{self, LogoutFacts};

/// The end of a session, for a notification.
#[derive(Clone, Copy, Debug)]
pub struct Ended<'a> {
    pub client: &'a ClientId,
    pub session: &'a SessionId,
    /// The user of the session.
    pub user: &'a UserId,
}

/// Sends a notification. Each attempt has a new logout token.
///
/// # Errors
/// [`FlowError`] if the database or the signing key fails; the message is due again after its lease.
pub async fn attempt(
    provider: &Provider,
    context: &Context,
    ended: Ended<'_>,
    number: i64,
) -> Result<Attempt, FlowError> {
    let client = provider.view.client(&context.realm.id, ended.client).await?.filter(|client| client.enabled);
    let listener =
        client.as_deref().and_then(|client| Some((client, client.metadata.backchannel_logout_uri.as_ref()?)));
    let Some((client, uri)) = listener else { return Ok(Attempt::Obsolete) };
    let token = token(provider, context, client, ended)?;
    // The fetcher has logged the reason for a missing answer.
    let status = provider.outbound.fetcher_of(client).post_form(uri, &[("logout_token", token.as_str())]).await.ok();
    Ok(Attempt::of(delivery::decide(status, number), "the client refuses it"))
}

/// The logout token, signed like the client's ID tokens (OpenID Connect Back-Channel Logout §2.4).
fn token(provider: &Provider, context: &Context, client: &Client, ended: Ended<'_>) -> Result<String, FlowError> {
    let facts = LogoutFacts {
        issuer: &context.realm.issuer,
        subject: subject::of(provider, client, ended.user)?,
        audience: &client.id,
        session: &subject::sid(provider.keys.pairwise()?, client, ended.session)?,
        jti: TokenId::new(context.now, context.entropy.bytes()?),
    };
    let claims = logout_token::claims(facts, context.now);
    let signing = client.metadata.id_token_signed_response_alg;
    let format = jose::Format { typ: logout_token::TYP, signing };
    jose::sign(provider, context, client, &claims, format)
}
