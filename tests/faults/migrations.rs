//! Migrations that are interrupted.

use std::borrow::Cow;
use std::path::Path;
use std::time::Instant;

use sqlx::migrate::Migrator;
use sqlx::{Connection as _, PgConnection, SqliteConnection};

use super::damage::set_mode;
use super::nodes::Cluster;
use super::{report, rounds};
use crate::support::database::Database;

/// The migration that an old schema ends with.
const OLD: i64 = 3;

/// The database that the servers will find.
fn database(cluster: &Cluster) -> Database {
    let file = cluster.path().join("signet.db");
    Database::at(cluster.database.as_ref().map_or(format!("sqlite://{}", file.display()), |held| held.url.clone()))
}

/// Brings an empty database to a schema of long ago.
async fn make_old(cluster: &Cluster) {
    let engine = if Database::is_postgres() { "postgres" } else { "sqlite" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(engine);
    let mut old = Migrator::new(folder).await.unwrap();
    old.migrations = Cow::Owned(old.iter().filter(|migration| migration.version <= OLD).cloned().collect());
    let url = database(cluster).url;
    if Database::is_postgres() {
        return old.run(&mut PgConnection::connect(&url).await.unwrap()).await.unwrap();
    }
    let mut connection = SqliteConnection::connect(&format!("{url}?mode=rwc")).await.unwrap();
    old.run(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    set_mode(&cluster.path().join("signet.db"), 0o600);
}

/// The number of applied migrations in a database that may be empty.
async fn applied(cluster: &Cluster) -> usize {
    let database = database(cluster);
    let tables = match Database::is_postgres() {
        true => "SELECT table_name FROM information_schema.tables WHERE table_name = '_sqlx_migrations'",
        false if !cluster.path().join("signet.db").exists() => return 0,
        false => "SELECT name FROM sqlite_master WHERE name = '_sqlx_migrations'",
    };
    if database.query(tables).await.is_empty() {
        return 0;
    }
    database.query("SELECT version FROM _sqlx_migrations WHERE success").await.len()
}

async fn prepare(is_old: bool) -> Cluster {
    let cluster = Cluster::prepare(1, "").await;
    if is_old {
        make_old(&cluster).await;
    }
    cluster
}

/// Kills migrations at moments that are spread over the time that one takes.
async fn survive(is_old: bool) {
    let times = rounds(6);
    let begun = Instant::now();
    let whole = prepare(is_old).await;
    let prepared = begun.elapsed();
    assert!(whole.run(&["migrate"]).await.status.success());
    let length = begun.elapsed() - prepared;
    let all = applied(&whole).await;
    let untouched = if is_old { usize::try_from(OLD).unwrap() } else { 0 };
    let mut halves = 0;
    for round in 0..times {
        let cluster = prepare(is_old).await;
        let moment = length * (round + 1) / (times + 1);
        let command = if round % 2 == 0 { "migrate" } else { "serve" };
        cluster.kill_after(&[command], moment).await;
        let found = applied(&cluster).await;
        halves += u32::from(found > untouched && found < all);
        cluster.launch(0).await;
        assert_eq!(applied(&cluster).await, all, "{command} was killed after {moment:?}, with {found} applied");
        cluster.assert_invariants().await;
    }
    let start = if is_old { "an old schema" } else { "an empty database" };
    let result = format!("{halves} were between two migrations, each start completes the schema");
    report(&format!("kill -9 while {start} is migrated"), times, &result);
}

#[tokio::test]
async fn a_migration_of_an_empty_database_that_is_killed_is_completed() {
    survive(false).await;
}

#[tokio::test]
async fn a_migration_of_an_old_schema_that_is_killed_is_completed() {
    survive(true).await;
}
