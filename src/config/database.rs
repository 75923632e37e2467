//! Settings of the store.

use serde::Serialize;

use super::sources::Sources;
use super::{ConfigError, DatabaseUrl, Settings, Span};

/// Settings of the store. All but the URL apply to PostgreSQL only.
#[derive(Debug, Serialize)]
pub struct Database {
    /// A `sqlite:` or `postgres:` URL, which may contain a password.
    pub url: DatabaseUrl,
    /// Lets `serve` migrate a PostgreSQL schema.
    pub migrate: bool,
    /// The maximum number of connections per node.
    pub max_connections: u32,
    /// The number of connections that pages and registration must leave to other requests. One always remains for them.
    pub reserved_connections: u32,
    /// The timeout of a statement.
    pub statement_timeout: Span,
    /// The timeout for waiting on a lock.
    pub lock_timeout: Span,
    /// The time after which PostgreSQL ends an idle transaction of a node that has gone silent.
    pub idle_in_transaction_timeout: Span,
    /// Lets production run on a database that acknowledges commits before they are durable.
    pub allow_lossy_commits: bool,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            url: DatabaseUrl::default(),
            migrate: false,
            max_connections: 16,
            reserved_connections: 4,
            statement_timeout: Span::from_secs(5),
            lock_timeout: Span::from_secs(2),
            idle_in_transaction_timeout: Span::from_secs(10),
            allow_lossy_commits: false,
        }
    }
}

impl Settings {
    pub(super) fn read_database(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let database = &mut self.database;
        if let Some(url) = sources.take_secret("database.url", "database.url_file", DatabaseUrl::parse)? {
            database.url = url;
        }
        sources.set("database.migrate", &mut database.migrate)?;
        sources.set("database.max_connections", &mut database.max_connections)?;
        sources.set("database.reserved_connections", &mut database.reserved_connections)?;
        sources.set("database.statement_timeout", &mut database.statement_timeout)?;
        sources.set("database.lock_timeout", &mut database.lock_timeout)?;
        sources.set("database.idle_in_transaction_timeout", &mut database.idle_in_transaction_timeout)?;
        sources.set("database.allow_lossy_commits", &mut database.allow_lossy_commits)
    }
}
