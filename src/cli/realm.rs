//! `signet realm`

use clap::{Args, Subcommand};

use super::confirm::Confirmation;
use super::desk::Desk;
use super::revoking::Order;
use crate::config::Settings;
use crate::flows::administer;

/// Commands about the realm as a whole.
#[derive(Subcommand)]
pub enum Realm {
    /// Void everything issued until now: every session, grant, code and access token
    SignOut(SignOut),
}

/// The order to void everything.
#[derive(Args)]
pub struct SignOut {
    #[command(flatten)]
    confirmation: Confirmation,
    #[command(flatten)]
    order: Order,
}

impl Realm {
    /// Runs the command.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let Self::SignOut(SignOut { confirmation, order }) = self;
        confirmation.require("everybody is signed out, and every grant and token becomes void")?;
        let desk = Desk::open(settings).await?;
        let ended = administer::sign_out_realm(&order.revoker(&desk, settings)).await;
        desk.close().await;
        order.answer(ended?, "Everything issued until now is void.")
    }
}
