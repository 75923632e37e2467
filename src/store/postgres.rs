//! PostgreSQL, or a database that speaks its protocol: connections that are judged before they are used, a bound on
//! everything that is waited for, and transactions that are run again where they met others.

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
use super::{LossyCommits, PATIENCE, Setup, StoreError, Tx};
use crate::entropy::Entropy;
use crate::protocol::time::Timestamp;
use crate::store::metrics::{Database, Statements, timed};

/// How often a job is run again after transactions met. Where the database is serializable by default, of those that write
/// one row at once only one gets through each time: twenty sign-ins meet at the end of the audit chain.
const RETRIES: u32 = 12;
/// How often the pause before that is doubled, so that all of them together take about two seconds.
const DOUBLINGS: u32 = 5;
/// How much longer than the server's own limit its answer is waited for. Who is silent beyond that is gone.
const GRACE: Duration = Duration::from_secs(1);
/// A connection that was used more lately than this is taken to be alive.
const LATELY: Duration = Duration::from_secs(1);
/// How long a connection is kept, so that those to a server that was replaced do not stay for ever.
const LIFETIME: Duration = Duration::from_secs(3600);
/// What a server must be to be written to, and what its word is worth.
const STANDING: &str = "SELECT current_setting('transaction_read_only'), current_setting('synchronous_commit'), \
     current_setting('fsync', true)";
/// What time it is, as the server that is written to tells it at this moment, not when a transaction began.
const TIME: &str = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)";

/// A connection that is lent out.
pub(super) type Held = Object<Connector>;

/// A pool of connections to one primary.
#[derive(Clone)]
pub(super) struct Pool {
    connections: managed::Pool<Connector>,
    lanes: Lanes,
}

/// A connection and what is known of it.
pub(super) struct Session {
    pub(super) raw: PgConnection,
    /// The epoch in which it was opened.
    epoch: u64,
    epochs: Arc<Epochs>,
    /// Whether it ended in the middle of something.
    is_broken: bool,
    /// Whether it is in a transaction.
    is_open: bool,
}

/// Counts how often a connection was lost. Those from before a loss are not trusted: they lead to the same server.
#[derive(Default)]
struct Epochs(AtomicU64);

impl Epochs {
    fn current(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// Ends an epoch, once, however many of its connections are lost.
    fn end(&self, epoch: u64) {
        let _ = self.0.compare_exchange(epoch, epoch.wrapping_add(1), Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Session {
    /// Judges the connection by a failure on it.
    pub(super) fn note(&mut self, error: &sqlx::Error) {
        if is_loss(error) {
            self.distrust();
        }
    }

    fn distrust(&mut self) {
        self.is_broken = true;
        self.epochs.end(self.epoch);
    }
}

/// Whether a failure says that the server at the other end is gone, going, or no longer the primary.
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

/// Waits for an answer for as long as a statement may take, and no longer: a server that is cut off says nothing.
pub(super) async fn in_time<T>(
    limit: Duration,
    answer: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    timeout(limit, answer).await.unwrap_or_else(|_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into())))
}

/// Opens connections, and looks at each before it is lent out.
pub(super) struct Connector {
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
        // Boxed: every future that may wait for a connection would have to hold all that it takes to open one, 22 KiB.
        let opened = Box::pin(async {
            let mut raw = self.options.connect().await?;
            let standing = sqlx::query_as(STANDING).persistent(false).fetch_one(&mut raw).await?;
            Ok((raw, standing))
        });
        let (raw, standing): (_, (String, String, Option<String>)) = opened.await.map_err(failed)?;
        self.judge(&standing)?;
        Ok(Session { raw, epoch, epochs: self.epochs.clone(), is_broken: false, is_open: false })
    }

    async fn recycle(&self, session: &mut Session, metrics: &Metrics) -> RecycleResult<StoreError> {
        let unfit = || RecycleError::message("not to be used again");
        let is_current = session.epoch == self.epochs.current();
        if session.is_broken || session.is_open || !is_current || metrics.age() > LIFETIME {
            return Err(unfit());
        }
        if metrics.last_used() < LATELY || matches!(Box::pin(timeout(LATELY, session.raw.ping())).await, Ok(Ok(()))) {
            return Ok(());
        }
        session.distrust();
        Err(unfit())
    }
}

impl Connector {
    /// Refuses a server that cannot be written to, or whose commits may be lost.
    fn judge(
        &self,
        (read_only, synchronous_commit, fsync): &(String, String, Option<String>),
    ) -> Result<(), StoreError> {
        if read_only == "on" {
            return Err(StoreError::Unavailable("it is read-only: a standby, or a primary that was demoted".into()));
        }
        let lossy = match (synchronous_commit.as_str(), fsync.as_deref()) {
            ("off" | "local", _) => format!("synchronous_commit is {synchronous_commit}"),
            (_, Some("off")) => "fsync is off".to_owned(),
            _ => return Ok(()),
        };
        match self.lossy {
            LossyCommits::Refused => Err(StoreError::Schema(format!(
                "the database may lose what it has committed ({lossy}); turn it on, or set \
                 database.allow_lossy_commits = true"
            ))),
            LossyCommits::Warned => {
                if !self.has_warned.swap(true, Ordering::Relaxed) {
                    tracing::warn!(lossy, "the database may lose what it has committed");
                }
                Ok(())
            }
        }
    }
}

impl Pool {
    /// Opens a pool, and one connection, so that what is wrong is said at once.
    pub(super) async fn open(url: &str, setup: &Setup) -> Result<Self, StoreError> {
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

    /// A connection, and the right to it.
    pub(super) async fn acquire(&self, lane: Lane) -> Result<(Held, Permit), StoreError> {
        let turn = async {
            let permit = self.lanes.enter(lane).await?;
            match self.connections.get().await {
                Ok(held) => Ok((held, permit)),
                Err(PoolError::Backend(error)) => Err(error),
                Err(other) => Err(StoreError::Unavailable(other.to_string())),
            }
        };
        let late = || StoreError::Unavailable("no connection was free, or could be opened, in time".into());
        timeout(PATIENCE, turn).await.unwrap_or_else(|_| Err(late()))
    }

    /// How long the answer to a statement is waited for.
    pub(super) fn limit(&self) -> Duration {
        self.connections.manager().limit
    }

    /// What time it is there.
    pub(super) async fn time(&self) -> Result<Timestamp, StoreError> {
        let (mut held, _permit) = self.acquire(Lane::Reserved).await?;
        let told = sqlx::query_as(TIME).fetch_one(&mut held.raw);
        let told: Result<(i64,), _> = in_time(self.limit().min(PATIENCE), told).await;
        let (millis,) = told.inspect_err(|error| held.note(error))?;
        Ok(Timestamp::from_millis(millis))
    }

    /// A connection of its own for a migration, which may take longer than any request.
    pub(super) async fn connect_patiently(&self) -> Result<PgPool, sqlx::Error> {
        let options = self.connections.manager().options.clone();
        let patient = options.options([("statement_timeout", "0"), ("lock_timeout", "60s")]);
        PgPoolOptions::new().max_connections(1).connect_with(patient).await
    }

    /// How many connections there are, and how many of them nobody uses.
    pub(super) fn connections(&self) -> (usize, usize) {
        let status = self.connections.status();
        (status.size, status.available)
    }

    pub(super) fn close(&self) {
        self.connections.close();
    }
}

fn options(url: &str, setup: &Setup) -> Result<PgConnectOptions, StoreError> {
    let millis = |span: Duration| span.as_millis().to_string();
    let options = PgConnectOptions::from_str(url)?.application_name("signet");
    // Statements are timed, and slow ones logged, by `Tx`, for both engines alike.
    Ok(options.disable_statement_logging().options([
        ("statement_timeout", millis(setup.statement_timeout)),
        ("lock_timeout", millis(setup.lock_timeout)),
        ("idle_in_transaction_session_timeout", millis(setup.idle_in_transaction_timeout)),
        // So that the server lets go of a node that has vanished.
        ("tcp_keepalives_idle", "5".to_owned()),
        ("tcp_keepalives_interval", "2".to_owned()),
        ("tcp_keepalives_count", "3".to_owned()),
    ]))
}

/// Runs a job in a transaction of its own, again where transactions met.
pub(super) async fn write<T, E, F>(pool: Pool, metrics: Database, job: F) -> Result<Written<T>, E>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let lane = Lane::current();
    // In a task of its own, so that the transaction ends properly though the caller goes away.
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

/// Begins a transaction. A connection that has died unnoticed fails here, where nothing has been done yet; then there
/// is a second try, and the pool opens another.
async fn begin(pool: &Pool, lane: Lane, statements: &Statements) -> Result<Tx, StoreError> {
    let mut is_second = false;
    loop {
        let mut tx = Tx::postgres(pool.acquire(lane).await?, pool.limit(), statements.clone());
        match tx.begin().await {
            Ok(()) => return Ok(tx),
            Err(error) if is_second => return Err(error),
            Err(_) => is_second = true,
        }
    }
}

/// Runs the job in the transaction that has begun, and ends it.
async fn transact<T, E, F>(tx: &mut Tx, job: &F) -> Result<Written<T>, E>
where
    F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
    E: From<StoreError>,
{
    let outcome = match AssertUnwindSafe(tx.complete(job)).catch_unwind().await {
        // PostgreSQL answers the COMMIT of a transaction in which a statement has failed with a rollback, and no error.
        Ok(Ok(_)) if tx.has_failed() => Err(StoreError::Unavailable("a statement of the write failed".into()).into()),
        Ok(outcome) => outcome,
        Err(_panic) => {
            tracing::error!("a write job panicked and was rolled back");
            Err(broken_off().into())
        }
    };
    let end = if outcome.is_ok() { "COMMIT" } else { "ROLLBACK" };
    if let Err(error) = tx.finish(end).await {
        // Of a commit nobody knows whether it came about, so nothing that hangs on it is given out.
        return Err(error.into());
    }
    outcome
}

fn broken_off() -> StoreError {
    StoreError::Unavailable("the write was broken off".into())
}

/// How long to wait before another attempt: between 5 and 10 ms, doubled up to five times, so that those who met part ways.
fn pause(attempt: u32) -> Duration {
    let [spread] = Entropy::default().bytes::<1>().unwrap_or([128]);
    let micros = 5_000 + u64::from(spread) * 20;
    Duration::from_micros(micros << attempt.min(DOUBLINGS))
}

impl Tx {
    /// Begins a transaction.
    async fn begin(&mut self) -> Result<(), StoreError> {
        self.set_open(true);
        self.control("BEGIN").await
    }

    /// Ends the transaction.
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

    /// Gives the connection back, or closes it at once where it is not fit for use: it may hold locks.
    fn end(self) {
        if let super::tx::Connection::Postgres(held) = self.connection
            && (held.is_open || held.is_broken)
        {
            drop(Object::take(held));
        }
    }
}
