//! Back-channel logout: telling the servers of clients that a session has ended (OpenID Connect Back-Channel Logout
//! §2.5). What is to be told stands in the outbox since the session ended; a node takes it, tries, and settles it.

use std::collections::HashMap;
use std::sync::Arc;

use super::{Concerning, Context, FlowError, Provider, jose, subject};
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, TokenId};
use crate::protocol::logout_token::{self, LogoutFacts, Verdict, verdict};
use crate::protocol::time::Span;
use crate::store::audit::{self, Event, Outcome, Record};
use crate::store::outbox::{self, Message};

/// How many attempts at one client a node makes at a time, so that a slow one keeps nobody else waiting.
const PER_CLIENT: usize = 2;
/// How long a node has for an attempt before another may take it over: longer than the settings let an attempt take.
const TURN: Span = Span::from_minutes(1);

/// What a node can take on.
#[derive(Debug, Default)]
pub struct Room {
    /// How many more messages.
    pub free: usize,
    /// How many attempts at each client are under way.
    pub under_way: HashMap<ClientId, usize>,
}

/// Takes messages that are due and that no other node has taken.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn claim(provider: &Provider, context: &Context, mut room: Room) -> Result<Vec<Message>, FlowError> {
    let per_client = i64::try_from(PER_CLIENT).unwrap_or(i64::MAX);
    let mut tx = provider.store.read().await?;
    let due = outbox::due(&mut tx, &context.realm.id, per_client, context.now).await?;
    drop(tx);
    let mut chosen = Vec::new();
    for message in due {
        let busy = room.under_way.entry(message.client.clone()).or_default();
        if *busy < PER_CLIENT && chosen.len() < room.free {
            *busy += 1;
            chosen.push(message);
        }
    }
    if chosen.is_empty() {
        return Ok(chosen);
    }
    let (chosen, until) = (Arc::new(chosen), context.now.plus(TURN));
    let claimed = provider.store.write(move |tx| {
        let chosen = chosen.clone();
        Box::pin(async move {
            let mut claimed = Vec::new();
            for message in chosen.iter() {
                if outbox::claim(tx, message, until).await? {
                    claimed.push(Message { attempts: message.attempts + 1, next_at: until, ..message.clone() });
                }
            }
            Ok::<_, FlowError>(claimed)
        })
    });
    claimed.await
}

/// How an attempt went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The client has been told.
    Told,
    /// There is nothing to tell any more: the client has gone, or listens no longer.
    Moot,
    /// It is tried again after this time.
    Again(Span),
    /// It is given up, for this reason.
    GivenUp(&'static str),
}

/// Tells a client, once. The token is made for this attempt.
///
/// # Errors
/// [`FlowError`] where the database or the signing key fails; the message is then due again after its turn.
pub async fn attempt(provider: &Provider, context: &Context, message: &Message) -> Result<Attempt, FlowError> {
    if context.now >= message.expires_at {
        return Ok(Attempt::GivenUp("the client could not be reached"));
    }
    let client = provider.view.client(&context.realm.id, &message.client).await?.filter(|client| client.enabled);
    let listener =
        client.as_deref().and_then(|client| Some((client, client.metadata.backchannel_logout_uri.as_ref()?)));
    let Some((client, uri)) = listener else { return Ok(Attempt::Moot) };
    let token = token(provider, context, client, message)?;
    // Why there was no answer stands in the log already.
    let status = provider.fetcher.post_form(uri, &[("logout_token", token.as_str())]).await.ok();
    Ok(match verdict(status, message.attempts) {
        Verdict::Told => Attempt::Told,
        Verdict::Again(wait) => Attempt::Again(wait),
        Verdict::Refused => Attempt::GivenUp("the client refuses it"),
    })
}

/// The logout token, signed as the client's ID tokens are (OpenID Connect Back-Channel Logout §2.4).
fn token(provider: &Provider, context: &Context, client: &Client, message: &Message) -> Result<String, FlowError> {
    let facts = LogoutFacts {
        issuer: &context.realm.issuer,
        subject: subject::of(provider, client, &message.user)?,
        audience: &client.id,
        session: &subject::sid(provider.keys.pairwise(), client, &message.session)?,
        jti: TokenId::new(context.now, context.entropy.bytes()?),
    };
    let claims = logout_token::claims(facts, context.now);
    let signing = client.metadata.id_token_signed_response_alg;
    jose::sign(provider, context, client, &claims, (logout_token::TYP, signing))
}

/// Removes a message that has been dealt with, or puts it off.
///
/// # Errors
/// [`FlowError`] where the database fails; the message is then due again after its turn.
pub async fn settle(
    provider: &Provider,
    context: &Context,
    message: &Message,
    attempt: Attempt,
) -> Result<(), FlowError> {
    let (client, sid, attempts) = (message.client.as_str(), message.session.as_str(), message.attempts);
    match attempt {
        Attempt::Told => {
            tracing::info!(
                event = "backchannel_logout",
                client_id = client,
                sid,
                attempts,
                "told a client of a logout"
            );
            remove(provider, context, message, None).await
        }
        Attempt::Moot => remove(provider, context, message, None).await,
        Attempt::Again(wait) => {
            tracing::debug!(event = "backchannel_logout", client_id = client, sid, attempts, "will try again");
            let (message, until) = (message.clone(), context.now.plus(wait).min(message.expires_at));
            let put_off = provider.store.write(move |tx| {
                let message = message.clone();
                Box::pin(async move { Ok::<_, FlowError>(outbox::postpone(tx, &message, until).await?) })
            });
            put_off.await.map(|_| ())
        }
        Attempt::GivenUp(reason) => {
            tracing::warn!(
                event = "backchannel_logout",
                client_id = client,
                sid,
                attempts,
                reason,
                "gave up telling a client"
            );
            let concerning = Concerning {
                actor: "system",
                user: Some(&message.user),
                client: Some(&message.client),
                session: Some(&message.session),
            };
            let record = context.record(Event::LogoutUndelivered, Outcome::Failure, concerning, reason)?;
            remove(provider, context, message, Some(record)).await
        }
    }
}

/// Removes a message, with a record of it where it is given up.
async fn remove(
    provider: &Provider,
    context: &Context,
    message: &Message,
    record: Option<Record>,
) -> Result<(), FlowError> {
    let shared = Arc::new((context.clone(), message.clone(), record));
    let removed = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, message, record) = &*shared;
            if outbox::remove(tx, message).await?
                && let Some(record) = record
            {
                audit::append(tx, &context.realm.id, record, context.now).await?;
            }
            Ok::<_, FlowError>(())
        })
    });
    removed.await
}
