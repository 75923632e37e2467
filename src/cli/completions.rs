//! `signet completions`

use clap::Args;
use clap_complete::Shell;

/// Options of the completion script. The settings are not read.
#[derive(Args)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    /// Writes the script to standard output and ignores a closed pipe.
    pub fn run(&self) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut super::command(), "signet", &mut script);
        super::output::say(String::from_utf8_lossy(&script).trim_end());
    }
}
