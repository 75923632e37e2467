//! `signet webhook`

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::command_context::CommandContext;
use super::output::{instant, note_if_empty, print_json, printable, say};
use crate::config::Settings;
use crate::fetch::Fetcher;
use crate::flows::admin::{NewWebhook, WebhookChange};
use crate::flows::events::webhooks::verify;
use signet_protocol::ids::WebhookId;
use signet_store::events::audit::Event;
use signet_store::events::webhooks::{Backlog, DeadLetter, Webhook as StoredWebhook};

/// Commands for webhooks.
#[derive(Subcommand)]
pub enum Webhook {
    /// Add a webhook for events from now on
    Add(Add),
    /// List webhooks with the number of waiting events
    List {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// List all events
    Events,
    /// Enable a webhook for events from now on
    Enable(Which),
    /// Disable a webhook
    Disable(Which),
    /// Remove a webhook with its waiting events
    Remove(Which),
    /// Send a test event to a webhook and show the response
    Test(Which),
    /// List events whose delivery was abandoned
    DeadLetters {
        #[command(flatten)]
        which: Which,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Resend dead letters to a webhook
    Retry(Which),
}

/// Options of a new webhook.
#[derive(Args)]
pub struct Add {
    /// A name for the webhook
    #[arg(long)]
    id: String,
    /// The URL to which events are posted as Security Event Tokens (RFC 8935)
    #[arg(long)]
    url: String,
    /// The aud of the tokens [default: the URL]
    #[arg(long)]
    audience: Option<String>,
    /// The events: a name such as user.disabled, a group such as user.*, or * (repeatable) [default: *]
    #[arg(long = "event", value_name = "PATTERN")]
    events: Vec<String>,
}

#[derive(Args)]
pub struct Which {
    /// The webhook's name
    #[arg(long, allow_hyphen_values = true)]
    id: String,
}

impl Webhook {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if matches!(self, Self::Events) {
            Event::NAMES.iter().for_each(|name| say(name));
            return Ok(());
        }
        let context = CommandContext::open(settings).await?;
        let done = self.carry_out(&context, settings).await;
        context.close().await;
        done
    }

    async fn carry_out(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Add(add) => add.run(context, settings).await,
            Self::List { json } => list(context, json).await,
            Self::Events => Ok(()),
            Self::Enable(which) => which.change(context, WebhookChange::Enable, "Enabled {id}.").await,
            Self::Disable(which) => which.change(context, WebhookChange::Disable, "Disabled {id}.").await,
            Self::Remove(which) => which.change(context, WebhookChange::Remove, "Removed {id}.").await,
            Self::Retry(which) => {
                which.change(context, WebhookChange::Retry, "The dead letters of {id} will be sent again.").await
            }
            Self::Test(which) => which.test(context, settings).await,
            Self::DeadLetters { which, json } => which.dead_letters(context, json).await,
        }
    }
}

impl Add {
    async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let fetcher = Fetcher::new(&settings.outbound, settings.mode)?;
        fetcher.check(&self.url).context("--url")?;
        let new = NewWebhook { id: self.id, url: self.url, audience: self.audience, events: self.events };
        let id = context.operator().webhooks().add(new).await?;
        say(&format!("Added {id}. Send it a test event with `signet webhook test --id {id}`."));
        Ok(())
    }
}

impl Which {
    async fn change(self, context: &CommandContext, change: WebhookChange, done: &str) -> anyhow::Result<()> {
        let id = self.id()?;
        context.operator().webhooks().change(&id, change).await?;
        say(&done.replace("{id}", id.as_str()));
        Ok(())
    }

    async fn test(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let id = self.id()?;
        let webhook = context.operator().webhooks().find(&id).await?;
        let fetcher = Fetcher::new(&settings.outbound, settings.mode)?;
        let keyring = context.keyring(settings).await?;
        let keys = keyring.of(&context.context.realm.id);
        let answered = verify(&fetcher, &keys, keyring.algorithms(), &context.context, &webhook).await;
        match answered.with_context(|| format!("{id} could not be reached"))? {
            status @ 200..=299 => say(&format!("{id} accepted the event with status {status}.")),
            status => bail!("{id} refused the event with status {status}"),
        }
        Ok(())
    }

    async fn dead_letters(self, context: &CommandContext, json: bool) -> anyhow::Result<()> {
        let dead = context.operator().webhooks().dead_letters(&self.id()?).await?;
        if json {
            return print_json(&dead.iter().map(letter).collect::<Vec<_>>());
        }
        note_if_empty(&dead, "dead letters");
        for DeadLetter { row, event, attempts, reason, died_at } in dead {
            let event = event.unwrap_or_default();
            let at = instant(died_at.as_secs());
            say(&format!("{row}  {event:<28}  {at}  {attempts} attempts  {reason}"));
        }
        Ok(())
    }

    fn id(&self) -> anyhow::Result<WebhookId> {
        WebhookId::parse(&self.id).context("there is no webhook with this name")
    }
}

async fn list(context: &CommandContext, json: bool) -> anyhow::Result<()> {
    let all = context.operator().webhooks().list().await?;
    if json {
        return print_json(&all.iter().map(described).collect::<Vec<_>>());
    }
    note_if_empty(&all, "webhooks");
    for (webhook, Backlog { waiting, dead }) in all {
        let standing = if webhook.enabled { "enabled" } else { "disabled" };
        let url = printable(&webhook.url);
        let events = webhook.events.join(" ");
        say(&format!("{:<20}  {standing:<8}  {waiting} waiting, {dead} dead  {url}  {events}", webhook.id.as_str()));
    }
    Ok(())
}

fn described(listed: &(StoredWebhook, Backlog)) -> Value {
    let (webhook, backlog) = listed;
    json!({
        "id": webhook.id,
        "url": webhook.url,
        "audience": webhook.audience,
        "events": webhook.events,
        "enabled": webhook.enabled,
        "created_at": webhook.created_at.as_secs(),
        "waiting": backlog.waiting,
        "dead": backlog.dead,
    })
}

fn letter(dead: &DeadLetter) -> Value {
    json!({
        "audit_id": dead.row,
        "event": dead.event,
        "attempts": dead.attempts,
        "reason": dead.reason,
        "died_at": dead.died_at.as_secs(),
    })
}
