//! `signet realm`

use clap::{Args, Subcommand};

use super::command_context::CommandContext;
use super::confirm::Confirmation;
use super::revoking::Order;
use crate::config::Settings;

/// Commands for the whole realm.
#[derive(Subcommand)]
pub enum Realm {
    /// Void everything issued so far: all sessions, grants, codes and access tokens
    SignOut(SignOut),
}

/// Options of the command.
#[derive(Args)]
pub struct SignOut {
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    order: Order,
}

impl Realm {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let Self::SignOut(SignOut { confirmation, order }) = self;
        confirmation.require("all users are signed out, and every grant and token becomes void")?;
        let context = CommandContext::open(settings).await?;
        let ended = order.operator(&context).revocations().sign_out_realm().await;
        context.close().await;
        order.answer(ended?, "Everything issued until now is void.")
    }
}
