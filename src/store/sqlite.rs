//! SQLite: how its file is made, protected and opened.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::embedded::{Access, Embedded, Readers};
use super::lanes::Lanes;
use super::writer::Writer;
use super::{Db, PATIENCE, StoreError};
use crate::store::metrics::Database;

/// Read connections, and how many of them pages and registration leave to everything else.
const READERS: u32 = 4;
const RESERVED_READERS: u32 = 1;

/// Opens the file that the URL names, and makes it where there is none.
pub(super) async fn open(url: &str, metrics: &Database) -> Result<Db, StoreError> {
    let apart = SqliteConnectOptions::from_str(url)?
        .create_if_missing(false)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .pragma("temp_store", "MEMORY");
    let path = apart.get_filename().to_owned();
    protect(&path)?;
    let file = path.display().to_string();
    let mut connection =
        patiently(|| Embedded::open(&path, Access::Write)).await.map_err(|error| name(error, &file))?;
    try_writing(&mut connection).map_err(|error| name(error, &file))?;
    let read = patiently(|| Readers::open(&path, READERS)).await.map_err(|error| name(error, &file))?;
    let lanes = Lanes::new(READERS, RESERVED_READERS);
    let writer = Writer::start((connection, apart), metrics.clone())?;
    Ok(Db::Sqlite { read, lanes, writer })
}

/// Opens, again where several processes start on one new file: SQLite does not wait while another turns it to WAL.
async fn patiently<T>(open: impl Fn() -> rusqlite::Result<T>) -> Result<T, StoreError> {
    let begun = std::time::Instant::now();
    loop {
        match open().map_err(StoreError::from) {
            Err(StoreError::Unavailable(_)) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            opened => return opened,
        }
    }
}

/// Refuses a file that may only be read: SQLite opens it all the same, and each write would fail.
fn try_writing(connection: &mut Embedded) -> Result<(), StoreError> {
    // A write of no meaning, which is taken back: to begin alone is allowed on a file that may only be read.
    let steps = ["BEGIN IMMEDIATE", "PRAGMA user_version = 0", "ROLLBACK"];
    let tried = steps.into_iter().try_for_each(|step| connection.execute(step, &[]).map(|_| ()));
    match tried {
        Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly) => Err(error.into()),
        // Whatever else is in the way, such as another process that writes, passes or shows itself soon.
        _ => Ok(connection.recover()?),
    }
}

/// Says which file could not be opened: the engine does not.
fn name(error: StoreError, file: &str) -> StoreError {
    match error {
        StoreError::Unavailable(cause) => {
            StoreError::Unavailable(format!("{file}: {cause}; its disk must be writable, and not full"))
        }
        other => other,
    }
}

/// Makes the database file, readable by its owner only, before SQLite would make it readable by all; refuses one that
/// others can read.
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
                Err(StoreError::Schema(format!("{name} can be read by others than its owner; run: chmod 600 {name}")))
            }
        }
        Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", file.display()))),
    }
}
