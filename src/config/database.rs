//! Settings of the store.

use serde::Serialize;

use super::table::settings;
use super::{DatabaseUrl, Span};

settings! {
    [database]

    /// The database. All settings but the URL apply to PostgreSQL only.
    #[derive(Debug, Serialize)]
    pub struct Database {
        /// The URL, `sqlite://FILE` or `postgres://USER:PASSWORD@HOST/NAME`.
        #[secret(DatabaseUrl::parse, file = "A file with the URL.")]
        pub url: DatabaseUrl = DatabaseUrl::default(),
        /// Migrates PostgreSQL at start. SQLite is always migrated.
        pub migrate: bool = false,
        /// The maximum number of connections per node.
        pub max_connections: u32 = 16,
        /// The number of these connections that pages, `/par` and registration must leave to other requests. At least
        /// one always remains for pages, `/par` and registration.
        pub reserved_connections: u32 = 4,
        /// The timeout of a statement, 1 s to 12 s.
        pub statement_timeout: Span = Span::from_secs(5),
        /// The timeout for waiting on a lock, at most `database.statement_timeout`.
        pub lock_timeout: Span = Span::from_secs(2),
        /// The time after which PostgreSQL ends an idle transaction of a node that has gone silent, at most 5 minutes.
        pub idle_in_transaction_timeout: Span = Span::from_secs(10),
        /// Lets production run on a database that acknowledges commits before they are durable, because
        /// `synchronous_commit` is `off` or `local`, or `fsync` is off. Development only warns.
        pub allow_lossy_commits: bool = false,
    }
}
