//! `signet grant`

use anyhow::Context as _;
use clap::{Args, Subcommand};

use super::client::parse_id;
use super::command_context::CommandContext;
use super::output::{instant, note_if_empty, print_json, say};
use super::revoking::Order;
use crate::config::Settings;
use signet_protocol::ids::FamilyId;

/// Commands for grants, which yield refresh tokens.
#[derive(Subcommand)]
pub enum Grant {
    /// List the grants of a user or a client
    List(List),
    /// Revoke a grant with all tokens issued from it
    Revoke {
        /// The grant_id, as listed and as in access tokens
        #[arg(long, allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        order: Order,
    },
}

/// Selection of grants.
#[derive(Args)]
pub struct List {
    /// The user name, e-mail address or sub
    #[arg(long, required_unless_present = "client", conflicts_with = "client")]
    username: Option<String>,
    /// The client_id
    #[arg(long)]
    client: Option<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Grant {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::List(list) => list.run(&context).await,
            Self::Revoke { id, order } => revoke(&context, &id, &order).await,
        };
        context.close().await;
        done
    }
}

async fn revoke(context: &CommandContext, id: &str, order: &Order) -> anyhow::Result<()> {
    let family = FamilyId::parse(id).context("there is no grant with this id")?;
    let ended = order.operator(context).revocations().revoke_grant(&family).await?;
    order.answer(ended, &format!("The grant {id} is revoked."))
}

impl List {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let operator = context.operator();
        let grants = match &self.client {
            Some(client) => operator.clients().grants(&parse_id(client)?).await?,
            None => operator.people().grants(self.username.as_deref().unwrap_or_default()).await?,
        };
        if self.json {
            return print_json(&grants);
        }
        note_if_empty(&grants, "live grants");
        for grant in grants {
            let kind = if grant.offline { "offline" } else { "session" };
            let until = instant(grant.expires_at);
            let id = grant.id.as_str();
            let client = grant.client.as_str();
            say(&format!("{id}  {client:<24}  {:<20}  {kind}  until {until}  {}", grant.username, grant.scope));
        }
        Ok(())
    }
}
