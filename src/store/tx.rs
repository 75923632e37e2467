//! A connection of either engine, and the macros by which a statement is written once for both.

use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use super::audit::{self, Pending};
use super::embedded;
use super::lanes::Permit;
use super::postgres::{self, Held};
use super::timing::{self, CallSite};
use super::{PATIENCE, StoreError};
use crate::store::metrics::Statements;

/// A connection: a transaction where it was given by [`super::Store::write`], else a reader.
pub struct Tx {
    pub(super) connection: Connection,
    /// Given back after the connection.
    _permit: Permit,
    statements: Statements,
    may_retry: bool,
    wrote: bool,
    has_failed: bool,
    /// The last change of which all nodes have to hear before the write is answered.
    heard: Option<i64>,
    /// How long the answer to a statement is waited for.
    pub(super) limit: Duration,
    /// Audit records that are written when the job has ended well.
    pub(super) records: Vec<Pending>,
}

pub(super) enum Connection {
    Sqlite(embedded::Held),
    Postgres(Held),
}

/// Result of a job.
pub(super) struct Written<T> {
    /// The value that it returned.
    pub(super) value: T,
    /// The change that all nodes must acknowledge, if any.
    pub(super) heard: Option<i64>,
}

impl Tx {
    pub(super) fn sqlite(connection: embedded::Held, permit: Permit, statements: Statements) -> Self {
        Self::new((Connection::Sqlite(connection), permit), Duration::MAX, statements)
    }

    pub(super) fn postgres((held, permit): (Held, Permit), limit: Duration, statements: Statements) -> Self {
        Self::new((Connection::Postgres(held), permit), limit, statements)
    }

    fn new((connection, permit): (Connection, Permit), limit: Duration, statements: Statements) -> Self {
        Self {
            connection,
            _permit: permit,
            statements,
            may_retry: false,
            wrote: false,
            has_failed: false,
            heard: None,
            limit,
            records: Vec::new(),
        }
    }

    /// Waits for no answer longer than for a connection: for those who would rather know that the database is gone.
    pub(super) fn hurry(&mut self) {
        self.limit = self.limit.min(PATIENCE);
    }

    /// Counts a statement, notes whether it writes, and returns its start time.
    pub(super) fn note_run(&mut self, sql: &str) -> Instant {
        self.statements.begun.inc();
        self.wrote |= !sql.starts_with("SELECT ");
        Instant::now()
    }

    /// Counts how long a statement took.
    pub(super) fn note_ran(&self, site: &CallSite, sql: &'static str, begun: Instant) {
        site.observe(&self.statements, sql, begun.elapsed());
    }

    /// Whether something may have been written since this was last asked.
    pub(super) fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.wrote)
    }

    /// Remembers that a statement failed, whether because transactions met, and what that says of the connection.
    pub(super) fn note(&mut self, error: &sqlx::Error) {
        // An engine may end the transaction by itself.
        self.wrote = true;
        let code = error.as_database_error().and_then(|cause| cause.code());
        self.may_retry |= matches!(code.as_deref(), Some("40001" | "40P01"));
        self.has_failed = true;
        if let Connection::Postgres(held) = &mut self.connection {
            held.note(error);
        }
    }

    /// Remembers that a statement of an embedded database failed.
    pub(super) fn note_embedded(&mut self, _error: &rusqlite::Error) {
        // An engine may end the transaction by itself.
        self.wrote = true;
        self.has_failed = true;
    }

    /// Whether a statement has failed since the transaction began.
    pub(super) fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// Whether the failure was one after which the job may be run again; asking resets it.
    pub(super) fn take_may_retry(&mut self) -> bool {
        self.has_failed = false;
        std::mem::take(&mut self.may_retry)
    }

    /// Delays the answer until all nodes have acknowledged this change.
    pub(super) fn must_be_heard(&mut self, seq: i64) {
        self.heard = self.heard.max(Some(seq));
    }

    /// Runs a job, and then writes the audit records that it has left: last, so that the end of the audit chain is
    /// locked for no longer than the commit takes, and always in the same order with other locks.
    pub(super) async fn complete<T, E, F>(&mut self, job: &F) -> Result<Written<T>, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        // Those of a job that was broken off.
        self.records.clear();
        self.heard = None;
        let value = job(self).await?;
        audit::write_pending(self).await?;
        Ok(Written { value, heard: self.heard.take() })
    }

    /// Runs transaction control, which is not counted. Where it fails, nobody knows in which state the connection is.
    pub(super) async fn control(&mut self, statement: &'static str) -> Result<(), StoreError> {
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
                    self.note_embedded(error);
                }
                Ok(done.map(|_| ())?)
            }
            Connection::Postgres(held) => {
                let done = sqlx::query(statement).execute(&mut held.raw);
                let done = postgres::in_time(self.limit, done).await;
                if let Err(error) = &done {
                    self.note(error);
                }
                Ok(done.map(|_| ())?)
            }
        }
    }
}

/// Runs one statement on the connection of a [`Tx`], written once for both engines, and counts it.
macro_rules! run {
    ($tx:expr, $sql:expr, [$($bind:expr),*], $embedded:ident, $statement:expr, $fetch:ident, $read:expr) => {{
        static SITE: $crate::store::timing::CallSite = $crate::store::timing::CallSite::new();
        let begun = $tx.note_run($sql);
        match &mut $tx.connection {
            $crate::store::tx::Connection::Sqlite(held) => {
                let done = held.$embedded($sql, &[$(&$bind as &dyn rusqlite::ToSql),*]);
                $tx.note_ran(&SITE, $sql, begun);
                if let Err(error) = &done {
                    $tx.note_embedded(error);
                }
                done.map_err($crate::store::StoreError::from)
            }
            $crate::store::tx::Connection::Postgres(held) => {
                let statement = $statement$(.bind($bind))*.$fetch(&mut held.raw);
                let done = $crate::store::postgres::in_time($tx.limit, statement).await.map($read);
                $tx.note_ran(&SITE, $sql, begun);
                if let Err(error) = &done {
                    $tx.note(error);
                }
                done.map_err($crate::store::StoreError::from)
            }
        }
    }};
}

/// Runs a statement with these parameters; how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!(
            $tx, $sql, [$($bind),*], execute, sqlx::query($sql), execute, |done| done.rows_affected()
        )
    };
}

/// Runs a query with these parameters for at most one row.
macro_rules! fetch_optional {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!(
            $tx, $sql, [$($bind),*], fetch_optional, sqlx::query_as($sql), fetch_optional, |rows| rows
        )
    };
}

/// Runs a query with these parameters for exactly one row.
macro_rules! fetch_one {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!($tx, $sql, [$($bind),*], fetch_one, sqlx::query_as($sql), fetch_one, |rows| rows)
    };
}

/// Runs a query with these parameters for all its rows.
macro_rules! fetch_all {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!($tx, $sql, [$($bind),*], fetch_all, sqlx::query_as($sql), fetch_all, |rows| rows)
    };
}

/// Declares the statements of a file: a constant each, and the list that the contract test describes.
macro_rules! statements {
    ($($name:ident = $sql:expr;)*) => {
        $(const $name: &str = $sql;)*
        /// The statements of this file with their names.
        pub const STATEMENTS: &[(&str, &str)] = &[$((concat!(module_path!(), "::", stringify!($name)), $name)),*];
    };
}

pub(super) use {execute, fetch_all, fetch_one, fetch_optional, run, statements};
