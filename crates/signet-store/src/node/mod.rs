//! Nodes that share a database: membership, leases, the change sequence, the view in memory, upkeep and backups.

pub mod backup;
pub(crate) mod barrier;
pub mod changes;
pub mod clock_steps;
pub mod invariants;
pub mod leases;
pub mod membership;
pub mod nodes;
pub mod restore_epochs;
pub mod row_locks;
pub mod samples;
pub mod sweep;
pub mod view;
pub mod wake;
