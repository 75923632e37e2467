//! Options and output that commands with a revocation share.

use anyhow::Context as _;
use clap::Args;

use super::command_context::CommandContext;
use super::output::{print_json, say};
use crate::flows::admin::{Ended, Operator};
use signet_protocol::token::revocation::Reason;

/// Options of a revocation.
#[derive(Args)]
pub struct Order {
    /// The reason for the audit log, at most 200 characters
    #[arg(long, default_value = "", hide_default_value = true, value_parser = reason)]
    reason: Reason,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

fn reason(text: &str) -> Result<Reason, &'static str> {
    Reason::parse(text).ok_or("must have at most 200 characters, none of them a control character")
}

/// Parses the reason of a command without an [`Order`], whose bad reasons are refusals and not wrong usage.
pub fn parse_reason(text: &str) -> anyhow::Result<Reason> {
    Reason::parse(text).context("the reason must have at most 200 characters, none of them a control character")
}

impl Order {
    /// Returns the operator who runs the command, with the reason.
    pub fn operator<'a>(&self, context: &'a CommandContext) -> Operator<'a> {
        context.operator().because(self.reason.clone())
    }

    /// Prints the result; `done` is a sentence for people.
    pub fn answer(&self, ended: Ended, done: &str) -> anyhow::Result<()> {
        if self.json {
            return print_json(&ended);
        }
        match ended {
            Ended { revoked: false, .. } => say("Nothing to do: already void."),
            Ended { sessions: 0, grants: 0, .. } => say(done),
            Ended { sessions, grants, .. } => say(&format!("{done} Sessions ended: {sessions}, grants: {grants}.")),
        }
        Ok(())
    }
}
