//! Writing on SQLite: one thread takes up to 64 jobs into one transaction and answers after the commit: one fsync for
//! many, and no job waits on a lock. Where one of them fails after it has written, all are run again, each under its own
//! savepoint.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tokio::runtime::Handle;
use tokio::sync::Mutex as Turn;
use tokio::sync::{mpsc, oneshot};
use tracing::Instrument as _;

use super::embedded::Embedded;
use super::lanes::Lane;
use super::tx::Written;
use super::{PATIENCE, StoreError, Tx};
use crate::store::metrics::{Database, timed};

/// The most jobs in one transaction.
const BATCH: usize = 64;
/// The most jobs that wait; more are told to come again.
const QUEUE: usize = 4096;

/// The way to the thread that writes.
#[derive(Clone)]
pub(super) struct Writer {
    jobs: mpsc::Sender<Job>,
    shared: mpsc::Sender<Job>,
    connection: Arc<Turn<Embedded>>,
    file: Arc<SqliteConnectOptions>,
}

/// Runs a job over a connection; whether it succeeded.
type Run = Box<dyn for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, bool> + Send + Sync>;

/// One job and what follows from its end.
struct Job {
    run: Run,
    finish: Box<dyn FnOnce(Result<(), StoreError>) + Send + Sync>,
    queued: Instant,
}

impl Writer {
    /// Starts the thread, which ends when nobody is left who could write.
    pub(super) fn start(
        (connection, file): (Embedded, SqliteConnectOptions),
        metrics: Database,
    ) -> Result<Self, StoreError> {
        let ((jobs, first), (shared, second)) = (mpsc::channel(QUEUE), mpsc::channel(QUEUE));
        let (connection, runtime) = (Arc::new(Turn::new(connection)), Handle::current());
        let worker = work(connection.clone(), metrics, Queues { first, second });
        let thread = std::thread::Builder::new().name("signet-writer".to_owned());
        let started = thread.spawn(move || runtime.block_on(worker));
        started.map_err(|error| StoreError::Unavailable(format!("no thread to write with: {error}")))?;
        Ok(Self { jobs, shared, connection, file: Arc::new(file) })
    }

    pub(super) async fn write<T, E, F>(&self, job: F) -> Result<Written<T>, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>> + Send + Sync + 'static,
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let (answer, outcome) = oneshot::channel();
        let slot = Arc::new(Mutex::new(None));
        let filled = slot.clone();
        let job = Arc::new(job);
        // What the job logs belongs to the request that wants it.
        let span = tracing::Span::current();
        let job = Job {
            run: Box::new(move |tx| {
                let (job, slot, span) = (job.clone(), slot.clone(), span.clone());
                Box::pin(async move {
                    // What a run that was taken back has answered is no answer.
                    slot.lock().unwrap_or_else(PoisonError::into_inner).take();
                    let result = tx.complete(&*job).instrument(span).await;
                    let succeeded = result.is_ok();
                    *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
                    succeeded
                })
            }),
            finish: Box::new(move |end| {
                // A caller that went away takes no answer.
                let _ = answer.send(end);
            }),
            queued: Instant::now(),
        };
        let gone = || StoreError::Unavailable("the writer has stopped".into());
        let queue = match Lane::current() {
            Lane::Reserved => &self.jobs,
            Lane::Shared => &self.shared,
        };
        queue.try_send(job).map_err(|_| StoreError::Unavailable("too many writes are waiting".into()))?;
        outcome.await.map_err(|_| gone())??;
        let result = filled.lock().unwrap_or_else(PoisonError::into_inner).take();
        result.unwrap_or_else(|| Err(gone().into()))
    }

    /// A connection beside the one that writes, for what is done once: migrations and copies.
    pub(super) async fn apart(&self) -> Result<SqlitePool, sqlx::Error> {
        let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).test_before_acquire(false);
        one.connect_with(self.file.as_ref().clone()).await
    }

    /// Closes the connection after the transaction that is open.
    pub(super) async fn close(&self) {
        self.connection.lock().await.close();
    }
}

/// What waits: the reserved lane first, then the shared one.
struct Queues {
    first: mpsc::Receiver<Job>,
    second: mpsc::Receiver<Job>,
}

impl Queues {
    /// Takes what fits into a batch; nothing when the store is gone.
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

async fn work(connection: Arc<Turn<Embedded>>, metrics: Database, mut queues: Queues) {
    let mut batch = Vec::with_capacity(BATCH);
    while queues.take(&mut batch).await > 0 {
        let (current, late): (Vec<_>, Vec<_>) = batch.drain(..).partition(|job: &Job| job.queued.elapsed() < PATIENCE);
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

/// Runs the jobs in one transaction and answers each after the commit.
async fn write_batch(tx: &mut Tx, jobs: Vec<Job>) -> Result<(), Failed> {
    let end = match transact_all(tx, &jobs, Footing::Common).await {
        Ok(Together::Done) => Ok(()),
        Ok(Together::Spoiled) => transact_all(tx, &jobs, Footing::Own).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match end {
        Ok(()) => {
            jobs.into_iter().for_each(|job| (job.finish)(Ok(())));
            Ok(())
        }
        Err(error) => {
            // The engine may have rolled back by itself, as on a full disk; then there is nothing left to roll back.
            let _ = tx.control("ROLLBACK").await;
            Err(fail_all(jobs, &error))
        }
    }
}

/// What the jobs of a transaction stand on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Footing {
    /// The transaction alone: two statements less a job, and hardly any fails after it has written.
    Common,
    /// A savepoint each, so that what a failed one has written can be taken back.
    Own,
}

/// What has become of jobs in one transaction.
enum Together {
    Done,
    /// One failed after it had written; all was rolled back, and the others are to be run again.
    Spoiled,
}

/// Runs the jobs in one transaction. After an error it may still be open.
async fn transact_all(tx: &mut Tx, jobs: &[Job], footing: Footing) -> Result<Together, StoreError> {
    tx.control("BEGIN IMMEDIATE").await?;
    for job in jobs {
        match footing {
            Footing::Own => run_under_savepoint(tx, job).await?,
            Footing::Common => {
                tx.take_wrote();
                if !run_guarded(&job.run, tx).await && tx.take_wrote() {
                    tx.control("ROLLBACK").await?;
                    // With nobody beside it, it has got its answer.
                    return Ok(if jobs.len() == 1 { Together::Done } else { Together::Spoiled });
                }
            }
        }
    }
    tx.control("COMMIT").await.map(|()| Together::Done)
}

/// Runs one job; what it wrote stays only where it succeeded. An error here spoils the whole transaction.
async fn run_under_savepoint(tx: &mut Tx, job: &Job) -> Result<(), StoreError> {
    tx.control("SAVEPOINT job").await?;
    if !run_guarded(&job.run, tx).await {
        tx.control("ROLLBACK TO job").await?;
    }
    tx.control("RELEASE job").await
}

/// Runs a job; a panic in it is a failure of this job only.
async fn run_guarded(run: &Run, tx: &mut Tx) -> bool {
    AssertUnwindSafe(run(tx)).catch_unwind().await.unwrap_or_else(|panic| report(panic.as_ref()))
}

fn report(_panic: &(dyn Any + Send)) -> bool {
    tracing::error!("a write job panicked and was rolled back");
    false
}

/// A transaction has failed; those who wait for it have been told.
struct Failed;

fn fail_all(jobs: Vec<Job>, error: &StoreError) -> Failed {
    tracing::warn!(%error, jobs = jobs.len(), "a transaction failed");
    for job in jobs {
        (job.finish)(Err(StoreError::Unavailable(error.to_string())));
    }
    Failed
}

fn too_late() -> StoreError {
    StoreError::Unavailable("the write had no turn in time".into())
}
