//! Metrics of the database, the password hashing pool and the process, which update them themselves.

use std::sync::atomic::Ordering;

use super::register::Register;
use super::{Counter, Gauge, Histogram, Seconds, SecondsTotal};
use signet_protocol::time::Timestamp;
use signet_store::metrics::{Database, STEP_SECONDS, measured_wait};

/// Registers the metrics of the database.
pub(super) fn enter_database(database: &Database, register: &mut Register) {
    let Database {
        wait,
        waiting,
        write,
        batch,
        failures,
        retries,
        exhausted,
        acknowledgment,
        missed,
        nodes,
        statements,
    } = database.clone();
    register.add(
        "signet_database_wait_duration_seconds",
        "Wait of a read for a connection, or of a write for its turn",
        wait,
    );
    register.add("signet_database_waiting", "Reads and writes that wait for a connection or a turn", waiting);
    register.add(
        "signet_database_write_duration_seconds",
        "Duration of a transaction, including the durable commit",
        write,
    );
    register.add("signet_database_write_batch_jobs", "Jobs per transaction of an embedded database", batch);
    register.add("signet_database_write_failures_total", "Failed transactions", failures);
    register.add(
        "signet_database_write_retries_total",
        "Transactions retried after a serialization failure, on PostgreSQL",
        retries,
    );
    register.add(
        "signet_database_statements_total",
        "Statements, without transaction control",
        statements.begun.clone(),
    );
    register.add("signet_database_statement_duration_seconds", "Duration of a statement, by its name", statements);
    register.add(
        "signet_database_write_retries_exhausted_total",
        "Transactions abandoned after all retries, on PostgreSQL",
        exhausted,
    );
    register.add(
        "signet_revocation_wait_seconds",
        "Time that a revocation waited until every node had acknowledged it",
        acknowledgment,
    );
    register.add(
        "signet_nodes_missed_total",
        "Nodes that did not acknowledge a revocation in time; each checks with the database until it has caught up",
        missed,
    );
    register.add("signet_nodes", "Registered nodes, as this node last read them", nodes);
}

/// Metrics of the password hashing pool.
#[derive(Clone, Debug)]
pub struct Hashing {
    wait: Histogram,
    waiting: Gauge,
    /// The duration of a hash.
    pub work: Histogram,
    /// Requests that found the queue full.
    pub refused: Counter,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            wait: Histogram::new(STEP_SECONDS),
            waiting: Gauge::default(),
            work: Histogram::new(STEP_SECONDS),
            refused: Counter::default(),
        }
    }
}

impl Hashing {
    /// Waits for a worker and records the wait.
    pub async fn turn<T>(&self, turn: impl Future<Output = T>) -> T {
        measured_wait(&self.wait, &self.waiting, turn).await
    }

    pub(super) fn enter(&self, register: &mut Register) {
        let Self { wait, waiting, work, refused } = self.clone();
        register.add("signet_password_hash_wait_seconds", "Wait of a password for a worker", wait);
        register.add("signet_password_hash_queue", "Passwords that wait for a worker", waiting);
        register.add("signet_password_hash_duration_seconds", "Duration of a password hash", work);
        register.add("signet_password_hash_refusals_total", "Passwords refused because the queue was full", refused);
    }
}

/// Statistics of this process from the operating system, under the names common to Prometheus clients.
#[derive(Clone, Debug, Default)]
pub struct Process {
    resident: Gauge,
    cpu: SecondsTotal,
    threads: Gauge,
    open_files: Gauge,
    max_files: Gauge,
    started: Seconds,
}

impl Process {
    pub(super) fn enter(register: &mut Register) -> Self {
        let process = Self::default();
        let Self { resident, cpu, threads, open_files, max_files, started } = process.clone();
        register.add("process_resident_memory_bytes", "Resident memory", resident);
        register.add("process_cpu_seconds_total", "User and system CPU time", cpu);
        register.add("process_threads", "Threads", threads);
        register.add("process_open_fds", "Open files and sockets", open_files);
        register.add("process_max_fds", "Maximum number of open files and sockets", max_files);
        register.add("process_start_time_seconds", "Start time since the Unix epoch", started);
        process
    }

    /// Records the start time of the server.
    pub fn set_started(&self, now: Timestamp) {
        #[expect(clippy::cast_precision_loss, reason = "a float is what the exposition has")]
        self.started.set(now.as_millis() as f64 / 1000.0);
    }

    /// Reads the statistics; unavailable ones keep their value.
    #[cfg(target_os = "linux")]
    pub fn sample(&self) {
        use procfs::WithCurrentSystemInfo as _;
        let Ok(process) = procfs::process::Process::myself() else { return };
        if let Ok(stat) = process.stat() {
            self.resident.set(i64::try_from(stat.rss_bytes().get()).unwrap_or(i64::MAX));
            #[expect(clippy::cast_precision_loss, reason = "a float is what the exposition has")]
            let seconds = (stat.utime + stat.stime) as f64 / procfs::ticks_per_second() as f64;
            self.cpu.inner().store(seconds.to_bits(), Ordering::Relaxed);
            self.threads.set(stat.num_threads);
        }
        if let Ok(open) = process.fd_count() {
            self.open_files.set(i64::try_from(open).unwrap_or(i64::MAX));
        }
        if let Ok(limits) = process.limits()
            && let procfs::process::LimitValue::Value(most) = limits.max_open_files.soft_limit
        {
            self.max_files.set(i64::try_from(most).unwrap_or(i64::MAX));
        }
    }

    /// Not available on other systems.
    #[cfg(not(target_os = "linux"))]
    pub fn sample(&self) {}
}
