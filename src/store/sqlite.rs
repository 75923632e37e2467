//! SQLite: how its file is made, protected and opened.

use std::str::FromStr as _;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions as _, SqlitePool};

use super::lanes::Lanes;
use super::writer::Writer;
use super::{Db, PATIENCE, SLOW, StoreError};
use crate::metrics::Database;

/// Read connections, and how many of them pages and registration leave to everything else.
const READERS: u32 = 4;
const RESERVED_READERS: u32 = 1;

/// Opens the file that the URL names, and makes it where there is none.
pub(super) async fn open(url: &str, statements: &Arc<AtomicU64>, metrics: &Database) -> Result<Db, StoreError> {
    let options = SqliteConnectOptions::from_str(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .log_slow_statements(log::LevelFilter::Warn, SLOW)
        .pragma("temp_store", "MEMORY")
        .statement_cache_capacity(200);
    protect(options.get_filename())?;
    let one = SqlitePoolOptions::new().max_connections(1).acquire_timeout(PATIENCE).test_before_acquire(false);
    let file = options.get_filename().display().to_string();
    let write = connect(one, options.clone()).await.map_err(|error| name(error, &file))?;
    try_writing(&write).await.map_err(|error| name(error, &file))?;
    let read = SqlitePoolOptions::new().max_connections(READERS).acquire_timeout(PATIENCE).test_before_acquire(false);
    let read = connect(read, options.create_if_missing(false).pragma("query_only", "ON")).await;
    let read = read.map_err(|error| name(error, &file))?;
    let lanes = Lanes::new(READERS, RESERVED_READERS);
    Ok(Db::Sqlite { read, lanes, writer: Writer::start(write, statements.clone(), metrics.clone()) })
}

/// Connects, again where several processes start on one new file: SQLite does not wait while another turns it to WAL.
async fn connect(pool: SqlitePoolOptions, options: SqliteConnectOptions) -> Result<SqlitePool, StoreError> {
    let begun = std::time::Instant::now();
    loop {
        match pool.clone().connect_with(options.clone()).await.map_err(StoreError::from) {
            Err(StoreError::Unavailable(_)) if begun.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            connected => return connected,
        }
    }
}

/// Refuses a file that may only be read: SQLite opens it all the same, and each write would fail.
async fn try_writing(pool: &SqlitePool) -> Result<(), StoreError> {
    let tried = async {
        let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
        // A write of no meaning, which is taken back: to begin alone is allowed on a file that may only be read.
        sqlx::query("PRAGMA user_version = 0").execute(&mut *transaction).await?;
        transaction.rollback().await
    };
    let is_readonly = |code: &str| code.parse::<u32>().is_ok_and(|code| code & 0xff == 8);
    match tried.await {
        Err(sqlx::Error::Database(cause)) if cause.code().is_some_and(|code| is_readonly(&code)) => {
            Err(StoreError::Unavailable(cause.to_string()))
        }
        // Whatever else is in the way, such as another process that writes, passes or shows itself soon.
        _ => Ok(()),
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
