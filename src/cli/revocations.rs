//! `signet revocations`

use clap::Subcommand;
use serde_json::json;

use super::command_context::CommandContext;
use super::output::{instant, print_json, say};
use crate::config::Settings;

/// Commands for revocations.
#[derive(Subcommand)]
pub enum Revocations {
    /// Count the revocations in force and the banned users
    Status {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Delete expired revocations; the server does so every minute
    Sweep {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

impl Revocations {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::Status { json } => status(&context, json).await,
            Self::Sweep { json } => sweep(&context, json).await,
        };
        context.close().await;
        done
    }
}

async fn status(context: &CommandContext, json: bool) -> anyhow::Result<()> {
    let counts = context.operator().revocations().count().await?;
    if json {
        return print_json(&counts);
    }
    for (target, count) in &counts.in_force {
        say(&format!("{target:<12}  {count}"));
    }
    let at = |secs: Option<i64>| secs.map_or_else(|| "-".to_owned(), instant);
    say(&format!("banned users  {}", counts.banned_users));
    say(&format!("oldest        {}", at(counts.oldest)));
    say(&format!("next expiry   {}", at(counts.next_expiry)));
    say(&format!("to be swept   {}", counts.expired));
    Ok(())
}

async fn sweep(context: &CommandContext, json: bool) -> anyhow::Result<()> {
    let removed = context.operator().revocations().sweep().await?;
    if json {
        return print_json(&json!({ "removed": removed }));
    }
    say(&format!("Removed: {removed}."));
    Ok(())
}
