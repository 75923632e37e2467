//! Settings of the store.

use serde::Serialize;

use super::sources::Sources;
use super::{ConfigError, DatabaseUrl, Settings, Span};

/// Settings of the store. All but the URL are for PostgreSQL.
#[derive(Debug, Serialize)]
pub struct Database {
    /// `sqlite:` or `postgres:` URL; it may hold a password.
    pub url: DatabaseUrl,
    /// Whether `serve` migrates a PostgreSQL schema by itself.
    pub migrate: bool,
    /// The most connections that a node opens.
    pub max_connections: u32,
    /// How many of them pages and registration leave to everything else; one is always theirs.
    pub reserved_connections: u32,
    /// How long a statement may take.
    pub statement_timeout: Span,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Span,
    /// How long the server keeps a transaction whose node has gone silent.
    pub idle_in_transaction_timeout: Span,
    /// Whether production may run on a database that acknowledges commits before they are durable.
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
