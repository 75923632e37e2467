//! Failures of the database, as callers distinguish them.

use rusqlite::ffi;

/// A failure of the database.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Unreachable, or saturated. Nothing was changed; the caller may retry.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A constraint is violated: usually a row with this key exists.
    #[error("the row conflicts with an existing one")]
    Conflict,
    /// A stored value that this server would not write.
    #[error("the database has a value that cannot be read: {0}")]
    Corrupt(&'static str),
    /// The schema does not fit this binary, the file is readable by others, or commits may be lost.
    #[error("{0}")]
    Schema(String),
    /// Any other PostgreSQL error.
    #[error("the database failed: {0}")]
    Engine(sqlx::Error),
    /// Any other SQLite error.
    #[error("the database failed: {0}")]
    Embedded(rusqlite::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error.to_string()),
            sqlx::Error::Database(cause) if cause.is_unique_violation() || cause.is_foreign_key_violation() => {
                Self::Conflict
            }
            sqlx::Error::Database(cause) if is_passing(cause.code().as_deref()) => Self::Unavailable(error.to_string()),
            _ => Self::Engine(error),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let extended = error.sqlite_error().map(|cause| cause.extended_code);
        match extended {
            Some(
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
            ) => Self::Conflict,
            Some(code) if is_passing(Some(&code.to_string())) => Self::Unavailable(error.to_string()),
            Some(_) | None => Self::Embedded(error),
        }
    }
}

/// Returns true for error codes of a temporary condition: busy, locked, full, read-only, shutting down.
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if code.len() == 5 {
        // Connection, resources, operator intervention, lock not available, serialization failure, outcome unknown,
        // read-only, idle in transaction.
        let classes = ["08", "53", "57", "55P03", "40", "25006", "25P03"];
        return classes.iter().any(|class| code.starts_with(class));
    }
    // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; the extended codes hold these in their low byte.
    code.parse::<u32>().is_ok_and(|code| [5, 6, 8, 10, 13, 14].contains(&(code & 0xff)))
}
