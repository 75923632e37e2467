//! PostgreSQL, or a database with its wire protocol: a pool that checks connections before use, a timeout on every
//! wait, and retries after serialization failures.

use std::io;
use std::panic::AssertUnwindSafe;
use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use deadpool::managed::{self, Manager, Metrics, Object, PoolError, RecycleError, RecycleResult};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use tokio::time::timeout;
use tracing::Instrument as _;

use super::lanes::{Lane, Lanes, Permit};
use super::tx::Written;
use crate::metrics::{Database, Statements, timed};
use crate::{ACQUIRE_TIMEOUT, LossyCommits, Setup, StoreError, Tx};
use signet_crypto::entropy::Entropy;
use signet_protocol::time::Timestamp;

/// Retries after serialization failures. If the database is serializable by default, only one of several concurrent
/// writes to one row succeeds per round, and twenty sign-ins conflict at the end of the audit chain.
const RETRIES: u32 = 12;
/// Doublings of the backoff, so that all pauses together take about two seconds.
const DOUBLINGS: u32 = 5;
/// Time added to the server's `statement_timeout` before a silent server counts as gone.
const GRACE: Duration = Duration::from_secs(1);
/// A connection used within this time is reused without a ping. Also the timeout of the ping.
const RECENT_USE: Duration = Duration::from_secs(1);
/// Maximum age of a connection, so that none to a replaced server stays forever.
const LIFETIME: Duration = Duration::from_secs(3600);
/// Settings that decide whether the server accepts writes and whether its commits are durable.
const SERVER_SETTINGS: &str = "SELECT current_setting('transaction_read_only'), current_setting('synchronous_commit'), \
     current_setting('fsync', true)";
/// The server's current time, rather than that of the start of the transaction.
const TIME: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

/// A connection taken from the pool.
pub(crate) type Held = Object<Connector>;

#[derive(Clone)]
pub(crate) struct Pool {
    connections: managed::Pool<Connector>,
    lanes: Lanes,
}

/// A connection with its state.
pub(crate) struct Session {
    pub(crate) raw: PgConnection,
    /// Value of `epochs` when it was opened.
    epoch: u64,
    epochs: Arc<Epochs>,
    /// Set after a failure that makes the connection unusable.
    is_broken: bool,
    /// Set while a transaction is open.
    is_open: bool,
}

/// Counter of lost connections. Connections opened before a loss are not reused, since they lead to the same server.
#[derive(Default)]
struct Epochs(AtomicU64);

impl Epochs {
    fn current(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Ends an epoch. Further losses in the same epoch have no effect.
    fn end(&self, epoch: u64) {
        let _ = self.0.compare_exchange(epoch, epoch.wrapping_add(1), Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Session {
    /// Marks the connection as broken if the error says so.
    pub(crate) fn mark_if_lost(&mut self, error: &sqlx::Error) {
        if is_loss(error) {
            self.distrust();
        }
    }

    fn distrust(&mut self) {
        self.is_broken = true;
        self.epochs.end(self.epoch);
    }
}

/// Returns true if the error means that the server is gone, shutting down, or no longer the primary.
fn is_loss(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(cause) => {
            let lost = ["08", "57P", "25006", "25P03"];
            cause.code().is_some_and(|code| lost.iter().any(|class| code.starts_with(class)))
        }
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => true,
        _ => false,
    }
}

/// Waits for an answer with a timeout: a server that is cut off sends none.
pub(crate) async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(limit, answer).await.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Opens connections, and checks each before reuse.
pub(crate) struct Connector {
    options: PgConnectOptions,
    lossy: LossyCommits,
    has_warned: AtomicBool,
    epochs: Arc<Epochs>,
    limit: Duration,
}

impl Manager for Connector {
    type Type = Session;
    type Error = StoreError;

    async fn create(&self) -> Result<Session, StoreError> {
        let epoch = self.epochs.current();
        let failed = |error: sqlx::Error| StoreError::Unavailable(error.to_string());
        // Boxed: otherwise every future that may open a connection would be 22 KiB larger.
        let opened = Box::pin(async {
            let mut raw = self.options.connect().await?;
            let settings = sqlx::query_as(SERVER_SETTINGS).persistent(false).fetch_one(&mut raw).await?;
            Ok((raw, settings))
        });
        let (raw, settings): (_, (String, String, Option<String>)) = opened.await.map_err(failed)?;
        self.check_settings(&settings)?;
        Ok(Session { raw, epoch, epochs: self.epochs.clone(), is_broken: false, is_open: false })
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<StoreError> {
        let unfit = || RecycleError::message("the connection is not reusable");
        let is_current = session.epoch == self.epochs.current();
        if session.is_broken || session.is_open || !is_current || metrics.age() > LIFETIME {
            return Err(unfit());
        }
        if metrics.last_used() < RECENT_USE
            || matches!(Box::pin(timeout(RECENT_USE, session.raw.ping())).await, Ok(Ok(())))
        {
            return Ok(());
        }
        session.distrust();
        Err(unfit())
    }
}

impl Connector {
    /// Fails for a server that is read-only, or whose commits may be lost.
    fn check_settings(&self, settings: &(String, String, Option<String>)) -> Result<(), StoreError> {
        let (read_only, synchronous_commit, fsync) = settings;
        if read_only == "on" {
            return Err(StoreError::Unavailable("the server is read-only: a standby, or a demoted primary".into()));
        }
        let lossy = match (synchronous_commit.as_str(), fsync.as_deref()) {
            ("off" | "local", _) => format!("synchronous_commit is {synchronous_commit}"),
            (_, Some("off")) => "fsync is off".to_owned(),
            _ => return Ok(()),
        };
        match self.lossy {
            LossyCommits::Refused => Err(StoreError::Schema(format!(
                "the database may lose committed data ({lossy}); turn it on, or set \
                 database.allow_lossy_commits = true"
            ))),
            LossyCommits::Warned => {
                if !self.has_warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(lossy, "the database may lose committed data");
                }
                Ok(())
            }
        }
    }
}

impl Pool {
    /// Opens a pool with one connection, so that errors appear at start.
    pub(crate) async fn open(url: &str, setup: &Setup) -> Result<Self, StoreError> {
        let connector = Connector {
            options: options(url, setup)?,
            lossy: setup.lossy_commits,
            has_warned: AtomicBool::new(false),
            epochs: Arc::default(),
            limit: setup.statement_timeout.saturating_add(GRACE),
        };
        let size = usize::try_from(setup.max_connections.max(1)).unwrap_or(1);
        let built = managed::Pool::builder(connector).max_size(size).queue_mode(managed::QueueMode::Lifo).build();
        let connections = built.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        let pool = Self { connections, lanes: Lanes::new(setup.max_connections, setup.reserved_connections) };
        drop(pool.acquire(Lane::Reserved).await?);
        Ok(pool)
    }

    /// Takes a connection and its permit.
    pub(crate) async fn acquire(&self, lane: Lane) -> Result<(Held, Permit), StoreError> {
        let turn = async {
            let permit = self.lanes.enter(lane).await?;
            match self.connections.get().await {
                Ok(held) => Ok((held, permit)),
                Err(PoolError::Backend(error)) => Err(error),
                Err(other) => Err(StoreError::Unavailable(other.to_string())),
            }
        };
        let late = || StoreError::Unavailable("no connection became free or could be opened in time".into());
        timeout(ACQUIRE_TIMEOUT, turn).await.unwrap_or_else(|_| Err(late()))
    }

    /// Returns the timeout of each statement.
    pub(crate) fn limit(&self) -> Duration {
        self.connections.manager().limit
    }

    /// Returns the time of the server.
    pub(crate) async fn time(&self) -> Result<Timestamp, StoreError> {
        let (mut held, _permit) = self.acquire(Lane::Reserved).await?;
        let query = sqlx::query_as(TIME).fetch_one(&mut held.raw);
        let answer: Result<(i64,), _> = in_time(self.limit().min(ACQUIRE_TIMEOUT), query).await;
        let (millis,) = answer.inspect_err(|error| held.mark_if_lost(error))?;
        Ok(Timestamp::from_millis(millis))
    }

    /// Opens a separate connection for a migration, which has no `statement_timeout`.
    pub(crate) async fn connect_for_migration(&self) -> Result<PgPool, sqlx::Error> {
        let options = self.connections.manager().options.clone();
        let patient = options.options([("statement_timeout", "0"), ("lock_timeout", "60s")]);
        PgPoolOptions::new().max_connections(1).connect_with(patient).await
    }

    /// Returns the numbers of all and of idle connections.
    pub(crate) fn connections(&self) -> (usize, usize) {
        let status = self.connections.status();
        (status.size, status.available)
    }

    pub(crate) fn close(&self) {
        self.connections.close();
    }
}

fn options(url: &str, setup: &Setup) -> Result<PgConnectOptions, StoreError> {
    let millis = |span: Duration| span.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)?.application_name("signet");
    // `Tx` times statements and logs slow ones on both engines.
    Ok(options.disable_statement_logging().options([
        ("statement_timeout", millis(setup.statement_timeout)),
        ("lock_timeout", millis(setup.lock_timeout)),
        ("idle_in_transaction_session_timeout", millis(setup.idle_in_transaction_timeout)),
        // So that the server closes the connections of a node that has vanished.
        ("tcp_keepalives_idle", "5".to_owned()),
        ("tcp_keepalives_interval", "2".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
    ]))
}

/// Runs a job in a transaction, with retries after serialization failures.
pub(crate) async fn write<T, E, F>(pool: Pool, metrics: Database, job: F) -> Result<Written<T>, E>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let lane = Lane::current();
    // In a separate task, so that the transaction ends properly if the caller is dropped.
    let work = async move {
        let mut tx = metrics.turn(begin(&pool, lane, &metrics.statements)).await?;
        let mut attempt = 0;
        loop {
            let outcome = timed(&metrics.write, transact(&mut tx, &job)).await;
            let has_met = outcome.is_err() && tx.take_may_retry();
            if has_met && attempt >= RETRIES {
                metrics.exhausted.inc();
            }
            if !has_met || attempt >= RETRIES {
                metrics.failures.inc_by(u64::from(tx.has_failed()));
                tx.end();
                return outcome;
            }
            attempt += 1;
            metrics.retries.inc();
            tokio::time::sleep(pause(attempt)).await;
            tx.begin().await?;
        }
    };
    tokio::spawn(work.in_current_span()).await.unwrap_or_else(|_| Err(broken_off().into()))
}

/// Begins a transaction. A dead connection fails here, before any work, so a second attempt is made on another one.
async fn begin(pool: &Pool, lane: Lane, statements: &Statements) -> Result<Tx, StoreError> {
    let mut is_second = false;
    loop {
        let (held, permit) = pool.acquire(lane).await?;
        let mut tx = Tx::postgres(held, permit, pool.limit(), statements.clone());
        match tx.begin().await {
            Ok(()) => return Ok(tx),
            Err(error) if is_second => return Err(error),
            Err(_) => is_second = true,
        }
    }
}

/// Runs the job in the current transaction, and ends that.
async fn transact<T, E, F>(tx: &mut Tx, job: &F) -> Result<Written<T>, E>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
    E: From<StoreError>,
{
    let outcome = match AssertUnwindSafe(tx.complete(job)).catch_unwind().await {
        // PostgreSQL answers COMMIT after a failed statement with a rollback instead of an error.
        Ok(Ok(_)) if tx.has_failed() => Err(StoreError::Unavailable("a statement of the write failed".into()).into()),
        Ok(outcome) => outcome,
        Err(_panic) => {
            tracing::error!("a write job panicked and was rolled back");
            Err(broken_off().into())
        }
    };
    let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
    if let Err(error) = tx.finish(end).await {
        // The outcome of the commit is unknown, so the result of the job must not be used.
        return Err(error.into());
    }
    outcome
}

fn broken_off() -> StoreError {
    StoreError::Unavailable("the write was aborted".into())
}

/// Backoff before another attempt: 5 to 10 ms at random, doubled up to five times, so that conflicting transactions
/// spread out.
fn pause(attempt: u32) -> Duration {
    let [spread] = Entropy::default().bytes::<1>().unwrap_or([128]);
    let micros = 5_000 + u64::from(spread) * 20;
    Duration::from_micros(micros << attempt.min(DOUBLINGS))
}

impl Tx {
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.set_open(true);
        self.control("BEGIN").await
    }

    async fn finish(&mut self, end: &'static str) -> Result<(), StoreError> {
        self.control(end).await?;
        self.set_open(false);
        Ok(())
    }

    fn set_open(&mut self, is_open: bool) {
        if let super::tx::Connection::Postgres(held) = &mut self.connection {
            held.is_open = is_open;
        }
    }

    /// Returns the connection to the pool. One that is broken or in a transaction is closed at once, since it may hold
    /// locks.
    fn end(self) {
        if let super::tx::Connection::Postgres(held) = self.connection
            && (held.is_open || held.is_broken)
        {
            drop(Object::take(held));
        }
    }
}
