//! `signet explain`

use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::command_context::CommandContext;
use super::output::{instant, note_if_empty, print_json, printable, say};
use crate::config::Settings;
use crate::flows::defense::refusals::{self, Explanation};
use signet_protocol::cause::Shown;

/// Time after which a refusal has been written to the database.
const STORED: Duration = Duration::from_millis(1500);

/// Selection of refusals.
#[derive(Args)]
pub struct Explain {
    /// The request ID of the error page, or the x-request-id header of the response
    #[arg(allow_hyphen_values = true, required_unless_present = "client", conflicts_with = "client")]
    request_id: Option<String>,
    /// Explain the latest refusals of requests of this client instead
    #[arg(long, value_name = "ID")]
    client: Option<String>,
    /// The number of refusals to explain
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=500))]
    last: i64,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Explain {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match (&self.request_id, &self.client) {
            (Some(request_id), _) => self.one(&context, request_id).await,
            (None, client) => self.latest(&context, client.as_deref().unwrap_or_default()).await,
        };
        context.close().await;
        done
    }

    async fn one(&self, context: &CommandContext, request_id: &str) -> anyhow::Result<()> {
        let mut found = refusals::explain(&context.store, &context.context, request_id).await?;
        if found.is_none() {
            tokio::time::sleep(STORED).await;
            found = refusals::explain(&context.store, &context.context, request_id).await?;
        }
        let explanation = found.with_context(|| {
            format!(
                "no refusal is stored for the request ID {}: the request was not refused, exceeded the limit of stored \
             refusals, or is older than 24 hours",
                Shown::text(request_id)
            )
        })?;
        if self.json {
            return print_json(&explanation);
        }
        show(&explanation);
        Ok(())
    }

    async fn latest(&self, context: &CommandContext, client: &str) -> anyhow::Result<()> {
        let explanations = refusals::latest(&context.store, &context.context, client, self.last).await?;
        if self.json {
            return print_json(&explanations);
        }
        note_if_empty(&explanations, "refusals of this client within 24 hours");
        for (number, explanation) in explanations.iter().enumerate() {
            if number > 0 {
                say("");
            }
            show(explanation);
        }
        Ok(())
    }
}

fn show(explanation: &Explanation) {
    let Explanation { request_id, at, endpoint, client, answer, cause, hint } = explanation;
    let client = match client {
        None => "none named".to_owned(),
        Some(client) => match &client.name {
            Some(name) => format!("{} ({})", client.id, printable(name)),
            None => format!("{} (not registered)", printable(&client.id)),
        },
    };
    say(&format!("Request  {} at {}, {endpoint}", printable(request_id), instant(*at)));
    say(&format!("Client   {client}"));
    say(&format!("Answer   {} {}: {}", answer.status, answer.error, printable(&answer.description)));
    say(&format!("Cause    {}", printable(cause)));
    if let Some(hint) = hint {
        say(&format!("Hint     {}", printable(hint)));
    }
}
