//! Adding, enabling, disabling and removing webhooks, and retrying their dead letters.

use super::error::{Exists, Kind, NotFound, RoomError, from_store};
use super::operator::{Change, Given, Operator};
use crate::flows::{Concerning, FlowError};
use signet_protocol::events::webhook::{Pattern, parse_id};
use signet_protocol::ids::WebhookId;
use signet_store::client::clients::Standing;
use signet_store::events::audit::Event;
use signet_store::events::outbox;
use signet_store::events::webhooks::{self, Backlog, DeadLetter, Webhook};
use signet_store::{StoreError, Tx};

/// The maximum number of patterns of one webhook.
const MAX_PATTERNS: usize = 50;

/// The reason why an order about webhooks fails.
#[derive(Debug, thiserror::Error)]
pub enum WebhooksError {
    #[error("a webhook is named by 1 to 64 letters, digits and - _ .")]
    Name,
    #[error("the audience must have at least one character, and no control characters")]
    Audience,
    #[error("a webhook has at most 50 patterns of events")]
    Events,
    /// A pattern that matches no event name.
    #[error("{0:?} names no event; `signet webhook events` lists them")]
    UnknownEvent(String),
    #[error(transparent)]
    Exists(#[from] Exists),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(WebhooksError);

impl RoomError for WebhooksError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Name | Self::Audience | Self::Events | Self::UnknownEvent(_) => Kind::Invalid,
            Self::Exists(_) => Kind::Conflict,
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// A webhook to add.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    pub id: String,
    /// The URL that events are posted to; the outbound rules must allow it.
    pub url: String,
    /// The `aud` of its events; by default the URL.
    pub audience: Option<String>,
    /// Patterns of the event names that it receives; all events if empty.
    pub events: Vec<String>,
}

/// A change of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookChange {
    /// It receives the events from now on.
    Enable,
    /// It receives no events.
    Disable,
    /// Deletes it with its queued events.
    Remove,
    /// Sends its dead letters again.
    Retry,
}

impl Operator<'_> {
    pub const fn webhooks(&self) -> Webhooks<'_> {
        Webhooks { operator: self }
    }
}

/// The webhooks of the realm.
pub struct Webhooks<'a> {
    operator: &'a Operator<'a>,
}

impl Webhooks<'_> {
    pub async fn list(&self) -> Result<Vec<(Webhook, Backlog)>, WebhooksError> {
        Ok(webhooks::list(&mut self.operator.store.read().await?, self.operator.realm()).await?)
    }

    pub async fn find(&self, id: &WebhookId) -> Result<Webhook, WebhooksError> {
        let found = webhooks::find(&mut self.operator.store.read().await?, self.operator.realm(), id).await?;
        Ok(found.ok_or(NotFound::Name("webhook"))?)
    }

    /// The events whose delivery to a webhook was abandoned.
    pub async fn dead_letters(&self, id: &WebhookId) -> Result<Vec<DeadLetter>, WebhooksError> {
        Ok(webhooks::dead_letters(&mut self.operator.store.read().await?, self.operator.realm(), id).await?)
    }

    /// Adds a webhook. It receives the events from now on, beginning with its own addition.
    pub async fn add(&self, new: NewWebhook) -> Result<WebhookId, WebhooksError> {
        let id = parse_id(&new.id).ok_or(WebhooksError::Name)?;
        let audience = new.audience.unwrap_or_else(|| new.url.clone());
        if audience.is_empty() || audience.chars().any(char::is_control) {
            return Err(WebhooksError::Audience);
        }
        let events = patterns(new.events)?.iter().map(Pattern::to_string).collect::<Vec<_>>().join(" ");
        let change = self.operator.change(Event::WebhookAdded, Concerning::default(), id.as_str())?;
        let row = Row { id: id.clone(), url: new.url, audience, events };
        let written = self.operator.write(change, row, |given, tx| {
            Box::pin(async move {
                let Row { id, url, audience, events } = &given.data;
                let target = webhooks::Target { url, audience, events };
                webhooks::insert(tx, given.realm(), id, &target, given.now()).await
            })
        });
        match written.await {
            Err(StoreError::Conflict) => Err(Exists("the webhook").into()),
            written => Ok(written.map(|()| id)?),
        }
    }

    pub async fn change(&self, id: &WebhookId, change: WebhookChange) -> Result<(), WebhooksError> {
        let event = match change {
            WebhookChange::Enable => Some(Event::WebhookEnabled),
            WebhookChange::Disable => Some(Event::WebhookDisabled),
            WebhookChange::Remove => Some(Event::WebhookRemoved),
            WebhookChange::Retry => None,
        };
        let record = |event| self.operator.record(event, Concerning::default(), id.as_str());
        let records = event.map(record).transpose()?.into_iter().collect();
        let written = self.operator.write(Change::of(records), id.clone(), move |given, tx| {
            Box::pin(async move {
                let found = webhooks::find(tx, given.realm(), &given.data).await?;
                found.ok_or(NotFound::Name("webhook"))?;
                Ok::<_, WebhooksError>(carry_out(tx, given, change).await?)
            })
        });
        written.await.map(drop)
    }
}

/// A new webhook, validated.
struct Row {
    id: WebhookId,
    url: String,
    audience: String,
    events: String,
}

fn patterns(texts: Vec<String>) -> Result<Vec<Pattern>, WebhooksError> {
    if texts.is_empty() {
        return Ok(vec![Pattern::All]);
    }
    if texts.len() > MAX_PATTERNS {
        return Err(WebhooksError::Events);
    }
    let pattern = |text: String| Pattern::parse(&text, Event::NAMES).ok_or(WebhooksError::UnknownEvent(text));
    texts.into_iter().map(pattern).collect()
}

/// Carries out a change. Returns true if it had an effect.
async fn carry_out(tx: &mut Tx, given: &Given<WebhookId>, change: WebhookChange) -> Result<bool, StoreError> {
    let realm = given.realm();
    let id = &given.data;
    match change {
        WebhookChange::Enable => webhooks::set_standing(tx, realm, id, Standing::Enabled).await,
        WebhookChange::Disable => webhooks::set_standing(tx, realm, id, Standing::Disabled).await,
        WebhookChange::Remove => webhooks::remove(tx, realm, id).await,
        WebhookChange::Retry => {
            let rows = webhooks::take_dead_letters(tx, realm, id).await?;
            for row in &rows {
                outbox::queue_event(tx, realm, id, row, given.now()).await?;
            }
            Ok(!rows.is_empty())
        }
    }
}
