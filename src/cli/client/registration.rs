//! Commands for dynamic registration and logos.

use std::io::Read as _;
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;

use super::target::ClientTarget;
use crate::cli::command_context::CommandContext;
use crate::cli::output::{note, print_json, say};
use crate::config::{RegistrationMode, Settings};
use signet_protocol::client::logo::MAX_LOGO;
use signet_protocol::time::Span;
use signet_store::client::registrations::Allowance;

/// Limits of an initial access token.
#[derive(Args)]
pub struct InitialToken {
    /// The number of clients that it may register
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    uses: u32,
    /// The number of days that it is valid
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Options of a logo.
#[derive(Args)]
pub struct Logo {
    #[command(flatten)]
    client: ClientTarget,
    /// A PNG, JPEG or WebP picture of at most 64 KB
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
}

impl InitialToken {
    pub(super) async fn run(self, context: &CommandContext, settings: &Settings) -> anyhow::Result<()> {
        let expires_at = context.context.now.plus(Span::from_days(self.days.into()));
        let allowance = Allowance { uses: self.uses, expires_at };
        let token = context.operator().clients().make_initial_token(allowance).await?;
        match settings.registration.mode {
            RegistrationMode::Token => {}
            RegistrationMode::Off => note(
                "signet: warning: registration.mode is \"off\", so this token cannot be used yet; set it to \"token\"",
            ),
            RegistrationMode::Open => note(
                "signet: warning: registration.mode is \"open\", so clients can register without a token; \
                 set it to \"token\"",
            ),
        }
        if self.json {
            let end = expires_at.as_secs();
            return print_json(
                &json!({ "initial_access_token": token.expose(), "uses": self.uses, "expires_at": end }),
            );
        }
        say(&format!("initial_access_token: {}", token.expose()));
        note(&format!("It is shown only once. It registers {} client(s) within {} day(s).", self.uses, self.days));
        Ok(())
    }
}

impl Logo {
    pub(super) async fn run(self, context: &CommandContext) -> anyhow::Result<()> {
        let name = || self.file.display().to_string();
        let mut image = Vec::new();
        let most = u64::try_from(MAX_LOGO)?.saturating_add(1);
        std::fs::File::open(&self.file).with_context(name)?.take(most).read_to_end(&mut image).with_context(name)?;
        ensure!(!image.is_empty(), "{} is empty", name());
        context.operator().clients().set_logo(self.client.id()?, image).await?;
        say(&format!("The client {} has a logo.", self.client.as_str()));
        Ok(())
    }
}
