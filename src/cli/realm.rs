//! `signet realm`

use clap::Subcommand;

use super::desk::Desk;
use super::revoking::Order;
use crate::config::Settings;
use crate::flows::administer;

/// Commands about the realm as a whole.
#[derive(Subcommand)]
pub enum Realm {
    /// Void all that was issued until now: every session, grant, code and access token
    SignOut(Order),
}

impl Realm {
    /// Runs the command.
    ///
    /// # Errors
    /// Where the database fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let Self::SignOut(order) = self;
        let desk = Desk::open(settings).await?;
        let ended = administer::sign_out_realm(&order.revoker(&desk, settings)).await;
        desk.close().await;
        order.answer(ended?, "All that was issued until now is void.")
    }
}
