//! The schema: numbered migrations, the same numbers for both engines, embedded in the binary.

use sqlx::migrate::{AppliedMigration, Migrate as _, MigrateError, Migrator};

use super::lanes::Lane;
use super::{Db, StoreError};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

/// How often a migration of an embedded database is tried where another process migrates it as well.
const TRIES: u32 = 10;

/// The number of the newest migration.
pub(super) fn newest() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or_default()
}

pub(super) async fn run(db: &Db) -> Result<(), StoreError> {
    match db {
        Db::Sqlite { writer, .. } => {
            let mut tried = 0;
            loop {
                let done = SQLITE.run(writer.pool()).await;
                tried += 1;
                match done {
                    Ok(()) => return Ok(()),
                    Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tried < TRIES => {
                        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
                    }
                    Err(error) => return Err(explain(&error)),
                }
            }
        }
        Db::Postgres(pool) => {
            let one = pool.connect_patiently().await?;
            let done = POSTGRES.run(&one).await.map_err(|error| explain(&error));
            one.close().await;
            done
        }
    }
}

pub(super) async fn check(db: &Db) -> Result<(), StoreError> {
    let (applied, known) = match db {
        Db::Sqlite { writer, .. } => {
            let mut connection = writer.pool().acquire().await?;
            let table = SQLITE.table_name.as_ref();
            connection.ensure_migrations_table(table).await.map_err(|error| explain(&error))?;
            (connection.list_applied_migrations(table).await, &SQLITE)
        }
        Db::Postgres(pool) => {
            let (mut held, _permit) = pool.acquire(Lane::Reserved).await?;
            let connection = &mut held.raw;
            let table = POSTGRES.table_name.as_ref();
            connection.ensure_migrations_table(table).await.map_err(|error| explain(&error))?;
            (connection.list_applied_migrations(table).await, &POSTGRES)
        }
    };
    let applied = applied.map_err(|error| explain(&error))?;
    let differs = |done: &&AppliedMigration| {
        known.iter().any(|migration| migration.version == done.version && migration.checksum != done.checksum)
    };
    if let Some(changed) = applied.iter().find(differs) {
        return Err(explain(&MigrateError::VersionMismatch(changed.version)));
    }
    let applied = applied.iter().map(|migration| migration.version).max();
    let newest = known.iter().map(|migration| migration.version).max();
    match applied.cmp(&newest) {
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Less => Err(StoreError::Schema(
            "the database has an older schema; run `signet migrate`, or set database.migrate = true".into(),
        )),
        std::cmp::Ordering::Greater => {
            Err(StoreError::Schema("the database was migrated by a newer version of Signet; use that version".into()))
        }
    }
}

fn explain(error: &MigrateError) -> StoreError {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            StoreError::Schema("the database was migrated by a newer version of Signet; use that version".into())
        }
        MigrateError::VersionMismatch(version) => {
            StoreError::Schema(format!("migration {version} was changed after it had been applied"))
        }
        other => StoreError::Schema(format!("the database could not be migrated: {other}")),
    }
}
