//! `signet session`

use anyhow::Context as _;
use clap::Subcommand;

use super::desk::Desk;
use super::output::{instant, note_if_empty, printable, say, say_json};
use super::revoking::Order;
use crate::config::Settings;
use crate::flows::administer;
use crate::protocol::ids::SessionId;

/// Commands about the sessions of browsers.
#[derive(Subcommand)]
pub enum Session {
    /// List the live sessions of a user
    List {
        /// The name, the e-mail address or the sub
        #[arg(long)]
        username: String,
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// End a session with the grants that do not outlive it; applications are told
    End {
        /// The id, as listed
        #[arg(long, allow_hyphen_values = true)]
        id: String,
        #[command(flatten)]
        order: Order,
    },
}

impl Session {
    /// Runs the command.
    ///
    /// # Errors
    /// Where something is refused, or the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let desk = Desk::open(settings).await?;
        let done = match self {
            Self::List { username, json } => list(&desk, &username, json).await,
            Self::End { id, order } => end(&desk, settings, &id, &order).await,
        };
        desk.close().await;
        done
    }
}

async fn list(desk: &Desk, username: &str, json: bool) -> anyhow::Result<()> {
    let sessions = administer::sessions(&desk.store, &desk.context, username).await?;
    if json {
        return say_json(&sessions);
    }
    note_if_empty(&sessions, "live sessions");
    for session in sessions {
        let (seen, until) = (instant(session.last_seen_at), instant(session.expires_at));
        let (id, browser) = (session.id.as_str(), printable(&session.user_agent));
        say(&format!("{id}  used {seen}  until {until}  {:<15}  {browser}", session.address));
    }
    Ok(())
}

async fn end(desk: &Desk, settings: &Settings, id: &str, order: &Order) -> anyhow::Result<()> {
    let session = SessionId::parse(id).context("there is no session with this id")?;
    let ended = administer::end_session(&order.revoker(desk, settings), &session).await?;
    order.answer(ended, &format!("The session {id} has ended."))
}
