//! Commands that void what cannot be brought back ask first: on a terminal, or by `--yes` where there is no terminal.

use anyhow::bail;
use clap::Args;

use super::prompt;

/// The consent to what a command destroys.
#[derive(Args)]
pub struct Confirmation {
    /// Go on without asking; needed where there is no terminal
    #[arg(long)]
    yes: bool,
}

impl Confirmation {
    /// Goes on where the operator agrees with the consequence, which is a sentence without its full stop.
    ///
    /// # Errors
    /// Where the operator does not, or cannot be asked.
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
