//! `signet consent`

use clap::Subcommand;

use super::client::parse_id;
use super::command_context::CommandContext;
use super::output::{instant, note_if_empty, print_json, say};
use super::revoking::Order;
use crate::config::Settings;

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
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::List { username, json } => list(&context, &username, json).await,
            Self::Revoke { username, client, order } => revoke(&context, &username, &client, &order).await,
        };
        context.close().await;
        done
    }
}

async fn list(context: &CommandContext, username: &str, json: bool) -> anyhow::Result<()> {
    let consents = context.operator().people().consents(username).await?;
    if json {
        return print_json(&consents);
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

async fn revoke(context: &CommandContext, username: &str, client: &str, order: &Order) -> anyhow::Result<()> {
    let id = parse_id(client)?;
    let ended = order.operator(context).revocations().withdraw_consent(username, &id).await?;
    order.answer(ended, &format!("The consent of {username} to {client} is withdrawn."))
}
