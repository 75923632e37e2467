//! The binary: reads the command line and exits with 0, 1 for a refusal or 2 for wrong usage.

use std::process::ExitCode;

fn main() -> ExitCode {
    signet::cli::main()
}
