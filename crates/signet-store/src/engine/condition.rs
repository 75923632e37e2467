//! Settings of the engine that matter for durability, and its own check of its files. Read-only.

use super::statement::statement;
use super::tx::{fetch_all, fetch_one};
use crate::engine::db::Db;
use crate::{Store, StoreError};

statement!(SQLITE_JOURNAL = "PRAGMA journal_mode");
statement!(SQLITE_SYNCHRONOUS = "PRAGMA synchronous");
statement!(SQLITE_QUICK_CHECK = "PRAGMA quick_check(3)");
statement!(
    POSTGRES = "
        SELECT CAST(current_setting('server_version_num') AS BIGINT), current_setting('synchronous_commit'),
            current_setting('fsync', true), current_setting('full_page_writes', true),
            CAST(current_setting('max_connections') AS BIGINT)
                - CAST(coalesce(current_setting('superuser_reserved_connections', true), '0') AS BIGINT)
    "
);

/// Settings of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// Settings of SQLite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sqlite {
    /// `PRAGMA journal_mode`.
    pub journal: String,
    /// `PRAGMA synchronous`: 2 syncs at each commit.
    pub synchronous: i64,
    /// Findings of `PRAGMA quick_check`.
    pub problems: Vec<String>,
}

/// Settings of PostgreSQL. A database that only has its protocol may lack some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postgres {
    /// `server_version_num`, such as 170004.
    pub version: i64,
    pub synchronous_commit: String,
    pub fsync: Option<String>,
    pub full_page_writes: Option<String>,
    /// Connections that are not reserved for superusers.
    pub connections: i64,
}

/// Reads the settings. An SQLite file is read as a whole.
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
