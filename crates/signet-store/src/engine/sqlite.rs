//! Creates, protects and opens the file of an SQLite database.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::embedded::{Access, Embedded, Readers};
use super::lanes::Lanes;
use super::writer::Writer;
use crate::engine::db::Db;
use crate::metrics::Database;
use crate::{ACQUIRE_TIMEOUT, StoreError};

/// Read connections, and those of them that pages and registration cannot take.
const READERS: u32 = 4;
const RESERVED_READERS: u32 = 1;

/// Opens the file that the URL names, and creates it if it is missing.
pub(crate) async fn open(url: &str, metrics: &Database) -> Result<Db, StoreError> {
    let apart = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(ACQUIRE_TIMEOUT)
        .pragma("temp_store", "MEMORY");
    let path = apart.get_filename().to_owned();
    protect(&path)?;
    let file = path.display().to_string();
    let mut connection =
        patiently(|| Embedded::open(&path, Access::Write)).await.map_err(|error| name(error, &file))?;
    try_writing(&mut connection).map_err(|error| name(error, &file))?;
    let read = patiently(|| Readers::open(&path, READERS)).await.map_err(|error| name(error, &file))?;
    let lanes = Lanes::new(READERS, RESERVED_READERS);
    let writer = Writer::start(connection, apart, metrics.clone())?;
    Ok(Db::Sqlite { read, lanes, writer })
}

/// Opens with retries. Needed when several processes start on one new file: `busy_timeout` does not cover the switch to
/// WAL.
async fn patiently<T>(open: impl Fn() -> rusqlite::Result<T>) -> Result<T, StoreError> {
    let begun = std::time::Instant::now();
    loop {
        match open().map_err(StoreError::from) {
            Err(StoreError::Unavailable(_)) if begun.elapsed() < ACQUIRE_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            opened => return opened,
        }
    }
}

/// Fails for a read-only file: SQLite opens it, but each write would fail.
fn try_writing(connection: &mut Embedded) -> Result<(), StoreError> {
    // A write without effect, which is rolled back: `BEGIN IMMEDIATE` alone succeeds on a read-only file.
    let steps = ["BEGIN IMMEDIATE", "PRAGMA user_version = 0", "ROLLBACK"];
    let tried = steps.into_iter().try_for_each(|step| connection.execute(step, &[]).map(|_| ()));
    match tried {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) => Err(error.into()),
        // Other errors, such as a concurrent writer, are temporary or appear again soon.
        _ => Ok(connection.recover()?),
    }
}

/// Adds the path of the file, which the engine's error lacks.
fn name(error: StoreError, file: &str) -> StoreError {
    match error {
        StoreError::Unavailable(cause) => {
            StoreError::Unavailable(format!("{file}: {cause}; its disk must be writable and have free space"))
        }
        other => other,
    }
}

/// Creates the database file readable by its owner only, before SQLite would create it readable by all. Fails if an
/// existing file is accessible to others.
fn protect(file: &std::path::Path) -> Result<(), StoreError> {
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let in_memory = file.as_os_str().is_empty() || file.to_string_lossy().starts_with(':');
    if in_memory {
        return Ok(());
    }
    let made = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(file);
    match made {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let mode = std::fs::metadata(file).map(|metadata| metadata.permissions().mode()).unwrap_or_default();
            let name = file.display();
            if mode & 0o077 == 0 {
                Ok(())
            } else {
                Err(StoreError::Schema(format!("{name} is accessible to other users; run: chmod 600 {name}")))
            }
        }
        Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", file.display()))),
    }
}
