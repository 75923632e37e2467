//! The binary: reads the command line and exits with 0, 1 for a refusal or 2 for wrong usage.

use std::process::ExitCode;

use mimalloc::MiMalloc;

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    signet::cli::main()
}
