//! Nodes, their database, its plans and its faults.

pub mod backup;
pub mod clocks;
pub mod database_faults;
pub mod doctor;
pub mod first_boot;
pub mod nodes;
pub mod observability;
pub mod plans;
pub mod staleness;
pub mod statements;
pub mod store;
pub mod transitions;
pub mod windows;
