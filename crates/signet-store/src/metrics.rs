//! Metrics of the store: durations and waits of transactions and statements. Their exported names are registered in
//! `metrics`.

mod statements;

pub use self::statements::{Statement, Statements};

use std::time::Instant;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

/// The bounds of histograms of waits and of transactions, in seconds.
pub const STEP_SECONDS: [f64; 12] = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5];

/// Runs `work` and observes its duration. Work that is cancelled is not observed.
pub async fn timed<T>(histogram: &Histogram, work: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let done = work.await;
    histogram.observe(begun.elapsed().as_secs_f64());
    done
}

/// Waits for `turn`; `waiting` counts the waiters, and `wait` observes the duration.
pub async fn measured_wait<T>(wait: &Histogram, waiting: &Gauge, turn: impl Future<Output = T>) -> T {
    let _waiting = Waiting::begin(waiting);
    timed(wait, turn).await
}

/// Counts a waiter until it is dropped.
struct Waiting<'a>(&'a Gauge);

impl<'a> Waiting<'a> {
    fn begin(gauge: &'a Gauge) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Metrics of the database.
#[derive(Clone, Debug)]
pub struct Database {
    /// The wait of a read for a connection, or of a write for its turn.
    pub wait: Histogram,
    /// Reads and writes that wait.
    pub waiting: Gauge,
    /// The duration of a transaction, including the durable commit.
    pub write: Histogram,
    /// The number of jobs per transaction.
    pub batch: Histogram,
    pub failures: Counter,
    /// Transactions that were retried.
    pub retries: Counter,
    pub statements: Statements,
    /// Transactions abandoned after all retries.
    pub exhausted: Counter,
    /// The wait until all nodes have acknowledged a revocation.
    pub acknowledgment: Histogram,
    /// Nodes that did not acknowledge a revocation in time.
    pub missed: Counter,
    pub nodes: Gauge,
}

impl Default for Database {
    fn default() -> Self {
        Self {
            wait: Histogram::new(STEP_SECONDS),
            waiting: Gauge::default(),
            write: Histogram::new(STEP_SECONDS),
            batch: Histogram::new([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]),
            failures: Counter::default(),
            retries: Counter::default(),
            statements: Statements::default(),
            exhausted: Counter::default(),
            acknowledgment: Histogram::new(STEP_SECONDS),
            missed: Counter::default(),
            nodes: Gauge::default(),
        }
    }
}

impl Database {
    /// Creates the metrics of a database with these statements.
    pub fn with(statements: Statements) -> Self {
        Self { statements, ..Self::default() }
    }

    /// Waits for a connection or for the writer, and measures the wait.
    pub async fn turn<T>(&self, turn: impl Future<Output = T>) -> T {
        measured_wait(&self.wait, &self.waiting, turn).await
    }
}
