//! SQLite inside the process. Statements run on the calling thread: a thread per connection cost two context switches
//! for each statement, several times as much as the statement.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{CachedStatement, Connection, ToSql};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::ACQUIRE_TIMEOUT;

/// Size of a connection's cache of prepared statements: room for all of them.
const PREPARED: usize = 400;

/// Access of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Read-only (`PRAGMA query_only`).
    Read,
    /// The one connection of the writer.
    Write,
}

/// A connection that can be reopened.
pub(crate) struct Embedded {
    file: PathBuf,
    access: Access,
    /// None after [`Self::close`].
    connection: Option<Connection>,
}

/// Exclusive access to a connection.
pub(crate) type Held = OwnedMutexGuard<Embedded>;

/// A type that can be read from a row.
pub(crate) trait FromRow: for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error> {}

impl<T> FromRow for T where T: for<'r> TryFrom<&'r rusqlite::Row<'r>, Error = rusqlite::Error> {}

impl Embedded {
    /// Opens a file, and creates it if the access is to write.
    pub(crate) fn open(file: &Path, access: Access) -> rusqlite::Result<Self> {
        let connection = Some(connect(file, access)?);
        Ok(Self { file: file.to_owned(), access, connection })
    }

    /// Runs a statement and returns the number of changed rows.
    pub(crate) fn execute(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<u64> {
        self.run(sql, |statement| statement.execute(values).map(|rows| u64::try_from(rows).unwrap_or(u64::MAX)))
    }

    pub(crate) fn fetch_optional<T: FromRow>(
        &mut self,
        sql: &str,
        values: &[&dyn ToSql],
    ) -> rusqlite::Result<Option<T>> {
        self.run(sql, |statement| {
            let mut rows = statement.query(values)?;
            rows.next()?.map(|row| T::try_from(row)).transpose()
        })
    }

    pub(crate) fn fetch_one<T: FromRow>(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<T> {
        self.fetch_optional(sql, values)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    pub(crate) fn fetch_all<T: FromRow>(&mut self, sql: &str, values: &[&dyn ToSql]) -> rusqlite::Result<Vec<T>> {
        self.run(sql, |statement| statement.query_map(values, |row| T::try_from(row))?.collect())
    }

    pub(crate) fn is_in_transaction(&self) -> bool {
        self.connection.as_ref().is_some_and(|connection| !connection.is_autocommit())
    }

    /// Rolls back a transaction in an unknown state. Reconnects if that fails.
    pub(crate) fn recover(&mut self) -> rusqlite::Result<()> {
        if self.is_in_transaction() && self.execute("ROLLBACK", &[]).is_err() {
            self.connection = None;
            self.connection = Some(connect(&self.file, self.access)?);
        }
        Ok(())
    }

    /// Closes the connection. Later statements fail.
    pub(crate) fn close(&mut self) {
        self.connection = None;
    }

    fn run<T>(
        &mut self,
        sql: &str,
        work: impl FnOnce(&mut CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        let connection = self.connection.as_ref().ok_or_else(closed)?;
        work(&mut connection.prepare_cached(sql)?)
    }
}

fn connect(file: &Path, access: Access) -> rusqlite::Result<Connection> {
    let connection = Connection::open(file)?;
    connection.busy_timeout(ACQUIRE_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    match access {
        Access::Read => connection.pragma_update(None, "query_only", "ON")?,
        Access::Write => {
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
            connection.pragma_update(None, "synchronous", "FULL")?;
        }
    }
    Ok(connection)
}

fn closed() -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some("the database was closed".to_owned()))
}

/// The pool of read connections.
#[derive(Clone)]
pub(crate) struct Readers(Arc<[Arc<Mutex<Embedded>>]>);

impl Readers {
    pub(crate) fn open(file: &Path, count: u32) -> rusqlite::Result<Self> {
        let one = |_| Embedded::open(file, Access::Read).map(|reader| Arc::new(Mutex::new(reader)));
        (0..count).map(one).collect::<rusqlite::Result<Arc<[_]>>>().map(Self)
    }

    /// Takes a free connection, or waits for the first one. The caller's permit of [`super::lanes`] keeps that wait
    /// short.
    pub(crate) async fn take(&self) -> Option<Held> {
        let free = self.0.iter().find_map(|reader| reader.clone().try_lock_owned().ok());
        match free {
            Some(held) => Some(held),
            None => Some(self.0.first()?.clone().lock_owned().await),
        }
    }

    /// Returns the numbers of all and of free connections.
    pub(crate) fn count(&self) -> (usize, usize) {
        (self.0.len(), self.0.iter().filter(|reader| reader.try_lock().is_ok()).count())
    }

    /// Closes each connection when it is free.
    pub(crate) async fn close(&self) {
        for reader in self.0.iter() {
            reader.lock().await.close();
        }
    }
}

/// Declares a row type with named columns that can be read from both engines.
macro_rules! row {
    ($(#[$meta:meta])* struct $name:ident { $($field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(sqlx::FromRow)]
        struct $name {
            $($field: $type,)*
        }

        impl<'r> TryFrom<&'r rusqlite::Row<'r>> for $name {
            type Error = rusqlite::Error;

            fn try_from(row: &'r rusqlite::Row<'r>) -> rusqlite::Result<Self> {
                Ok(Self { $($field: row.get(stringify!($field))?,)* })
            }
        }
    };
}

pub(crate) use row;
