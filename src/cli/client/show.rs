//! `signet client show`

use clap::Args;
use serde_json::{Map, Value, json};

use super::target::ClientTarget;
use super::to_json;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{instant, print_json, printable, say};
use crate::flows::admin::RegisteredClient;
use signet_protocol::account::attributes::in_words;

#[derive(Args)]
pub struct Show {
    #[command(flatten)]
    client: ClientTarget,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let id = self.client.id()?;
        let registered = context.operator().clients().read(&id).await?;
        if self.json { print_json(&document(&registered)?) } else { print(&registered) }
    }
}

/// Formats a client as JSON: attributes, history and counts. Secrets are counted, never shown.
fn document(registered: &RegisteredClient) -> anyhow::Result<Map<String, Value>> {
    let RegisteredClient { client, history, holds } = registered;
    let mut document = to_json(client)?;
    let expiries = client
        .secrets
        .iter()
        .map(|secret| json!({ "expires_at": secret.expires_at.map(|at| at.as_secs()), "weak": secret.is_weak }));
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let more = [
        ("created_at", json!(history.created_at.as_secs())),
        ("created_by", json!(known(&history.created_by))),
        ("updated_at", json!(history.updated_at.as_secs())),
        ("version", json!(history.version)),
        ("last_used_at", json!(client.registration.map(|registration| registration.last_used_at.as_secs()))),
        ("secrets", expiries.collect()),
        ("consents", json!(holds.consents)),
        ("grants", json!(holds.grants)),
    ];
    document.extend(more.map(|(name, value)| (name.to_owned(), value)));
    Ok(document)
}

fn print(registered: &RegisteredClient) -> anyhow::Result<()> {
    let RegisteredClient { client, history, holds } = registered;
    let line = |name: &str, value: &str| say(&printable(&format!("{:<12}  {value}", format!("{name}:"))));
    line("client", client.id.as_str());
    line("name", client.name());
    line("state", if client.enabled { "enabled" } else { "disabled" });
    let by = if history.created_by.is_empty() { "" } else { " by " };
    line("registered", &format!("{}{by}{}", instant(history.created_at.as_secs()), history.created_by));
    line("changed", &instant(history.updated_at.as_secs()));
    let weak = if client.secrets.iter().any(|secret| secret.is_weak) { ", one of them weak" } else { "" };
    line("secrets", &format!("{}{weak}", client.secrets.len()));
    line("consents", &holds.consents.to_string());
    line("grants", &holds.grants.to_string());
    line("logo", if client.logo.is_some() { "yes" } else { "none" });
    say("attributes:");
    let Value::Object(attributes) = serde_json::to_value(&client.metadata)? else { return Ok(()) };
    for (name, value) in attributes {
        let words = in_words(&value);
        if words != "none" {
            say(&printable(&format!("  {name}: {words}")));
        }
    }
    client.metadata.warnings().iter().for_each(|warning| say(&format!("warning: {warning}")));
    Ok(())
}
