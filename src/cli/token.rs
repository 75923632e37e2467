//! `signet token`

mod inspect;

use clap::Subcommand;

use super::command_context::CommandContext;
use super::database;
use super::output::read_token;
use super::revoking::Order;
use crate::app::{self, App};
use crate::config::Settings;
use signet_protocol::ids::TokenId;
use signet_store::clock::Clock;

/// Commands for tokens.
#[derive(Subcommand)]
pub enum Token {
    /// Decode a JWT from standard input and verify it with this server's keys; it is neither stored nor logged
    Inspect(inspect::Inspect),
    /// Revoke the token on standard input, or the access token with --jti; a refresh token revokes its grant
    Revoke {
        /// The jti of an access token, if the token itself is not available
        #[arg(long, allow_hyphen_values = true)]
        jti: Option<String>,
        #[command(flatten)]
        order: Order,
    },
}

impl Token {
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        match self {
            Self::Inspect(inspect) => inspect.run(&settings).await,
            Self::Revoke { jti: Some(jti), order } => revoke_named(&settings, jti, &order).await,
            Self::Revoke { jti: None, order } => revoke_presented(settings, &order).await,
        }
    }
}

async fn revoke_named(settings: &Settings, jti: String, order: &Order) -> anyhow::Result<()> {
    let context = CommandContext::open(settings).await?;
    let jti = TokenId::from_stored(jti);
    let ended = order.operator(&context).revocations().revoke_token(&jti).await;
    context.close().await;
    order.answer(ended?, "The token is revoked.")
}

/// Opens the whole app, since the token is verified as by the server.
async fn revoke_presented(settings: Settings, order: &Order) -> anyhow::Result<()> {
    let token = read_token()?;
    database::require(&settings)?;
    app::open_existing_store(&settings).await?.close().await;
    let app = App::open(settings, Clock::System).await?;
    let context = CommandContext::at(app.provider.store.clone(), &app.settings).await?;
    let operator = order.operator(&context);
    let ended = operator.revocations().revoke_presented(&app.provider, token.trim()).await;
    context.close().await;
    order.answer(ended?, "The token is revoked.")
}
