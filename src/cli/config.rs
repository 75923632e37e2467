//! `signet config`

use clap::Subcommand;

use super::output::{say, say_json};
use crate::config::{Settings, reference};

/// Commands about settings.
#[derive(Subcommand)]
pub enum Config {
    /// Print every effective setting; secrets are masked
    Print {
        /// Answer as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what each setting is for and its default, as Markdown
    Reference,
}

impl Config {
    /// Runs the command.
    ///
    /// # Errors
    /// Where the answer cannot be written.
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Print { json: true } => say_json(&settings.to_json()),
            Self::Print { json: false } => {
                say(settings.to_toml().trim_end());
                Ok(())
            }
            Self::Reference => {
                say(reference::page().trim_end());
                Ok(())
            }
        }
    }
}
