//! Limits for connections.

use std::time::Duration;

/// Longest wait for a connection, and of a write in the queue; after it the caller gets
/// [`StoreError::Unavailable`](crate::StoreError::Unavailable).
pub const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// Limits for connections to PostgreSQL. SQLite uses none of them.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Size of the pool.
    pub max_connections: u32,
    /// Connections that [`Lane::Shared`](crate::engine::lanes::Lane::Shared) cannot take. At least one of the pool
    /// stays available to it.
    pub reserved_connections: u32,
    /// The server's `statement_timeout`.
    pub statement_timeout: Duration,
    /// The server's `lock_timeout`.
    pub lock_timeout: Duration,
    /// The server's `idle_in_transaction_session_timeout`.
    pub idle_in_transaction_timeout: Duration,
    pub lossy_commits: LossyCommits,
}

/// Reaction to a server that acknowledges commits before they are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossyCommits {
    /// Opening the connection fails.
    Refused,
    /// A warning is logged once.
    Warned,
}

impl Setup {
    /// Limits for commands, which run statements over whole tables.
    pub fn for_commands(max_connections: u32) -> Self {
        Self {
            max_connections,
            reserved_connections: 0,
            statement_timeout: Duration::from_secs(600),
            lock_timeout: Duration::from_secs(5),
            idle_in_transaction_timeout: Duration::from_secs(60),
            lossy_commits: LossyCommits::Warned,
        }
    }
}
