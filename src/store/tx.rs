//! A connection of either engine, and the macros by which a statement is written once for both.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::BoxFuture;
use sqlx::pool::PoolConnection;
use sqlx::{Postgres, Sqlite};

use super::StoreError;
use super::audit::{self, Pending};

/// A connection: a transaction where it was given by [`super::Store::write`], else a reader.
pub struct Tx {
    pub(super) connection: Connection,
    statements: Arc<AtomicU64>,
    may_retry: bool,
    wrote: bool,
    /// Audit records that are written when the job has ended well.
    pub(super) records: Vec<Pending>,
}

pub(super) enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Tx {
    pub(super) fn sqlite(connection: PoolConnection<Sqlite>, statements: Arc<AtomicU64>) -> Self {
        Self {
            connection: Connection::Sqlite(connection),
            statements,
            may_retry: false,
            wrote: false,
            records: Vec::new(),
        }
    }

    pub(super) fn postgres(connection: PoolConnection<Postgres>, statements: Arc<AtomicU64>) -> Self {
        Self {
            connection: Connection::Postgres(connection),
            statements,
            may_retry: false,
            wrote: false,
            records: Vec::new(),
        }
    }

    /// Counts a statement that is about to be run, and notes whether it may write.
    pub(super) fn note_run(&mut self, sql: &str) {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.wrote |= !sql.starts_with("SELECT ");
    }

    /// Whether something may have been written since this was last asked.
    pub(super) fn take_wrote(&mut self) -> bool {
        std::mem::take(&mut self.wrote)
    }

    /// Remembers whether a statement failed because transactions met, in which case the job may be run again.
    pub(super) fn note(&mut self, error: &sqlx::Error) {
        // An engine may end the transaction by itself.
        self.wrote = true;
        let code = error.as_database_error().and_then(|cause| cause.code());
        self.may_retry |= matches!(code.as_deref(), Some("40001" | "40P01"));
    }

    /// Whether the failure was one after which the job may be run again; asking resets it.
    pub(super) fn take_may_retry(&mut self) -> bool {
        std::mem::take(&mut self.may_retry)
    }

    /// Runs a job, and then writes the audit records that it has left: last, so that the end of the audit chain is
    /// locked for no longer than the commit takes, and always in the same order with other locks.
    pub(super) async fn complete<T, E, F>(&mut self, job: &F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> BoxFuture<'t, Result<T, E>>,
        E: From<StoreError>,
    {
        // Those of a job that was broken off.
        self.records.clear();
        let value = job(self).await?;
        audit::write_pending(self).await?;
        Ok(value)
    }

    /// Closes the connection when it is given back, since nobody knows in which state it is.
    pub(super) fn distrust(&mut self) {
        match &mut self.connection {
            Connection::Sqlite(connection) => connection.close_on_drop(),
            Connection::Postgres(connection) => connection.close_on_drop(),
        }
    }

    /// Runs transaction control, which is not counted.
    pub(super) async fn control(&mut self, statement: &'static str) -> Result<(), sqlx::Error> {
        let done = match &mut self.connection {
            Connection::Sqlite(c) => sqlx::query(statement).execute(&mut **c).await.map(|_| ()),
            Connection::Postgres(c) => sqlx::query(statement).execute(&mut **c).await.map(|_| ()),
        };
        if let Err(error) = &done {
            self.note(error);
            self.distrust();
        }
        done
    }
}

/// Runs one expression on the connection of a [`Tx`], written once for both engines, and counts it.
macro_rules! run {
    ($tx:expr, $sql:expr, $held:ident => $done:expr) => {{
        $tx.note_run($sql);
        let done = match &mut $tx.connection {
            $crate::store::tx::Connection::Sqlite($held) => $done,
            $crate::store::tx::Connection::Postgres($held) => $done,
        };
        if let Err(error) = &done {
            $tx.note(error);
        }
        done.map_err($crate::store::StoreError::from)
    }};
}

/// Runs a statement with these parameters; how many rows it changed.
macro_rules! execute {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!($tx, $sql, held =>
            sqlx::query($sql)$(.bind($bind))*.execute(&mut **held).await.map(|done| done.rows_affected()))
    };
}

/// Runs a query with these parameters for at most one row.
macro_rules! fetch_optional {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!($tx, $sql, held => sqlx::query_as($sql)$(.bind($bind))*.fetch_optional(&mut **held).await)
    };
}

/// Runs a query with these parameters for exactly one row.
macro_rules! fetch_one {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!($tx, $sql, held => sqlx::query_as($sql)$(.bind($bind))*.fetch_one(&mut **held).await)
    };
}

/// Runs a query with these parameters for all its rows.
macro_rules! fetch_all {
    ($tx:expr, $sql:expr, [$($bind:expr),* $(,)?]) => {
        $crate::store::tx::run!($tx, $sql, held => sqlx::query_as($sql)$(.bind($bind))*.fetch_all(&mut **held).await)
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
