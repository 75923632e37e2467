//! Worst-day scenarios: processes of the built binary that are killed, starved and restarted under load. Each test
//! prints one line of a table: fault, runs, result. `FAULT_ROUNDS` makes them longer.

mod crashes;
mod damage;
mod disks;
mod failover;
mod freezes;
mod load;
mod migrations;
mod nodes;
mod restarts;
mod restores;
mod upgrades;

/// The number of repetitions of a fault: `short`, unless the environment sets it.
fn rounds(short: u32) -> u32 {
    std::env::var("FAULT_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(short)
}

/// True if nothing else runs on the machine, so that durations are meaningful.
fn is_alone() -> bool {
    std::env::var_os("FAULT_ROUNDS").is_some()
}

/// A line of the table.
fn report(fault: &str, runs: u32, result: &str) {
    let engine = if crate::support::database::Database::is_postgres() { "PostgreSQL" } else { "SQLite" };
    println!("fault | {fault} | {engine} | {runs} | {result}");
}
