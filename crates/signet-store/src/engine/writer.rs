//! The SQLite writer: one thread runs up to 64 jobs in one transaction and answers after the commit, so that many jobs
//! share one fsync and none waits for a lock. If a job fails after it has written, the batch is run again with a
//! savepoint per job.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::runtime::Handle;
use tokio::sync::Mutex as AsyncMutex;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

use super::embedded::Embedded;
use super::lanes::Lane;
use super::tx::Written;
use crate::metrics::{Database, timed};
use crate::{ACQUIRE_TIMEOUT, StoreError, Tx};

/// Limit of jobs in one transaction.
const BATCH: usize = 64;
/// Capacity of each queue; a write to a full queue fails as unavailable.
const QUEUE: usize = 4096;

/// A handle to the writer thread.
#[derive(Clone)]
pub(crate) struct Writer {
    jobs: mpsc::Sender<Job>,
    shared: mpsc::Sender<Job>,
    connection: Arc<AsyncMutex<Embedded>>,
    file: Arc<SqliteConnectOptions>,
}

/// Runs a job on a connection and returns true if it succeeded.
type Run = Box<dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, bool> + Send + Sync>;

/// A queued job with the function that answers its caller.
struct Job {
    run: Run,
    finish: Box<dyn FnOnce(Result<(), StoreError>) + Send + Sync>,
    queued: Instant,
}

impl Writer {
    /// Starts the thread, which ends when the last handle is dropped.
    pub(crate) fn start(
        connection: Embedded,
        file: SqliteConnectOptions,
        metrics: Database,
    ) -> Result<Self, StoreError> {
        let (jobs, first) = mpsc::channel(QUEUE);
        let (shared, second) = mpsc::channel(QUEUE);
        let connection = Arc::new(AsyncMutex::new(connection));
        let runtime = Handle::current();
        let worker = work(connection.clone(), metrics, Queues { first, second });
        let thread = std::thread::Builder::new().name("signet-writer".to_owned());
        let started = thread.spawn(move || runtime.block_on(worker));
        started.map_err(|error| StoreError::Unavailable(format!("the writer thread could not be started: {error}")))?;
        Ok(Self { jobs, shared, connection, file: Arc::new(file) })
    }

    pub(crate) async fn write<T, E, F>(&self, job: F) -> Result<Written<T>, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let slot = Arc::new(Mutex::new(None));
        let filled = slot.clone();
        let job = Arc::new(job);
        // Log lines of the job belong to the request's span.
        let span = tracing::Span::current();
        let job = Job {
            run: Box::new(move |tx| {
                let job = job.clone();
                let slot = slot.clone();
                let span = span.clone();
                Box::pin(async move {
                    // Discards the result of a run that was rolled back.
                    slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let result = tx.complete(&*job).instrument(span).await;
                    let succeeded = result.is_ok();
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    succeeded
                })
            }),
            finish: Box::new(move |end| {
                // The caller may be gone.
                let _ = answer.send(end);
            }),
            queued: Instant::now(),
        };
        let gone = || StoreError::Unavailable("the writer has stopped".into());
        let queue = match Lane::current() {
            Lane::Reserved => &self.jobs,
            Lane::Shared => &self.shared,
        };
        queue.try_send(job).map_err(|_| StoreError::Unavailable("the write queue is full".into()))?;
        outcome.await.map_err(|_| gone())??;
        let result = filled.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.unwrap_or_else(|| Err(gone().into()))
    }

    /// Opens a second connection, for migrations and copies.
    pub(crate) async fn open_separate(&self) -> Result<SqlitePool, sqlx::Error> {
        let one =
            SqlitePoolOptions::new().max_connections(1).acquire_timeout(ACQUIRE_TIMEOUT).test_before_acquire(false);
        one.connect_with(self.file.as_ref().clone()).await
    }

    /// Closes the connection after the current transaction.
    pub(crate) async fn close(&self) {
        self.connection.lock().await.close();
    }
}

/// The queues of the reserved and of the shared lane; `first` has priority.
struct Queues {
    first: mpsc::Receiver<Job>,
    second: mpsc::Receiver<Job>,
}

impl Queues {
    /// Waits for jobs and fills a batch. Returns 0 when all handles are dropped.
    async fn take(&mut self, batch: &mut Vec<Job>) -> usize {
        tokio::select! {
            biased;
            Some(job) = self.first.recv() => batch.push(job),
            Some(job) = self.second.recv() => batch.push(job),
            else => return 0,
        }
        while batch.len() < BATCH
            && let Ok(job) = self.first.try_recv().or_else(|_| self.second.try_recv())
        {
            batch.push(job);
        }
        batch.len()
    }
}

async fn work(connection: Arc<AsyncMutex<Embedded>>, metrics: Database, mut queues: Queues) {
    let mut batch = Vec::with_capacity(BATCH);
    while queues.take(&mut batch).await > 0 {
        let (current, late): (Vec<_>, Vec<_>) =
            batch.drain(..).partition(|job: &Job| job.queued.elapsed() < ACQUIRE_TIMEOUT);
        late.into_iter().for_each(|job| (job.finish)(Err(too_late())));
        if current.is_empty() {
            continue;
        }
        current.iter().for_each(|job| metrics.wait.observe(job.queued.elapsed().as_secs_f64()));
        metrics.batch.observe(f64::from(u32::try_from(current.len()).unwrap_or(u32::MAX)));
        let mut held = connection.clone().lock_owned().await;
        let written = match held.recover() {
            Ok(()) => {
                let mut tx = Tx::sqlite(held, None, metrics.statements.clone());
                timed(&metrics.write, write_batch(&mut tx, current)).await
            }
            Err(error) => Err(fail_all(current, &error.into())),
        };
        metrics.failures.inc_by(u64::from(written.is_err()));
    }
}

/// Runs the jobs in one transaction and answers their callers after the commit.
async fn write_batch(tx: &mut Tx, jobs: Vec<Job>) -> Result<(), Failed> {
    let end = match transact_all(tx, &jobs, Isolation::Shared).await {
        Ok(BatchOutcome::Done) => Ok(()),
        Ok(BatchOutcome::RolledBack) => transact_all(tx, &jobs, Isolation::Savepoint).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match end {
        Ok(()) => {
            jobs.into_iter().for_each(|job| (job.finish)(Ok(())));
            Ok(())
        }
        Err(error) => {
            // Fails if the engine has rolled back by itself, as on a full disk.
            let _ = tx.control("ROLLBACK").await;
            Err(fail_all(jobs, &error))
        }
    }
}

/// Isolation of the jobs of a batch from each other.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Isolation {
    /// None: two statements fewer per job, and few jobs fail after they have written.
    Shared,
    /// A savepoint per job, so that the writes of a failed job can be rolled back.
    Savepoint,
}

/// Outcome of a batch.
enum BatchOutcome {
    Done,
    /// A job failed after it had written. The batch was rolled back and must be run again.
    RolledBack,
}

/// Runs the jobs in one transaction, which may still be open after an error.
async fn transact_all(tx: &mut Tx, jobs: &[Job], isolation: Isolation) -> Result<BatchOutcome, StoreError> {
    tx.control("BEGIN IMMEDIATE").await?;
    for job in jobs {
        match isolation {
            Isolation::Savepoint => run_under_savepoint(tx, job).await?,
            Isolation::Shared => {
                tx.take_wrote();
                if !run_guarded(&job.run, tx).await && tx.take_wrote() {
                    tx.control("ROLLBACK").await?;
                    // A job alone in its batch has its result already.
                    return Ok(if jobs.len() == 1 { BatchOutcome::Done } else { BatchOutcome::RolledBack });
                }
            }
        }
    }
    tx.control("COMMIT").await.map(|()| BatchOutcome::Done)
}

/// Runs one job and rolls it back if it failed. After an error the whole transaction is invalid.
async fn run_under_savepoint(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    tx.control("SAVEPOINT job").await?;
    if !run_guarded(&job.run, tx).await {
        tx.control("ROLLBACK TO job").await?;
    }
    tx.control("RELEASE job").await
}

/// Runs a job. A panic counts as its failure.
async fn run_guarded(run: &Run, tx: &mut Tx) -> bool {
    AssertUnwindSafe(run(tx)).catch_unwind().await.unwrap_or_else(|panic| report(panic.as_ref()))
}

fn report(_panic: &(dyn Any + Send)) -> bool {
    tracing::error!("a write job panicked and was rolled back");
    false
}

/// A transaction has failed, and its callers were answered.
struct Failed;

fn fail_all(jobs: Vec<Job>, error: &StoreError) -> Failed {
    tracing::warn!(%error, jobs = jobs.len(), "a transaction failed");
    for job in jobs {
        (job.finish)(Err(StoreError::Unavailable(error.to_string())));
    }
    Failed
}

fn too_late() -> StoreError {
    StoreError::Unavailable("the write waited too long in the queue".into())
}
