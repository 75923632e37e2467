//! Failures of the database, as its callers tell them apart.

use rusqlite::ffi;

/// Why the database could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or has no turn to give in time. Nothing was changed; it may be asked again.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row would break a constraint: usually one with this key exists already.
    #[error("the row conflicts with another")]
    Conflict,
    /// A stored value is not what this server writes.
    #[error("the database holds a value that cannot be read: {0}")]
    Corrupt(&'static str),
    /// The schema does not fit this binary, the file is open to others, or commits may be lost.
    #[error("{0}")]
    Schema(String),
    /// Anything else that the engine reports.
    #[error("the database failed: {0}")]
    Engine(sqlx::Error),
    /// The same of an embedded one.
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

/// Whether an engine's error code tells of a state that passes: busy, locked, full, read-only, shutting down.
fn is_passing(code: Option<&str>) -> bool {
    let Some(code) = code else { return false };
    if code.len() == 5 {
        // Connection, resources, operator intervention, lock not available, transactions that met or whose
        // outcome is unknown, read-only, kept waiting for too long.
        let classes = ["08", "53", "57", "55P03", "40", "25006", "25P03"];
        return classes.iter().any(|class| code.starts_with(class));
    }
    // BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN; the extended codes hold these in their low byte.
    code.parse::<u32>().is_ok_and(|code| [5, 6, 8, 10, 13, 14].contains(&(code & 0xff)))
}
