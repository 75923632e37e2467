//! L1: the database. Functions over a connection, one file per aggregate; this file alone chooses between the engines.
//!
//! Every statement is a constant, written once for SQLite and PostgreSQL. Reads take a connection from a pool; all
//! writes go through [`Store::write`], which returns when the commit is durable. Nothing here decides whether a request
//! is allowed: a consuming write is guarded in SQL, and its caller checks whether it changed a row.

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
pub mod device_authorizations;
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
mod statement;
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
pub use statement::{Statement, embedded_text};
pub use tx::Tx;
use writer::Writer;

/// Longest wait for a connection, and of a write in the queue; after it the caller gets [`StoreError::Unavailable`].
pub const PATIENCE: Duration = Duration::from_secs(2);
/// Limits for connections to PostgreSQL. SQLite uses none of them.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Size of the pool.
    pub max_connections: u32,
    /// Connections that [`Lane::Shared`] cannot take. At least one of the pool stays available to it.
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
    /// The connection fails.
    Refused,
    /// A warning is logged once.
    Warned,
}

impl Setup {
    /// Limits for commands, which run statements over whole tables.
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

/// The engines. All differences between them are in this file, `tx`, `sqlite`, `embedded`, `writer`, `postgres` and
/// `migrations`.
#[derive(Clone)]
enum Db {
    /// An SQLite file: a few read connections and one writer thread.
    Sqlite { read: Readers, lanes: Lanes, writer: Writer },
    /// PostgreSQL, or a database with its wire protocol.
    Postgres(postgres::Pool),
}

/// A handle to the database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
    metrics: Database,
    membership: Arc<Membership>,
    barrier: Arc<Barrier>,
}

impl Store {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://...`) with the limits of commands. Creates a missing
    /// SQLite file. Does not migrate.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        Self::open_with(url, &Setup::patient(max_connections)).await
    }

    /// Opens the database with the limits of a server.
    pub async fn open_with(url: &str, setup: &Setup) -> Result<Self, StoreError> {
        let metrics = Database::with(Statements::new(timing::labels()));
        let db = if url.starts_with("sqlite:") {
            sqlite::open(url, &metrics).await?
        } else {
            Db::Postgres(postgres::Pool::open(url, setup).await?)
        };
        let membership = Arc::new(Membership::new(matches!(db, Db::Sqlite { .. })));
        Ok(Self { db, metrics, membership, barrier: Arc::default() })
    }

    /// Returns the file of an SQLite URL; `None` for other engines.
    pub fn file_of(url: &str) -> Option<std::path::PathBuf> {
        let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok()).flatten()?;
        Some(options.get_filename().to_owned())
    }

    /// Takes a connection to read with. On SQLite it is read-only.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] after [`PATIENCE`].
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.db {
            Db::Sqlite { read, lanes, .. } => {
                let late = || StoreError::Unavailable("no connection became free in time".into());
                let turn = async { Ok((lanes.enter(Lane::current()).await?, read.take().await.ok_or_else(late)?)) };
                let turn = self.metrics.turn(timeout(PATIENCE, turn)).await;
                let (permit, connection) = turn.unwrap_or_else(|_| Err(late()))?;
                Tx::sqlite(connection, permit, self.metrics.statements.clone())
            }
            Db::Postgres(pool) => {
                // Boxed: otherwise every future that reads would be as large as this one, on SQLite too.
                let (held, permit) = Box::pin(self.metrics.turn(pool.acquire(Lane::current()))).await?;
                Tx::postgres(held, permit, pool.limit(), self.metrics.statements.clone())
            }
        })
    }

    /// Runs a job in a transaction. Returns when the commit is durable and, if the job revoked something, when every
    /// node has applied the revocation or polls the database before it answers.
    ///
    /// A job that returns an error is rolled back. The job may run again after a serialization failure, so it must wait
    /// for nothing but its own statements. Once started it runs to its end, even if the caller is dropped.
    ///
    /// # Errors
    /// The error of the job, or a converted [`StoreError`] if the queue is full, the wait too long or the commit
    /// failed.
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

    /// Runs a job as [`Self::write`] does, with data that the job borrows at each run.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn write_with<S, T, E, F>(&self, given: S, job: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t S, &'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        S: Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let shared = Arc::new((given, job));
        let written = self.write(move |tx| {
            let shared = shared.clone();
            Box::pin(async move {
                let (given, job) = &*shared;
                job(given, tx).await
            })
        });
        written.await
    }

    /// Returns the membership of this process in the cluster.
    pub fn membership(&self) -> &Membership {
        &self.membership
    }

    /// Returns the number of statements begun, without transaction control. For tests and metrics.
    pub fn statements(&self) -> u64 {
        self.metrics.statements.begun.get()
    }

    pub fn metrics(&self) -> &Database {
        &self.metrics
    }

    /// Returns the numbers of idle and of used connections. On SQLite these are the readers.
    pub fn connections(&self) -> (usize, usize) {
        let (size, idle) = match &self.db {
            Db::Sqlite { read, .. } => read.count(),
            Db::Postgres(pool) => pool.connections(),
        };
        (idle, size.saturating_sub(idle))
    }

    /// Runs one short query, within [`PATIENCE`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        tx.hurry();
        changes::last(&mut tx).await.map(|_| ())
    }

    /// Returns the time of the database server; `None` for SQLite, which uses the clock of this host.
    pub async fn time(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.db {
            Db::Sqlite { .. } => Ok(None),
            Db::Postgres(pool) => pool.time().await.map(Some),
        }
    }

    /// Returns true for SQLite, which the server migrates at start.
    pub fn is_embedded(&self) -> bool {
        matches!(self.db, Db::Sqlite { .. })
    }

    /// Applies the missing migrations and returns them.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if the database is newer than this binary, or an applied migration differs from it.
    pub async fn migrate(&self) -> Result<Migrated, StoreError> {
        migrations::run(&self.db).await
    }

    /// Fails for a database without any migration.
    pub async fn refuse_empty(&self) -> Result<(), StoreError> {
        migrations::refuse_empty(&self.db).await
    }

    /// Fails unless the schema is exactly that of this binary.
    pub async fn check_schema(&self) -> Result<(), StoreError> {
        migrations::check(&self.db).await
    }

    /// Fails unless every migration of this binary is applied. Newer ones are accepted: during a rolling upgrade the
    /// new version has migrated while old nodes still run.
    ///
    /// # Errors
    /// [`StoreError::Schema`] if one is missing, [`StoreError::Unavailable`] if the database does not answer.
    pub async fn check_applied(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        tx.hurry();
        migrations::check_applied(&mut tx, self.is_embedded()).await
    }

    /// Closes all connections after the pending writes.
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

/// Returns every statement that runs on both engines.
pub fn all_statements() -> Vec<&'static Statement> {
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
        device_authorizations::STATEMENTS,
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
        token_families::list::STATEMENTS,
        used_once::STATEMENTS,
        users::STATEMENTS,
        webhooks::STATEMENTS,
    ]
    .concat()
}
