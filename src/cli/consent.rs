//! `signet consent`

use clap::Subcommand;

use super::client::parse_id;
use super::desk::Desk;
use super::output::{instant, note_if_empty, say, say_json};
use super::revoking::Order;
use crate::config::Settings;
use crate::flows::admin;

/// Commands for consents of users to clients.
#[derive(Subcommand)]
pub enum Consent {
    /// List the consents of a user
    List {
        /// The user name, e-mail address or sub
        #[arg(long)]
        username: String,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Withdraw a user's consent to a client and revoke its grants; the client has to ask again
    Revoke {
        /// The user name, e-mail address or sub
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
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::List { username, json } => list(&desk, &username, json).await,
            Self::Revoke { username, client, order } => revoke(&desk, settings, &username, &client, &order).await,
        };
        desk.close().await;
        done
    }
}

async fn list(desk: &Desk, username: &str, json: bool) -> anyhow::Result<()> {
    let consents = admin::consents(&desk.store, &desk.context, username).await?;
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

async fn revoke(desk: &Desk, settings: &Settings, username: &str, client: &str, order: &Order) -> anyhow::Result<()> {
    let id = parse_id(client)?;
    let ended = admin::withdraw_consent(&order.revoker(desk, settings), username, &id).await?;
    order.answer(ended, &format!("The consent of {username} to {client} is withdrawn."))
}
