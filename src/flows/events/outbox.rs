//! Delivery of the outbox: a node leases messages that are due, attempts the delivery, and records the result. The
//! attempts themselves are in [`crate::flows::session::back_channel`], [`crate::flows::account::notices`] and [`super::webhooks`].

use std::collections::HashMap;

use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::events::delivery::Verdict;
use signet_protocol::time::Span;
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::events::outbox::{self, Message, OutboxContent, Receiver};
use signet_store::events::webhooks;

/// A node's concurrent attempts at one receiver, so that a slow receiver does not delay others.
const PER_RECEIVER: usize = 2;
/// The lease of a message, after which another node may take it over: longer than any attempt can last.
const TURN: Span = Span::from_minutes(1);

/// A node's free capacity for deliveries.
#[derive(Debug, Default)]
pub struct Capacity {
    /// The number of further messages.
    pub free: usize,
    /// The running attempts at each receiver.
    pub active: HashMap<Receiver, usize>,
}

/// Leases messages that are due and not leased by another node.
pub async fn claim(provider: &Provider, context: &Context, mut capacity: Capacity) -> Result<Vec<Message>, FlowError> {
    let per_receiver = i64::try_from(PER_RECEIVER).unwrap_or(i64::MAX);
    let mut tx = provider.store.read().await?;
    let due = outbox::due(&mut tx, &context.realm.id, per_receiver, context.now).await?;
    drop(tx);
    let mut chosen = Vec::new();
    for message in due {
        let busy = capacity.active.entry(message.receiver()).or_default();
        if *busy < PER_RECEIVER && chosen.len() < capacity.free {
            *busy += 1;
            chosen.push(message);
        }
    }
    if chosen.is_empty() {
        return Ok(chosen);
    }
    let until = context.now.plus(TURN);
    let claimed = provider.store.write_with(chosen, move |chosen, tx| {
        Box::pin(async move {
            let mut claimed = Vec::new();
            for message in chosen {
                if outbox::claim(tx, message, until).await? {
                    claimed.push(Message { attempts: message.attempts + 1, next_at: until, ..message.clone() });
                }
            }
            Ok::<_, FlowError>(claimed)
        })
    });
    claimed.await
}

/// The result of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    Delivered,
    /// Obsolete: the receiver is gone or no longer wants the message.
    Obsolete,
    /// To be retried after this time.
    Retry(Span),
    /// Abandoned, for this reason.
    Abandoned(&'static str),
}

impl Attempt {
    /// The result for a receiver's answer; `refused` is the reason if the receiver refuses the message.
    pub(crate) fn of(verdict: Verdict, refused: &'static str) -> Self {
        match verdict {
            Verdict::Delivered => Self::Delivered,
            Verdict::Retry(wait) => Self::Retry(wait),
            Verdict::Abandon => Self::Abandoned(refused),
        }
    }

    /// The result as a metric label.
    pub const fn outcome(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Obsolete => "obsolete",
            Self::Retry(_) => "retried",
            Self::Abandoned(_) => "abandoned",
        }
    }
}

/// Returns the result for a message whose time is over.
pub fn overdue(message: &Message, context: &Context) -> Option<Attempt> {
    let reason = match message.content {
        OutboxContent::Logout { .. } => "the client could not be reached",
        OutboxContent::Mail { .. } => "the mail could not be sent",
        OutboxContent::Event { .. } => "the webhook could not be reached",
    };
    (context.now >= message.expires_at).then_some(Attempt::Abandoned(reason))
}

/// Removes a finished message, or postpones it.
///
/// # Errors
/// [`FlowError`] if the database fails; the message is due again after its lease.
pub async fn settle(
    provider: &Provider,
    context: &Context,
    message: &Message,
    attempt: Attempt,
) -> Result<(), FlowError> {
    let event = name(message);
    let attempts = message.attempts;
    let concerning = concerning(message);
    let client_id = concerning.client.map(|id| id.as_str());
    let sid = concerning.session.map(|id| id.as_str());
    let user = concerning.user.map(|id| id.as_str());
    match attempt {
        Attempt::Delivered => {
            tracing::info!(event, client_id, sid, user, attempts, "delivered a message");
            remove(provider, context, message, Left::Nothing).await
        }
        Attempt::Obsolete => remove(provider, context, message, Left::Nothing).await,
        Attempt::Retry(wait) => {
            tracing::debug!(event, client_id, sid, user, attempts, "will retry a delivery");
            let until = context.now.plus(wait).min(message.expires_at);
            let put_off = provider.store.write_with(message.clone(), move |message, tx| {
                Box::pin(async move { Ok::<_, FlowError>(outbox::postpone(tx, message, until).await?) })
            });
            put_off.await.map(|_| ())
        }
        Attempt::Abandoned(reason) => {
            tracing::warn!(event, client_id, sid, user, attempts, reason, "abandoned a message");
            let record = |event| context.record(event, Outcome::Failure, concerning, reason).map(Box::new);
            let left = match message.content {
                OutboxContent::Logout { .. } => Left::Record(record(Event::LogoutUndelivered)?),
                OutboxContent::Mail { .. } => Left::Record(record(Event::MailUndelivered)?),
                // An audit record would be another event for the same failing webhook.
                OutboxContent::Event { .. } => Left::DeadLetter(reason),
            };
            remove(provider, context, message, left).await
        }
    }
}

/// The name of the delivery in the log.
fn name(message: &Message) -> &'static str {
    match message.content {
        OutboxContent::Logout { .. } => "backchannel_logout",
        OutboxContent::Mail { .. } => "mail",
        OutboxContent::Event { .. } => "webhook",
    }
}

fn concerning(message: &Message) -> Concerning<'_> {
    match &message.content {
        OutboxContent::Logout { client, session, user } => {
            Concerning { actor: "system", user: Some(user), client: Some(client), session: Some(session) }
        }
        OutboxContent::Mail { user, .. } => Concerning { actor: "system", user: Some(user), ..Concerning::default() },
        OutboxContent::Event { .. } => Concerning::default(),
    }
}

/// The record that remains of a removed message.
enum Left {
    Nothing,
    Record(Box<Record>),
    DeadLetter(&'static str),
}

/// Removes a message, and records that it was abandoned.
async fn remove(provider: &Provider, context: &Context, message: &Message, left: Left) -> Result<(), FlowError> {
    let removed = provider.store.write_with((context.clone(), message.clone(), left), move |given, tx| {
        Box::pin(async move {
            let (context, message, left) = given;
            let realm = &context.realm.id;
            let now = context.now;
            if !outbox::remove(tx, message).await? {
                return Ok(());
            }
            match (left, &message.content) {
                (Left::Record(record), _) => audit::append(tx, realm, record, now).await?,
                (Left::DeadLetter(reason), OutboxContent::Event { webhook, row }) => {
                    let failure = webhooks::Failure { row, attempts: message.attempts, reason };
                    webhooks::insert_dead_letter(tx, realm, webhook, &failure, now).await?;
                }
                (Left::Nothing | Left::DeadLetter(_), _) => {}
            }
            Ok::<_, FlowError>(())
        })
    });
    removed.await
}
