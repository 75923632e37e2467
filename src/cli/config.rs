//! `signet config`

use clap::Subcommand;

use super::output::{print_json, say};
use crate::config::{Settings, reference};

/// Commands for settings.
#[derive(Subcommand)]
pub enum Config {
    /// Print every effective setting; secrets are masked
    Print {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a reference of all settings with their defaults, as Markdown
    Reference,
}

impl Config {
    pub fn run(self, settings: &Settings) -> anyhow::Result<()> {
        match self {
            Self::Print { json: true } => print_json(&settings.to_json()),
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
