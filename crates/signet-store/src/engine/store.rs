//! The handle to the database: reads, writes, migration, and the state of the process in the cluster.

use std::str::FromStr as _;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::sqlite::SqliteConnectOptions;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::db::Db;
use super::error::StoreError;
use super::lanes::Lane;
use super::migrations::{self, Migrated};
use super::setup::{ACQUIRE_TIMEOUT, Setup};
use super::tx::Tx;
use super::{postgres, sqlite, timing};
use crate::metrics::{Database, Statements};
use crate::node::barrier::{self, Barrier};
use crate::node::changes;
use crate::node::membership::Membership;
use signet_protocol::time::Timestamp;

/// A handle to the database. Clones share its connections.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Db,
    pub(crate) metrics: Database,
    pub(crate) membership: Arc<Membership>,
    pub(crate) barrier: Arc<Barrier>,
    /// The writes in progress, including those whose caller is gone.
    writes: TaskTracker,
}

impl Store {
    /// Opens the database at `url` (`sqlite://FILE` or `postgres://...`) with the limits of commands. Creates a missing
    /// SQLite file. Does not migrate.
    pub async fn open(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        Self::open_with(url, &Setup::for_commands(max_connections)).await
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
        let writes = TaskTracker::new();
        // A closed tracker still counts; `wait` returns only for a closed one.
        writes.close();
        Ok(Self { db, metrics, membership, barrier: Arc::default(), writes })
    }

    /// Returns the file of an SQLite URL; `None` for other engines.
    pub fn file_of(url: &str) -> Option<std::path::PathBuf> {
        let options = url.starts_with("sqlite:").then(|| SqliteConnectOptions::from_str(url).ok()).flatten()?;
        Some(options.get_filename().to_owned())
    }

    /// Takes a connection to read with. On SQLite it is read-only. Returns [`StoreError::Unavailable`] after
    /// [`ACQUIRE_TIMEOUT`].
    pub async fn read(&self) -> Result<Tx, StoreError> {
        Ok(match &self.db {
            Db::Sqlite { read, lanes, .. } => {
                let late = || StoreError::Unavailable("no connection became free in time".into());
                let turn = async { Ok((lanes.enter(Lane::current()).await?, read.take().await.ok_or_else(late)?)) };
                let turn = self.metrics.turn(timeout(ACQUIRE_TIMEOUT, turn)).await;
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
        let job = tracked(self.writes.token(), job);
        let written = match &self.db {
            Db::Sqlite { writer, .. } => writer.write(job).await?,
            Db::Postgres(pool) => postgres::write(pool.clone(), self.metrics.clone(), job).await?,
        };
        if let Some(seq) = written.awaited {
            barrier::wait_for_nodes(self, seq).await;
        }
        Ok(written.value)
    }

    /// Runs a job as [`Self::write`] does, with data that the job borrows at each run.
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

    /// Runs one short query, within [`ACQUIRE_TIMEOUT`].
    pub async fn ping(&self) -> Result<(), StoreError> {
        let mut tx = self.read().await?;
        tx.cap_timeout();
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
        tx.cap_timeout();
        migrations::check_applied(&mut tx, self.is_embedded()).await
    }

    /// Waits until no write is in progress. A write runs to its end even if its caller is gone.
    pub async fn settled(&self) {
        self.writes.wait().await;
    }

    /// Closes all connections after the pending writes.
    pub async fn close(&self) {
        self.settled().await;
        match &self.db {
            Db::Sqlite { read, writer, .. } => {
                writer.close().await;
                read.close().await;
            }
            Db::Postgres(pool) => pool.close(),
        }
    }
}

/// Counts a job as a write in progress until it is dropped: after its last run.
fn tracked<T, E, F>(
    token: TaskTrackerToken,
    job: F,
) -> impl for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
{
    move |tx| {
        let _in_progress = &token;
        job(tx)
    }
}
