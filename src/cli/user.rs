//! `signet user`

mod add;
mod attributes;
mod list;
mod show;
mod target;
mod update;

use clap::{Args, Subcommand};

use self::target::UserTarget;
use super::audit::time;
use super::command_context::CommandContext;
use super::output::{instant, say};
use super::revoking::Order;
use crate::config::Settings;
use crate::flows::admin::{self, UserChange};
use signet_protocol::time::Timestamp;

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
    /// Set a user's password; ends all sessions and grants, and notifies the user by mail
    SetPassword(update::SetPassword),
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
            Self::Update(update) => update.run(&mut context, settings).await,
            Self::SetPassword(set) => set.run(&mut context, settings).await,
            Self::Disable(named) => named.change(&context, settings, UserChange::Disable).await,
            Self::Enable(named) => named.change(&context, settings, UserChange::Enable).await,
            Self::SignOut(sign_out) => sign_out.run(&context, settings).await,
            Self::Remove(remove) => remove.run(&context, settings).await,
        };
        context.close().await;
        done
    }
}

impl SignOut {
    async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let revoker = self.order.revoker(context, settings);
        let named = self.user.as_str();
        let ended = admin::sign_out_user(&revoker, named, self.until).await?;
        let until = self.until.map(|until| format!(" and may not sign in before {}", instant(until.as_secs())));
        let done = format!("The user {named} is signed out everywhere{}.", until.unwrap_or_default());
        self.order.answer(ended, &done)
    }
}

impl Named {
    async fn change(self, context: &CommandContext, settings: &Settings, change: UserChange) -> anyhow::Result<()> {
        let horizon = context.horizon(settings);
        let named = self.user.as_str();
        admin::change_user(&context.store, &context.context, named, change, horizon).await?;
        let done = match change {
            UserChange::Disable => "is disabled",
            UserChange::Enable => "is enabled",
            UserChange::SignOut => "is signed out",
        };
        say(&format!("The user {named} {done}."));
        Ok(())
    }
}
