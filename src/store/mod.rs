//! L1: the database. Functions over a connection, one file an aggregate; this file alone chooses between the engines.
//!
//! Every statement is a constant, written once for SQLite and PostgreSQL. Reads take a connection of a pool; all
//! writes go through [`Store::write`], which returns when the commit is durable. Nothing here decides whether a
//! request is allowed: a consuming write is guarded in SQL, and its caller looks at the answer.

pub mod access_tokens;
pub mod address_blocks;
pub mod audit;
pub mod audit_log;
pub mod authorization_codes;
pub mod authorization_requests;
pub mod backup;
mod barrier;
pub mod changes;
pub mod claim_mappers;
pub mod client_profiles;
pub mod clients;
pub mod clock_steps;
pub mod condition;
pub mod consents;
pub mod directory;
mod embedded;
mod error;
pub mod hint_keys;
pub mod holdings;
pub mod invariants;
mod kept;
pub mod known_devices;
pub mod lanes;
pub mod leases;
pub mod login_failures;
pub mod logos;
pub mod membership;
pub mod metrics;
mod migrations;
pub mod nodes;
mod origins;
pub mod outbox;
mod postgres;
pub mod pushed_requests;
pub mod rate_exchanges;
pub mod realms;
pub mod refusals;
pub mod registrations;
pub mod resources;
pub mod restore_epochs;
pub mod revocations;
pub mod row_locks;
mod rows;
pub mod samples;
pub mod session_clients;
pub mod sessions;
pub mod signing_keys;
mod sqlite;
pub mod sweep;
mod timing;
pub mod token_families;
mod tx;
pub mod used_once;
pub mod users;
pub mod view;
pub mod wake;
pub mod webhooks;
mod writer;

use std::str::FromStr as _;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::time::timeout;

use crate::protocol::time::Timestamp;
use barrier::Barrier;
use embedded::Readers;
pub use error::StoreError;
use lanes::{Lane, Lanes};
use membership::Membership;
use metrics::{Database, Statements};
pub use migrations::Migrated;
pub use tx::Tx;
use writer::Writer;

/// How long a write may wait for its turn before it is given up.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How a database is used. An embedded one has no need of it.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The most connections.
    pub max_connections: u32,
    /// How many of them are not for [`Lane::Shared`]; one always is.
    pub reserved_connections: u32,
    /// How long a statement may take.
    pub statement_timeout: Duration,
    /// How long a statement may wait for a lock.
    pub lock_timeout: Duration,
    /// How long a transaction is kept of which nothing is heard.
    pub idle_in_transaction_timeout: Duration,
    /// What is done where commits may be lost.
    pub lossy_commits: LossyCommits,
}

/// What is done where the database acknowledges commits before they are durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossyCommits {
    /// It is not used.
    Refused,
    /// The log says so, once.
    Warned,
}

impl Setup {
    /// What commands use: at most this many connections, and time for statements that read whole tables.
    pub fn patient(max_connections: u32) -> Self {
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

/// The engines. Whatever differs between them stands in this file, `tx`, `sqlite`, `writer`, `postgres` and
/// `migrations`.
#[derive(Clone)]
enum Db {
    /// An SQLite file: a few readers, and one task that writes.
    Sqlite { read: Readers, lanes: Lanes, writer: Writer },
    /// PostgreSQL, or a database that speaks its protocol.
    Postgres(postgres::Pool),
}

/// A database.
#[derive(Clone)]
pub struct Store {
    db: Db,
    metrics: Database,
    membership: Arc<Membership>,
    barrier: Arc<Barrier>,
}

impl Store {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://...`) with at most `max_connections`.
    /// An SQLite file is created where there is none. Nothing is migrated.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it cannot be opened, [`StoreError::Engine`] where the URL is malformed.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        Self::open_with(url, &Setup::patient(max_connections)).await
    }

    /// The same for a server, which has less patience.
    ///
    /// # Errors
    /// As [`Store::open`], and [`StoreError::Schema`] where commits may be lost and the setup refuses that.
    pub async fn open_with(url: &str, setup: &Setup) -> Result<Self, StoreError> {
        let metrics = Database::with(Statements::new(timing::names()));
        let db = if url.starts_with("sqlite:") {
            sqlite::open(url, &metrics).await?
        } else {
            Db::Postgres(postgres::Pool::open(url, setup).await?)
        };
        let membership = Arc::new(Membership::new(matches!(db, Db::Sqlite { .. })));
        Ok(Self { db, metrics, membership, barrier: Arc::default() })
    }

    /// The file of an embedded database, or nothing where the URL names another engine.
    pub fn file_of(url: &str) -> Option<std::path::PathBuf> {
        let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok()).flatten()?;
        Some(options.get_filename().to_owned())
    }

    /// A connection to read with. On SQLite it cannot write.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where there is none within two seconds.
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.db {
            Db::Sqlite { read, lanes, .. } => {
                let late = || StoreError::Unavailable("no connection was free in time".into());
                let turn = async { Ok((lanes.enter(Lane::current()).await?, read.take().await.ok_or_else(late)?)) };
                let turn = self.metrics.turn(timeout(PATIENCE, turn)).await;
                let (permit, connection) = turn.unwrap_or_else(|_| Err(late()))?;
                Tx::sqlite(connection, permit, self.metrics.statements.clone())
            }
            Db::Postgres(pool) => {
                // Boxed, so that a request against an embedded database has no room for it.
                let held = Box::pin(self.metrics.turn(pool.acquire(Lane::current()))).await?;
                Tx::postgres(held, pool.limit(), self.metrics.statements.clone())
            }
        })
    }

    /// Runs a job in a transaction and returns when its commit is durable and, where it has ended something, when every
    /// node has heard of that or asks the database before it answers.
    ///
    /// A job that returns an error leaves nothing behind. It may be run again after a serialization failure, and
    /// waits for nothing but its own statements. Once begun it runs to its end, though its caller goes away.
    ///
    /// # Errors
    /// What the job returns, or [`StoreError`] in its error type where there was no turn or no durable commit.
    pub async fn write<T, E, F>(&self, job: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let written = match &self.db {
            Db::Sqlite { writer, .. } => writer.write(job).await?,
            Db::Postgres(pool) => postgres::write(pool.clone(), self.metrics.clone(), job).await?,
        };
        if let Some(seq) = written.heard {
            barrier::all_hear(self, seq).await;
        }
        Ok(written.value)
    }

    /// This process among the nodes.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// How many statements have been run, without those of transaction control. For tests and metrics.
    pub fn statements(&self) -> u64 {
        self.metrics.statements.begun.get()
    }

    /// What the database counts.
    pub fn metrics(&self) -> &Database {
        &self.metrics
    }

    /// How many connections there are: idle, and in use. On SQLite these are the readers.
    pub fn connections(&self) -> (usize, usize) {
        let (size, idle) = match &self.db {
            Db::Sqlite { read, .. } => read.count(),
            Db::Postgres(pool) => pool.connections(),
        };
        (idle, size.saturating_sub(idle))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// Why it does not.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        tx.hurry();
        changes::last(&mut tx).await.map(|_| ())
    }

    /// What time it is there, where the database has a clock of its own: an embedded one has this host's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where it does not answer.
    pub async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.db {
            Db::Sqlite { .. } => Ok(None),
            Db::Postgres(pool) => pool.time().await.map(Some),
        }
    }

    /// Whether the database is embedded, so that the server migrates it by itself.
    pub fn is_embedded(&self) -> bool {
        matches!(self.db, Db::Sqlite { .. })
    }

    /// Brings the schema up to date and returns the migrations that were missing.
    ///
    /// # Errors
    /// [`StoreError::Schema`] where the database is newer than this binary, or a landed migration was changed.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        migrations::run(&self.db).await
    }

    /// Refuses a database that no migration has been applied to.
    ///
    /// # Errors
    /// [`StoreError::Schema`] with what to do about it.
    pub async fn refuse_empty(&self) -> Result<(), StoreError> {
        migrations::refuse_empty(&self.db).await
    }

    /// Checks that the schema is exactly the one that this binary knows.
    ///
    /// # Errors
    /// [`StoreError::Schema`] with what to do about it.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        migrations::check(&self.db).await
    }

    /// Checks that every migration of this binary is applied. Newer ones may be applied as well, as while a newer
    /// version is rolled out node by node.
    ///
    /// # Errors
    /// [`StoreError::Schema`] where one is missing, [`StoreError::Unavailable`] where the database does not answer.
    pub async fn check_applied(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        tx.hurry();
        migrations::check_applied(&mut tx, self.is_embedded()).await
    }

    /// Closes all connections after the writes in progress.
    pub async fn close(&self) {
        match &self.db {
            Db::Sqlite { read, writer, .. } => {
                writer.close().await;
                read.close().await;
            }
            Db::Postgres(pool) => pool.close(),
        }
    }
}

/// A statement as an embedded database has it.
pub fn embedded_statement(sql: &str) -> Box<str> {
    embedded::translated(sql)
}

/// Every statement with its name, for the test that describes them on both engines.
pub fn all_statements() -> Vec<(&'static str, &'static str)> {
    [
        access_tokens::STATEMENTS,
        address_blocks::STATEMENTS,
        audit::STATEMENTS,
        audit_log::STATEMENTS,
        authorization_codes::STATEMENTS,
        authorization_requests::STATEMENTS,
        changes::STATEMENTS,
        claim_mappers::STATEMENTS,
        client_profiles::STATEMENTS,
        clients::STATEMENTS,
        clock_steps::STATEMENTS,
        consents::STATEMENTS,
        directory::STATEMENTS,
        hint_keys::STATEMENTS,
        holdings::STATEMENTS,
        invariants::STATEMENTS,
        known_devices::STATEMENTS,
        leases::STATEMENTS,
        login_failures::STATEMENTS,
        pushed_requests::STATEMENTS,
        rate_exchanges::STATEMENTS,
        logos::STATEMENTS,
        migrations::STATEMENTS,
        nodes::STATEMENTS,
        origins::STATEMENTS,
        outbox::STATEMENTS,
        realms::STATEMENTS,
        refusals::STATEMENTS,
        registrations::STATEMENTS,
        resources::STATEMENTS,
        restore_epochs::STATEMENTS,
        revocations::STATEMENTS,
        row_locks::STATEMENTS,
        samples::STATEMENTS,
        session_clients::STATEMENTS,
        sessions::STATEMENTS,
        signing_keys::STATEMENTS,
        sweep::STATEMENTS,
        token_families::STATEMENTS,
        used_once::STATEMENTS,
        users::STATEMENTS,
        webhooks::STATEMENTS,
    ]
    .concat()
}
