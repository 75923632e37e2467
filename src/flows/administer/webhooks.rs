//! Webhooks: adding, enabling, disabling and removing them, and telling them anew of what they would not take.

use std::sync::Arc;

use super::{AdminError, record};
use crate::flows::Context;
use crate::protocol::ids::WebhookId;
use crate::protocol::webhook::{Pattern, parse_id};
use crate::store::audit::{self, Event};
use crate::store::clients::Standing;
use crate::store::{Store, StoreError, Tx, outbox, webhooks};

/// The most patterns of one webhook.
const MAX_PATTERNS: usize = 50;

/// A webhook to be added.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// Its name.
    pub id: String,
    /// Where events are posted to: a URL that this server may call.
    pub url: String,
    /// Whom they are for, as their `aud` says; the URL without one.
    pub audience: Option<String>,
    /// Patterns of the events that it hears of; all without one.
    pub events: Vec<String>,
}

/// Adds a webhook. It hears of what happens from now on, its own addition first.
///
/// # Errors
/// [`AdminError`] where it breaks a rule, or its name is taken.
pub async fn add_webhook(store: &Store, context: &Context, new: NewWebhook) -> Result<WebhookId, AdminError> {
    let id = parse_id(&new.id).ok_or(AdminError::WebhookName)?;
    let audience = new.audience.unwrap_or_else(|| new.url.clone());
    if audience.is_empty() || audience.chars().any(char::is_control) {
        return Err(AdminError::WebhookAudience);
    }
    let events = patterns(new.events)?.iter().map(Pattern::to_string).collect::<Vec<_>>().join(" ");
    let record = named(context, Event::WebhookAdded, &id)?;
    let shared = Arc::new((context.clone(), id.clone(), new.url, audience, events, record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, url, audience, events, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
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

/// What happens to a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookChange {
    /// It hears of what happens from now on.
    Enable,
    /// It is told of nothing.
    Disable,
    /// It is gone, with all that it was still to be told of.
    Remove,
    /// It is told anew of what it would not take.
    Retry,
}

/// Changes a webhook.
///
/// # Errors
/// [`AdminError`] where there is none of this name.
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
    let shared = Arc::new((context.clone(), id.clone(), record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, id, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
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

/// Does it; whether that changed anything.
async fn carry_out(tx: &mut Tx, context: &Context, id: &WebhookId, change: WebhookChange) -> Result<bool, StoreError> {
    let realm = &context.realm.id;
    match change {
        WebhookChange::Enable => webhooks::set_standing(tx, realm, id, Standing::Enabled).await,
        WebhookChange::Disable => webhooks::set_standing(tx, realm, id, Standing::Disabled).await,
        WebhookChange::Remove => webhooks::remove(tx, realm, id).await,
        WebhookChange::Retry => {
            let rows = webhooks::exhume(tx, realm, id).await?;
            for row in &rows {
                outbox::tell(tx, realm, id, row, context.now).await?;
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
