//! `signet completions`

use clap::Args;
use clap_complete::Shell;

/// For which shell. The settings are not read.
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Writes the script to standard output. A reader that has gone away is not an error of ours.
    pub fn run(&self) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "signet", &mut script);
        super::output::say(String::from_utf8_lossy(&script).trim_end());
    }
}
