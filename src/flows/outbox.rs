//! Delivering what stands in the outbox: a node takes what is due, tries, and settles it. What an attempt is depends
//! on whom it is for: [`super::back_channel`], [`super::notices`], [`super::webhooks`].

use std::collections::HashMap;
use std::sync::Arc;

use super::{Concerning, Context, FlowError, Provider};
use crate::protocol::delivery::Verdict;
use crate::protocol::time::Span;
use crate::store::audit::{self, Event, Outcome, Record};
use crate::store::outbox::{self, Errand, Message, Receiver};
use crate::store::webhooks;

/// How many attempts at one receiver a node makes at a time, so that a slow one keeps nobody else waiting.
const PER_RECEIVER: usize = 2;
/// How long a node has for an attempt before another may take it over: longer than the settings let an attempt take.
const TURN: Span = Span::from_minutes(1);

/// What a node can take on.
#[derive(Debug, Default)]
pub struct Room {
    /// How many more messages.
    pub free: usize,
    /// How many attempts at each receiver are under way.
    pub under_way: HashMap<Receiver, usize>,
}

/// Takes messages that are due and that no other node has taken.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn claim(provider: &Provider, context: &Context, mut room: Room) -> Result<Vec<Message>, FlowError> {
    let per_receiver = i64::try_from(PER_RECEIVER).unwrap_or(i64::MAX);
    let mut tx = provider.store.read().await?;
    let due = outbox::due(&mut tx, &context.realm.id, per_receiver, context.now).await?;
    drop(tx);
    let mut chosen = Vec::new();
    for message in due {
        let busy = room.under_way.entry(message.receiver()).or_default();
        if *busy < PER_RECEIVER && chosen.len() < room.free {
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
    /// It has been told.
    Told,
    /// There is nothing to tell any more: the receiver has gone, or listens no longer.
    Moot,
    /// It is tried again after this time.
    Again(Span),
    /// It is given up, for this reason.
    GivenUp(&'static str),
}

impl Attempt {
    /// What follows from a receiver's answer, with the reason why it is given up where the receiver refuses it.
    pub(super) fn of(verdict: Verdict, refused: &'static str) -> Self {
        match verdict {
            Verdict::Told => Self::Told,
            Verdict::Again(wait) => Self::Again(wait),
            Verdict::Refused => Self::GivenUp(refused),
        }
    }

    /// How it went, in a word.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Told => "delivered",
            Self::Moot => "obsolete",
            Self::Again(_) => "retried",
            Self::GivenUp(_) => "abandoned",
        }
    }
}

/// What is given up when its time is over.
pub fn overdue(message: &Message, context: &Context) -> Option<Attempt> {
    let reason = match message.errand {
        Errand::Logout { .. } => "the client could not be reached",
        Errand::Mail { .. } => "the mail could not be handed over",
        Errand::Event { .. } => "the webhook could not be reached",
    };
    (context.now >= message.expires_at).then_some(Attempt::GivenUp(reason))
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
    let (event, attempts) = (name(message), message.attempts);
    let concerning = concerning(message);
    let client_id = concerning.client.map(|id| id.as_str());
    let sid = concerning.session.map(|id| id.as_str());
    let user = concerning.user.map(|id| id.as_str());
    match attempt {
        Attempt::Told => {
            tracing::info!(event, client_id, sid, user, attempts, "delivered a message");
            remove(provider, context, message, Left::Nothing).await
        }
        Attempt::Moot => remove(provider, context, message, Left::Nothing).await,
        Attempt::Again(wait) => {
            tracing::debug!(event, client_id, sid, user, attempts, "will try again");
            let (message, until) = (message.clone(), context.now.plus(wait).min(message.expires_at));
            let put_off = provider.store.write(move |tx| {
                let message = message.clone();
                Box::pin(async move { Ok::<_, FlowError>(outbox::postpone(tx, &message, until).await?) })
            });
            put_off.await.map(|_| ())
        }
        Attempt::GivenUp(reason) => {
            tracing::warn!(event, client_id, sid, user, attempts, reason, "gave a message up");
            let record = |event| context.record(event, Outcome::Failure, concerning, reason).map(Box::new);
            let left = match message.errand {
                Errand::Logout { .. } => Left::Record(record(Event::LogoutUndelivered)?),
                Errand::Mail { .. } => Left::Record(record(Event::MailUndelivered)?),
                // A record would be one more event that the webhook does not take.
                Errand::Event { .. } => Left::DeadLetter(reason),
            };
            remove(provider, context, message, left).await
        }
    }
}

/// What the log calls the delivery.
fn name(message: &Message) -> &'static str {
    match message.errand {
        Errand::Logout { .. } => "backchannel_logout",
        Errand::Mail { .. } => "mail",
        Errand::Event { .. } => "webhook",
    }
}

fn concerning(message: &Message) -> Concerning<'_> {
    match &message.errand {
        Errand::Logout { client, session, user } => {
            Concerning { actor: "system", user: Some(user), client: Some(client), session: Some(session) }
        }
        Errand::Mail { user, .. } => Concerning { actor: "system", user: Some(user), ..Concerning::default() },
        Errand::Event { .. } => Concerning::default(),
    }
}

/// What is left of a message that is removed.
enum Left {
    Nothing,
    Record(Box<Record>),
    DeadLetter(&'static str),
}

/// Removes a message, and leaves what says that it was given up.
async fn remove(provider: &Provider, context: &Context, message: &Message, left: Left) -> Result<(), FlowError> {
    let shared = Arc::new((context.clone(), message.clone(), left));
    let removed = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, message, left) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            if !outbox::remove(tx, message).await? {
                return Ok(());
            }
            match (left, &message.errand) {
                (Left::Record(record), _) => audit::append(tx, realm, record, now).await?,
                (Left::DeadLetter(reason), Errand::Event { webhook, row }) => {
                    let failure = webhooks::Failure { row, attempts: message.attempts, reason };
                    webhooks::bury(tx, realm, webhook, &failure, now).await?;
                }
                (Left::Nothing | Left::DeadLetter(_), _) => {}
            }
            Ok::<_, FlowError>(())
        })
    });
    removed.await
}
