//! Adding, enabling, disabling and removing webhooks, and retrying their dead letters.

use super::{AdminError, record};
use crate::flows::Context;
use signet_protocol::events::webhook::{Pattern, parse_id};
use signet_protocol::ids::WebhookId;
use signet_store::client::clients::Standing;
use signet_store::events::audit::{self, Event};
use signet_store::events::{outbox, webhooks};
use signet_store::{Store, StoreError, Tx};

/// The maximum number of patterns of one webhook.
const MAX_PATTERNS: usize = 50;

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

/// Adds a webhook. It receives the events from now on, beginning with its own addition.
pub async fn add_webhook(store: &Store, context: &Context, new: NewWebhook) -> Result<WebhookId, AdminError> {
    let id = parse_id(&new.id).ok_or(AdminError::WebhookName)?;
    let audience = new.audience.unwrap_or_else(|| new.url.clone());
    if audience.is_empty() || audience.chars().any(char::is_control) {
        return Err(AdminError::WebhookAudience);
    }
    let events = patterns(new.events)?.iter().map(Pattern::to_string).collect::<Vec<_>>().join(" ");
    let record = named(context, Event::WebhookAdded, &id)?;
    let given = (context.clone(), id.clone(), new.url, audience, events, record);
    let written = store.write_with(given, move |given, tx| {
        Box::pin(async move {
            let (context, id, url, audience, events, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            let target = webhooks::Target { url, audience, events };
            webhooks::insert(tx, realm, id, &target, now).await?;
            audit::append(tx, realm, record, now).await
        })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(AdminError::Exists("the webhook")),
        written => Ok(written.map(|()| id)?),
    }
}

fn patterns(texts: Vec<String>) -> Result<Vec<Pattern>, AdminError> {
    if texts.is_empty() {
        return Ok(vec![Pattern::All]);
    }
    if texts.len() > MAX_PATTERNS {
        return Err(AdminError::WebhookEvents);
    }
    let pattern = |text: String| Pattern::parse(&text, Event::NAMES).ok_or(AdminError::UnknownEvent(text));
    texts.into_iter().map(pattern).collect()
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

pub async fn change_webhook(
    store: &Store,
    context: &Context,
    id: &WebhookId,
    change: WebhookChange,
) -> Result<(), AdminError> {
    let event = match change {
        WebhookChange::Enable => Some(Event::WebhookEnabled),
        WebhookChange::Disable => Some(Event::WebhookDisabled),
        WebhookChange::Remove => Some(Event::WebhookRemoved),
        WebhookChange::Retry => None,
    };
    let record = event.map(|event| named(context, event, id)).transpose()?;
    let written = store.write_with((context.clone(), id.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, id, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            webhooks::find(tx, realm, id).await?.ok_or(AdminError::Unknown("webhook"))?;
            if carry_out(tx, context, id, change).await?
                && let Some(record) = record
            {
                audit::append(tx, realm, record, now).await?;
            }
            Ok::<_, AdminError>(())
        })
    });
    written.await
}

/// Carries out a change. Returns true if it had an effect.
async fn carry_out(tx: &mut Tx, context: &Context, id: &WebhookId, change: WebhookChange) -> Result<bool, StoreError> {
    let realm = &context.realm.id;
    match change {
        WebhookChange::Enable => webhooks::set_standing(tx, realm, id, Standing::Enabled).await,
        WebhookChange::Disable => webhooks::set_standing(tx, realm, id, Standing::Disabled).await,
        WebhookChange::Remove => webhooks::remove(tx, realm, id).await,
        WebhookChange::Retry => {
            let rows = webhooks::take_dead_letters(tx, realm, id).await?;
            for row in &rows {
                outbox::queue_event(tx, realm, id, row, context.now).await?;
            }
            Ok(!rows.is_empty())
        }
    }
}

/// A record that names the webhook.
fn named(context: &Context, event: Event, id: &WebhookId) -> Result<audit::Record, AdminError> {
    let mut record = record(context, event, None, None)?;
    record.reason = id.as_str().to_owned();
    Ok(record)
}
