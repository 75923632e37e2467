//! `signet revocations`

use clap::Subcommand;
use serde_json::json;

use super::desk::Desk;
use super::output::{instant, say, say_json};
use crate::config::Settings;
use crate::flows::admin;

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
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::Status { json } => status(&desk, json).await,
            Self::Sweep { json } => sweep(&desk, json).await,
        };
        desk.close().await;
        done
    }
}

async fn status(desk: &Desk, json: bool) -> anyhow::Result<()> {
    let standing = admin::revocations(&desk.store, &desk.context).await?;
    if json {
        return say_json(&standing);
    }
    for (target, count) in &standing.in_force {
        say(&format!("{target:<12}  {count}"));
    }
    let at = |secs: Option<i64>| secs.map_or_else(|| "-".to_owned(), instant);
    say(&format!("banned users  {}", standing.banned_users));
    say(&format!("oldest        {}", at(standing.oldest)));
    say(&format!("next expiry   {}", at(standing.next_expiry)));
    say(&format!("to be swept   {}", standing.expired));
    Ok(())
}

async fn sweep(desk: &Desk, json: bool) -> anyhow::Result<()> {
    let removed = admin::sweep_revocations(&desk.store, &desk.context).await?;
    if json {
        return say_json(&json!({ "removed": removed }));
    }
    say(&format!("Removed: {removed}."));
    Ok(())
}
