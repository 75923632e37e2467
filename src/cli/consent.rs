//! `signet consent`

use clap::Subcommand;

use super::client::parse_id;
use super::desk::Desk;
use super::output::{instant, note_if_empty, say, say_json};
use super::revoking::Order;
use crate::config::Settings;
use crate::flows::administer;

/// Commands about what users have granted to clients.
#[derive(Subcommand)]
pub enum Consent {
    /// List what a user has granted
    List {
        /// The name, the e-mail address or the sub
        #[arg(long)]
        username: String,
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Withdraw what a user has granted to a client, and end all that came of it; the client has to ask again
    Revoke {
        /// The name, the e-mail address or the sub
        #[arg(long)]
        username: String,
        /// The client_id
        #[arg(long)]
        client: String,
        #[command(flatten)]
        order: Order,
    },
}

impl Consent {
    /// Runs the command.
    ///
    /// # Errors
    /// Where something is refused, or the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::List { username, json } => list(&desk, &username, json).await,
            Self::Revoke { username, client, order } => revoke(&desk, settings, (&username, &client), &order).await,
        };
        desk.close().await;
        done
    }
}

async fn list(desk: &Desk, username: &str, json: bool) -> anyhow::Result<()> {
    let consents = administer::consents(&desk.store, &desk.context, username).await?;
    if json {
        return say_json(&consents);
    }
    note_if_empty(&consents, "consents");
    for consent in consents {
        let claims = consent.claims.join(" ");
        let since = instant(consent.granted_at);
        let line = format!("{:<24}  since {since}  {} {claims}", consent.client.as_str(), consent.scope);
        say(line.trim_end());
    }
    Ok(())
}

async fn revoke(
    desk: &Desk,
    settings: &Settings,
    (username, client): (&str, &str),
    order: &Order,
) -> anyhow::Result<()> {
    let id = parse_id(client)?;
    let ended = administer::withdraw_consent(&order.revoker(desk, settings), username, &id).await?;
    order.answer(ended, &format!("What {username} has granted to {client} is withdrawn."))
}
