//! How an engine is set up, in its own words, and what it finds wrong with its files. Nothing is changed.

use super::tx::{fetch_all, fetch_one};
use super::{Db, Store, StoreError};

/// What each engine is asked, in its own words.
const SQLITE_JOURNAL: &str = "PRAGMA journal_mode";
const SQLITE_SYNCHRONOUS: &str = "PRAGMA synchronous";
const SQLITE_QUICK_CHECK: &str = "PRAGMA quick_check(3)";
const POSTGRES: &str = "SELECT CAST(current_setting('server_version_num') AS BIGINT), current_setting('synchronous_commit'), current_setting('fsync', true), current_setting('full_page_writes', true), CAST(current_setting('max_connections') AS BIGINT) - CAST(coalesce(current_setting('superuser_reserved_connections', true), '0') AS BIGINT)";

/// How an engine is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// An SQLite file.
    Sqlite(Sqlite),
    /// PostgreSQL.
    Postgres(Postgres),
}

/// How SQLite is set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sqlite {
    /// The journal mode.
    pub journal: String,
    /// When the system is told to write to the disk: 2 is at each commit.
    pub synchronous: i64,
    /// What the engine finds wrong with its file.
    pub problems: Vec<String>,
}

/// How PostgreSQL is set up. A database that only speaks its protocol may lack a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// The version as a number, such as 170004.
    pub version: i64,
    /// `synchronous_commit`.
    pub synchronous_commit: String,
    /// `fsync`.
    pub fsync: Option<String>,
    /// `full_page_writes`.
    pub full_page_writes: Option<String>,
    /// How many connections there are for everybody.
    pub connections: i64,
}

/// Asks an engine how it is set up. An SQLite file is read as a whole.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn of(store: &Store) -> Result<Condition, StoreError> {
    let mut tx = store.read().await?;
    if let Db::Sqlite { .. } = &store.db {
        let (journal,): (String,) = fetch_one!(tx, SQLITE_JOURNAL, [])?;
        let (synchronous,): (i64,) = fetch_one!(tx, SQLITE_SYNCHRONOUS, [])?;
        let lines: Vec<(String,)> = fetch_all!(tx, SQLITE_QUICK_CHECK, [])?;
        let problems = lines.into_iter().map(|(line,)| line).filter(|line| line != "ok").collect();
        return Ok(Condition::Sqlite(Sqlite { journal, synchronous, problems }));
    }
    let row: (i64, String, Option<String>, Option<String>, i64) = fetch_one!(tx, POSTGRES, [])?;
    let (version, synchronous_commit, fsync, full_page_writes, connections) = row;
    Ok(Condition::Postgres(Postgres { version, synchronous_commit, fsync, full_page_writes, connections }))
}
