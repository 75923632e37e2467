//! `signet keys export` and `signet keys import`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;

use crate::cli::command_context::CommandContext;
use crate::cli::output::{note, print_json, say};
use crate::flows::admin::ExportedKeys;
use crate::keys::Keyring;

/// Options of an export.
#[derive(Args)]
pub struct Export {
    /// A new file
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Options of an import.
#[derive(Args)]
pub struct Import {
    /// A file written by `signet keys export`
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Export {
    pub(super) async fn run(self, context: &CommandContext, keyring: &Keyring) -> anyhow::Result<()> {
        let name = self.to.display().to_string();
        let opened = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&self.to);
        let mut file = opened.with_context(|| name.clone())?;
        let exported = match context.operator().keys(keyring).export().await {
            Ok(exported) => exported,
            Err(error) => {
                // The empty file would block the next export.
                let _ = std::fs::remove_file(&self.to);
                return Err(error.into());
            }
        };
        let text = serde_json::to_string_pretty(&exported)? + "\n";
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(|| name.clone())?;
        if self.json {
            return print_json(&json!({ "keys": exported.count() }));
        }
        say(&format!("Wrote {} keys to {name}.", exported.count()));
        note("They are sealed with the master key, which the file does not contain; keep the two separate.");
        Ok(())
    }
}

impl Import {
    pub(super) async fn run(self, context: &CommandContext, keyring: &Keyring) -> anyhow::Result<()> {
        let name = || self.from.display().to_string();
        let text = std::fs::read_to_string(&self.from).with_context(name)?;
        let exported: ExportedKeys = serde_json::from_str(&text).with_context(name)?;
        let count = context.operator().keys(keyring).import(exported).await?;
        if self.json {
            return print_json(&json!({ "keys": count }));
        }
        say(&format!("Imported {count} keys."));
        Ok(())
    }
}
