//! The schema: numbered migrations embedded in the binary, with the same numbers for both engines.

use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migrator};

use super::lanes::Lane;
use super::statement::statements;
use super::tx::fetch_all;
use crate::engine::db::Db;
use crate::{StoreError, Tx};

statements! {
    APPLIED = "SELECT version FROM _sqlx_migrations WHERE success";
}

static SQLITE: Migrator = sqlx::migrate!("../../migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("../../migrations/postgres");

/// Error for a database without any migration.
const EMPTY: &str = "the database is empty; run `signet init`, or `signet migrate`";

/// Attempts to migrate an SQLite file while another process migrates it too.
const TRIES: u32 = 10;

/// Result of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// True if no migration had been applied.
    pub was_empty: bool,
    /// The applied migrations as number and name.
    pub applied: Vec<String>,
    /// Number of the newest migration.
    pub schema: i64,
}

/// Returns the number of the newest migration.
pub(crate) fn newest() -> i64 {
    SQLITE.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// Applies the missing migrations, after all checks of the existing ones.
pub(crate) async fn run(db: &Db) -> Result<Migrated, StoreError> {
    let Db::Sqlite { writer, .. } = db else { return run_postgres(db).await };
    let mut tried = 0;
    loop {
        tried += 1;
        let done = match read_schema(db).await {
            Ok(found) => {
                found.of(&SQLITE).refuse_unless_older()?;
                let separate = writer.open_separate().await?;
                let done = SQLITE.run(&separate).await;
                separate.close().await;
                done.map(|()| found.missing_of(&SQLITE))
            }
            Err(error) => Err(error),
        };
        match done {
            Ok(migrated) => return Ok(migrated),
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tried < TRIES => {
                tokio::time::sleep(std::time::Duration::from_millis(300)).await;
            }
            Err(error) => return Err(explain(&error)),
        }
    }
}

async fn run_postgres(db: &Db) -> Result<Migrated, StoreError> {
    let found = read_schema(db).await.map_err(|error| explain(&error))?;
    found.of(&POSTGRES).refuse_unless_older()?;
    if let Db::Postgres(pool) = db {
        let one = pool.connect_for_migration().await?;
        let done = POSTGRES.run(&one).await.map_err(|error| explain(&error));
        one.close().await;
        done?;
    }
    Ok(found.missing_of(&POSTGRES))
}

fn known_to(db: &Db) -> &'static Migrator {
    if matches!(db, Db::Sqlite { .. }) { &SQLITE } else { &POSTGRES }
}

pub(crate) async fn check(db: &Db) -> Result<(), StoreError> {
    let found = read_schema(db).await.map_err(|error| explain(&error))?;
    match found.of(known_to(db)) {
        Schema::Empty => Err(StoreError::Schema(EMPTY.to_owned())),
        Schema::Current => Ok(()),
        Schema::Older => Err(StoreError::Schema(
            "the database has an older schema; run `signet migrate`, or set database.migrate = true".into(),
        )),
        Schema::Unfit(error) => Err(error),
    }
}

/// Fails unless every migration of this binary is applied. Ignores newer ones.
pub(crate) async fn check_applied(tx: &mut Tx, is_embedded: bool) -> Result<(), StoreError> {
    let applied: Vec<(i64,)> = fetch_all!(tx, APPLIED, [])?;
    let known = if is_embedded { &SQLITE } else { &POSTGRES };
    let missing = known.iter().find(|migration| !applied.contains(&(migration.version,)));
    missing.map_or(Ok(()), |missing| {
        Err(StoreError::Schema(format!("migration {} is not applied; run `signet migrate`", missing.version)))
    })
}

pub(crate) async fn refuse_empty(db: &Db) -> Result<(), StoreError> {
    let found = read_schema(db).await.map_err(|error| explain(&error))?;
    if found.applied.is_empty() { Err(StoreError::Schema(EMPTY.to_owned())) } else { Ok(()) }
}

/// The applied migrations of a database.
struct AppliedMigrations {
    applied: Vec<AppliedMigration>,
    /// Number of a migration that was started and has not succeeded.
    broken_off: Option<i64>,
}

/// Relation of a schema to the migrations of this binary.
enum Schema {
    Empty,
    Current,
    Older,
    Unfit(StoreError),
}

impl Schema {
    fn refuse_unless_older(self) -> Result<(), StoreError> {
        match self {
            Self::Empty | Self::Current | Self::Older => Ok(()),
            Self::Unfit(error) => Err(error),
        }
    }
}

impl AppliedMigrations {
    fn missing_of(&self, known: &Migrator) -> Migrated {
        let is_missing = |version| !self.applied.iter().any(|done| done.version == version);
        let missing = known.iter().filter(|migration| is_missing(migration.version));
        let named = missing.map(|migration| format!("{} ({})", migration.version, migration.description));
        Migrated { was_empty: self.applied.is_empty(), applied: named.collect(), schema: newest() }
    }

    /// Compares the schema with the known migrations. Each must have been applied completely, unchanged and in order.
    fn of(&self, known: &Migrator) -> Schema {
        let is_applied = |version| self.applied.iter().any(|done| done.version == version);
        let newest = self.applied.iter().map(|done| done.version).max().unwrap_or_default();
        let mut missing = known.iter().map(|migration| migration.version).filter(|version| !is_applied(*version));
        if let Some(version) = self.broken_off {
            return Schema::Unfit(explain(&MigrateError::Dirty(version)));
        }
        for done in &self.applied {
            match known.iter().find(|migration| migration.version == done.version) {
                None => return Schema::Unfit(explain(&MigrateError::VersionMissing(done.version))),
                Some(migration) if migration.checksum != done.checksum => {
                    return Schema::Unfit(explain(&MigrateError::VersionMismatch(done.version)));
                }
                Some(_) => {}
            }
        }
        match missing.next() {
            None => Schema::Current,
            Some(_) if self.applied.is_empty() => Schema::Empty,
            Some(version) if version < newest => Schema::Unfit(explain(&MigrateError::VersionTooOld(version, newest))),
            Some(_) => Schema::Older,
        }
    }
}

async fn read_schema(db: &Db) -> Result<AppliedMigrations, MigrateError> {
    match db {
        Db::Sqlite { writer, .. } => {
            let separate = writer.open_separate().await?;
            let found = read_schema_with(&mut *separate.acquire().await?, SQLITE.table_name.as_ref()).await;
            separate.close().await;
            found
        }
        Db::Postgres(pool) => {
            let unavailable = |error: StoreError| MigrateError::Source(Box::new(error));
            let (mut held, _permit) = pool.acquire(Lane::Reserved).await.map_err(unavailable)?;
            read_schema_with(&mut held.raw, POSTGRES.table_name.as_ref()).await
        }
    }
}

async fn read_schema_with(connection: &mut impl Migrate, table: &str) -> Result<AppliedMigrations, MigrateError> {
    // PostgreSQL refuses all but one of several processes that create the table at once; then it exists.
    if connection.ensure_migrations_table(table).await.is_err() {
        connection.ensure_migrations_table(table).await?;
    }
    let broken_off = connection.dirty_version(table).await?;
    Ok(AppliedMigrations { applied: connection.list_applied_migrations(table).await?, broken_off })
}

fn explain(error: &MigrateError) -> StoreError {
    StoreError::Schema(match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionTooNew(..) => {
            "the database was migrated by a newer version of Signet; use that version".to_owned()
        }
        MigrateError::VersionMismatch(version) => {
            format!("migration {version} differs from the one that was applied; use a released version of Signet")
        }
        MigrateError::VersionTooOld(version, newest) => {
            format!("migration {version} is missing, though {newest} was applied; restore a backup")
        }
        MigrateError::Dirty(version) => {
            format!("migration {version} was interrupted; restore the backup from before it")
        }
        other => format!("the database could not be migrated: {other}"),
    })
}
