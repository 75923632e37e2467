//! `signet user`

mod add;
mod attributes;
mod import;
mod list;
mod show;
mod summary;
mod target;
mod update;

use clap::{Args, Subcommand};

use self::target::UserTarget;
use super::audit::time;
use super::command_context::CommandContext;
use super::output::{instant, say};
use super::revoking::Order;
use crate::config::Settings;
use signet_protocol::time::Timestamp;
use signet_store::client::clients::Standing;

/// Commands for users.
#[derive(Subcommand)]
pub enum User {
    /// Add a user; with --role admin an administrator
    Add(Box<add::Add>),
    /// List users by name, in pages
    List(list::List),
    /// Show a user with attributes, roles, sessions and grants
    Show(show::Show),
    /// Change a user; their sessions and grants stay
    Update(Box<update::Update>),
    /// Set a user's password until their next sign-in; ends all sessions and grants, and notifies the user by mail
    SetPassword(update::SetPassword),
    /// Import users with their password hashes from a CSV or NDJSON file; can be repeated
    Import(import::Import),
    /// Disable a user: blocks sign-in and revokes all sessions and tokens
    Disable(Named),
    /// Enable a user again, or end a ban; void tokens stay void
    Enable(Named),
    /// End all sessions and grants of a user; with --until also block sign-in until then
    SignOut(SignOut),
    /// Delete a user with all sessions, grants and consents; this cannot be undone
    Remove(update::Remove),
}

#[derive(Args)]
pub struct SignOut {
    #[command(flatten)]
    user: UserTarget,
    /// Ban the user until then: 2026-01-31 or 2026-01-31T12:00:00Z; `user enable` ends a ban early
    #[arg(long, value_parser = time, value_name = "TIME")]
    until: Option<Timestamp>,
    #[command(flatten)]
    order: Order,
}

#[derive(Args)]
pub struct Named {
    #[command(flatten)]
    user: UserTarget,
}

impl User {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Self::Remove(remove) = &self {
            remove.confirm()?;
        }
        let mut context = CommandContext::open(settings).await?;
        let done = match self {
            Self::Add(add) => add.run(&context, settings).await,
            Self::List(list) => list.run(&context).await,
            Self::Show(show) => show.run(&context, settings).await,
            Self::Update(update) => update.run(&mut context).await,
            Self::SetPassword(set) => set.run(&mut context, settings).await,
            Self::Import(import) => import.run(&context, settings).await,
            Self::Disable(named) => named.set(&context, Standing::Disabled).await,
            Self::Enable(named) => named.set(&context, Standing::Enabled).await,
            Self::SignOut(sign_out) => sign_out.run(&context).await,
            Self::Remove(remove) => remove.run(&context).await,
        };
        context.close().await;
        done
    }
}

impl SignOut {
    async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let named = self.user.as_str();
        let ended = self.order.operator(context).revocations().sign_out_user(named, self.until).await?;
        let until = self.until.map(|until| format!(" and may not sign in before {}", instant(until.as_secs())));
        let done = format!("The user {named} is signed out everywhere{}.", until.unwrap_or_default());
        self.order.answer(ended, &done)
    }
}

impl Named {
    async fn set(self, context: &CommandContext, standing: Standing) -> anyhow::Result<()> {
        let named = self.user.as_str();
        context.operator().people().set_standing(named, standing).await?;
        let done = match standing {
            Standing::Enabled => "enabled",
            Standing::Disabled => "disabled",
        };
        say(&format!("The user {named} is {done}."));
        Ok(())
    }
}
