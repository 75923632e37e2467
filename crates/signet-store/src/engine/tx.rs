//! A connection of either engine, and the macros that run one statement on both.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::embedded;
use super::lanes::Permit;
use super::postgres::{self, Held};
use super::statement::Statement;
use super::timing;
use crate::events::audit::{self, Pending};
use crate::metrics::Statements;
use crate::{ACQUIRE_TIMEOUT, StoreError};

/// A connection: a transaction if it comes from [`crate::Store::write`], else a reader outside of a transaction.
pub struct Tx {
    pub(crate) connection: Connection,
    /// Dropped after the connection, since fields drop in order.
    _permit: Permit,
    statements: Statements,
    may_retry: bool,
    wrote: bool,
    has_failed: bool,
    /// The last change that all nodes must acknowledge before `Store::write` returns.
    awaited: Option<i64>,
    /// Timeout of each statement.
    pub(crate) limit: Duration,
    /// Audit records, written when the job has succeeded.
    pub(crate) records: Vec<Pending>,
}

pub(crate) enum Connection {
    Sqlite(embedded::Held),
    Postgres(Held),
}

/// Result of a successful job.
pub(crate) struct Written<T> {
    pub(crate) value: T,
    /// The last change that all nodes must acknowledge.
    pub(crate) awaited: Option<i64>,
}

impl Tx {
    pub(crate) fn sqlite(connection: embedded::Held, permit: Permit, statements: Statements) -> Self {
        Self::new(Connection::Sqlite(connection), permit, Duration::MAX, statements)
    }

    pub(crate) fn postgres(held: Held, permit: Permit, limit: Duration, statements: Statements) -> Self {
        Self::new(Connection::Postgres(held), permit, limit, statements)
    }

    fn new(connection: Connection, permit: Permit, limit: Duration, statements: Statements) -> Self {
        Self {
            connection,
            _permit: permit,
            statements,
            may_retry: false,
            wrote: false,
            has_failed: false,
            awaited: None,
            limit,
            records: Vec::new(),
        }
    }

    /// Caps the timeout of each statement at [`ACQUIRE_TIMEOUT`], for callers that must notice a lost database soon.
    pub(crate) fn cap_timeout(&mut self) {
        self.limit = self.limit.min(ACQUIRE_TIMEOUT);
    }

    /// Counts a statement, notes whether it writes, and returns its start time.
    pub(crate) fn record_start(&mut self, statement: &Statement) -> Instant {
        self.statements.begun.inc();
        self.wrote |= statement.writes();
        Instant::now()
    }

    /// Counts the duration of a statement.
    pub(crate) fn record_end(&self, statement: &Statement, begun: Instant) {
        timing::observe(&self.statements, statement, begun.elapsed());
    }

    /// Returns true if a statement may have written since the last call.
    pub(crate) fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.wrote)
    }

    /// Records a failed statement: whether it was a serialization failure, and whether the connection is lost.
    pub(crate) fn record_failure(&mut self, error: &sqlx::Error) {
        // The engine may have rolled back.
        self.wrote = true;
        let code = error.as_database_error().and_then(|cause| cause.code());
        self.may_retry |= matches!(code.as_deref(), Some("40001" | "40P01"));
        self.has_failed = true;
        if let Connection::Postgres(held) = &mut self.connection {
            held.mark_if_lost(error);
        }
    }

    /// Records a failed statement on SQLite.
    pub(crate) fn record_embedded_failure(&mut self, _error: &rusqlite::Error) {
        // The engine may have rolled back.
        self.wrote = true;
        self.has_failed = true;
    }

    /// Returns true if a statement has failed in this transaction.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Returns true after a serialization failure or a deadlock, and clears the record of failures.
    pub(crate) fn take_may_retry(&mut self) -> bool {
        self.has_failed = false;
        std::mem::take(&mut self.may_retry)
    }

    /// Makes `Store::write` wait until all nodes have acknowledged this change.
    pub(crate) fn await_acknowledgment(&mut self, seq: i64) {
        self.awaited = self.awaited.max(Some(seq));
    }

    /// Runs a job and then writes its audit records. Last, so that the end of the audit chain is locked only for the
    /// commit, and always after all other locks.
    pub(crate) async fn complete<T, E, F>(&mut self, job: &F) -> Result<Written<T>, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        // From an attempt that failed.
        self.records.clear();
        self.awaited = None;
        let value = job(self).await?;
        audit::write_pending(self).await?;
        Ok(Written { value, awaited: self.awaited.take() })
    }

    /// Runs transaction control, which is not counted. After a failure the state of the connection is unknown.
    pub(crate) async fn control(&mut self, statement: &'static str) -> Result<(), StoreError> {
        let begun = Instant::now();
        let done = self.control_untimed(statement).await;
        timing::warn_if_slow(statement, begun.elapsed());
        done
    }

    async fn control_untimed(&mut self, statement: &'static str) -> Result<(), StoreError> {
        match &mut self.connection {
            Connection::Sqlite(held) => {
                let done = held.execute(statement, &[]);
                if let Err(error) = &done {
                    self.record_embedded_failure(error);
                }
                Ok(done.map(|_| ())?)
            }
            Connection::Postgres(held) => {
                let done = sqlx::query(statement).execute(&mut held.raw);
                let done = postgres::in_time(self.limit, done).await;
                if let Err(error) = &done {
                    self.record_failure(error);
                }
                Ok(done.map(|_| ())?)
            }
        }
    }
}

/// Runs and counts one statement on either engine.
macro_rules! run {
    ($tx:expr, $sql:expr, [$($bind:expr),*], $embedded:ident, $statement:expr, $fetch:ident, $read:expr) => {{
        let begun = $tx.record_start($sql);
        match &mut $tx.connection {
            $crate::engine::tx::Connection::Sqlite(held) => {
                let done = held.$embedded($sql.embedded, &[$(&$bind as &dyn rusqlite::ToSql),*]);
                $tx.record_end($sql, begun);
                if let Err(error) = &done {
                    $tx.record_embedded_failure(error);
                }
                done.map_err($crate::StoreError::from)
            }
            $crate::engine::tx::Connection::Postgres(held) => {
                let statement = $statement$(.bind($bind))*.$fetch(&mut held.raw);
                let done = $crate::engine::postgres::in_time($tx.limit, statement).await.map($read);
                $tx.record_end($sql, begun);
                if let Err(error) = &done {
                    $tx.record_failure(error);
                }
                done.map_err($crate::StoreError::from)
            }
        }
    }};
}

/// Runs a statement and returns the number of changed rows.
macro_rules! execute {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::engine::tx::run!(
            $tx, $sql, [$($bind),*], execute, sqlx::query($sql.text), execute, |done| done.rows_affected()
        )
    };
}

/// Runs a query for at most one row.
macro_rules! fetch_optional {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::engine::tx::run!(
            $tx, $sql, [$($bind),*], fetch_optional, sqlx::query_as($sql.text), fetch_optional, |rows| rows
        )
    };
}

/// Runs a query for exactly one row.
macro_rules! fetch_one {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::engine::tx::run!($tx, $sql, [$($bind),*], fetch_one, sqlx::query_as($sql.text), fetch_one, |rows| rows)
    };
}

/// Runs a query for all its rows.
macro_rules! fetch_all {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::engine::tx::run!($tx, $sql, [$($bind),*], fetch_all, sqlx::query_as($sql.text), fetch_all, |rows| rows)
    };
}

pub(crate) use {execute, fetch_all, fetch_one, fetch_optional, run};
