//! What the commands that revoke something have in common: why, for whom the answer is, and what has ended.

use clap::Args;

use super::desk::Desk;
use super::output::{say, say_json};
use crate::config::Settings;
use crate::flows::administer::{Ended, Revoker};
use crate::protocol::revocation::Reason;

/// Why, and how the answer is written.
#[derive(Args)]
pub struct Order {
    /// Why, for the audit log: at most 200 characters
    #[arg(long, default_value = "", hide_default_value = true, value_parser = reason)]
    reason: Reason,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

fn reason(text: &str) -> Result<Reason, &'static str> {
    Reason::parse(text).ok_or("must have at most 200 characters, none of them a control character")
}

impl Order {
    /// Whoever gives the order by command.
    pub fn revoker<'a>(&'a self, desk: &'a Desk, settings: &Settings) -> Revoker<'a> {
        let (store, context) = (&desk.store, &desk.context);
        Revoker { store, context, actor: "command", reason: &self.reason, horizon: desk.horizon(settings) }
    }

    /// Writes what has ended; `done` says it in words.
    ///
    /// # Errors
    /// Where the answer cannot be written as JSON.
    pub fn answer(&self, ended: Ended, done: &str) -> anyhow::Result<()> {
        if self.json {
            return say_json(&ended);
        }
        match ended {
            Ended { revoked: false, .. } => say("Nothing had to be done: it was void already."),
            Ended { sessions: 0, grants: 0, .. } => say(done),
            Ended { sessions, grants, .. } => say(&format!("{done} Sessions ended: {sessions}, grants: {grants}.")),
        }
        Ok(())
    }
}
