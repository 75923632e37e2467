//! `signet session`

use anyhow::Context as _;
use clap::Subcommand;

use super::command_context::CommandContext;
use super::output::{instant, note_if_empty, print_json, printable, say};
use super::revoking::Order;
use crate::config::Settings;
use signet_protocol::ids::SessionId;

/// Commands for browser sessions.
#[derive(Subcommand)]
pub enum Session {
    /// List the live sessions of a user
    List {
        /// The user name, e-mail address or sub
        #[arg(long)]
        username: String,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// End a session and its grants without offline access; applications get a logout message
    End {
        /// The session id, as listed
        #[arg(long, allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        order: Order,
    },
}

impl Session {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let context = CommandContext::open(settings).await?;
        let done = match self {
            Self::List { username, json } => list(&context, &username, json).await,
            Self::End { id, order } => end(&context, &id, &order).await,
        };
        context.close().await;
        done
    }
}

async fn list(context: &CommandContext, username: &str, json: bool) -> anyhow::Result<()> {
    let sessions = context.operator().people().sessions(username).await?;
    if json {
        return print_json(&sessions);
    }
    note_if_empty(&sessions, "live sessions");
    for session in sessions {
        let seen = instant(session.last_seen_at);
        let until = instant(session.expires_at);
        let id = session.id.as_str();
        let browser = printable(&session.user_agent);
        say(&format!("{id}  used {seen}  until {until}  {:<15}  {browser}", session.address));
    }
    Ok(())
}

async fn end(context: &CommandContext, id: &str, order: &Order) -> anyhow::Result<()> {
    let session = SessionId::parse(id).context("there is no session with this id")?;
    let ended = order.operator(context).revocations().end_session(&session).await?;
    order.answer(ended, &format!("The session {id} has ended."))
}
