//! Confirmation of irreversible commands: a question on a terminal, or `--yes`.

use anyhow::bail;
use clap::Args;

use super::prompt;

/// Options of a confirmation.
#[derive(Args)]
pub struct Confirmation {
    /// Do not ask; required without a terminal
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Fails unless the operator confirms the consequence, a sentence without its full stop.
    pub fn require(&self, consequence: &str) -> anyhow::Result<()> {
        if self.yes {
            return Ok(());
        }
        if !prompt::is_possible() {
            bail!("{consequence}; run it again with --yes");
        }
        if !prompt::confirm(&format!("This cannot be undone: {consequence}."))? {
            bail!("nothing was changed");
        }
        Ok(())
    }
}
