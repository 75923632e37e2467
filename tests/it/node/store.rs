//! The store: every statement works on both engines, writes are atomic, and the schema is the expected one.

use std::sync::Arc;
use std::task::Poll;

use signet::app::App;
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;
use signet_store::clock::Clock;
use signet_store::token::used_once;
use signet_store::{Statement, Store, StoreError, all_statements};
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, SqlSafeStr as _};
use sqlx::{PgConnection, SqliteConnection};

use crate::support::database::{self, Database};

/// The number of parameters and the columns of a statement, as an engine describes it.
type Shape = (usize, Vec<String>);

fn shape<S: sqlx::Statement>(statement: &S) -> Shape {
    let parameters = match statement.parameters() {
        Some(Either::Left(types)) => types.len(),
        Some(Either::Right(count)) => count,
        None => 0,
    };
    (parameters, statement.columns().iter().map(|column| column.name().to_owned()).collect())
}

async fn on_sqlite(url: &str) -> Vec<Shape> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let mut shapes = Vec::new();
    for Statement { name, embedded, .. } in all_statements() {
        let prepared = connection.prepare(AssertSqlSafe(*embedded).into_sql_str()).await;
        shapes.push(shape(&prepared.unwrap_or_else(|error| panic!("{name}: {error}\n{embedded}"))));
    }
    shapes
}

async fn on_postgres(url: &str) -> Vec<Shape> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut shapes = Vec::new();
    for Statement { name, text, .. } in all_statements() {
        let prepared = connection.prepare(AssertSqlSafe(*text).into_sql_str()).await;
        shapes.push(shape(&prepared.unwrap_or_else(|error| panic!("{name}: {error}\n{text}"))));
    }
    shapes
}

/// An empty SQLite database with the schema.
async fn sqlite() -> (tempfile::TempDir, String, Store) {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("signet.db").display());
    let store = Store::open(&url, 4).await.unwrap();
    store.migrate().await.unwrap();
    (directory, url, store)
}

/// A store on a database of the engine under test.
async fn store() -> (Database, Store) {
    let database = Database::empty().await;
    let store = Store::open(&database.url, 8).await.unwrap();
    store.migrate().await.unwrap();
    (database, store)
}

async fn write(store: &Store, name: &'static str, fault: Option<&'static str>) -> Result<bool, StoreError> {
    let job = store.write(move |tx| {
        Box::pin(async move {
            let first = used_once::first_use(tx, "test", Digest::of(name.as_bytes()), Timestamp::from_secs(1)).await?;
            match fault {
                Some("fails") => Err(StoreError::Conflict),
                Some("panics") => panic!("a job that panics"),
                Some(_) | None => Ok(first),
            }
        })
    });
    job.await
}

async fn count(database: &Database) -> usize {
    database.query("SELECT digest FROM used_once").await.len()
}

#[tokio::test]
async fn every_statement_means_the_same_to_both_engines() {
    let (_directory, url, _store) = sqlite().await;
    let here = on_sqlite(&url).await;
    assert!(here.len() > 60, "{}", here.len());
    for (Statement { name, text: sql, .. }, (parameters, _)) in all_statements().into_iter().zip(&here) {
        let highest = (1..=30).rev().find(|number| sql.contains(&format!("${number}"))).unwrap_or(0);
        assert_eq!(*parameters, highest, "{name}: every number up to the highest is used");
        assert!(!sql.contains('?') && !sql.contains("SELECT *"), "{name}");
    }
    if Database::is_postgres() {
        let (database, _store) = store().await;
        let there = on_postgres(&database.url).await;
        for ((statement, here), there) in all_statements().iter().zip(&here).zip(&there) {
            assert_eq!(here, there, "{}", statement.name);
        }
    }
}

/// On PostgreSQL an insert with a conflict target fails if another node's row violates a different unique constraint
/// first. Without a target it yields to all constraints.
#[tokio::test]
async fn an_insert_with_a_conflict_target_has_no_other_unique_constraint() {
    let (_directory, url, _store) = sqlite().await;
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let mut seen = 0;
    for Statement { name, text, .. } in all_statements().into_iter().filter(|all| all.text.contains("ON CONFLICT (")) {
        let table = text.strip_prefix("INSERT INTO ").and_then(|rest| rest.split(' ').next()).unwrap();
        let unique = "SELECT count(*) FROM pragma_index_list($1) WHERE \"unique\" = 1";
        let (count,): (i64,) = sqlx::query_as(unique).bind(table).fetch_one(&mut connection).await.unwrap();
        assert_eq!(count, 1, "{name}: {table} has other constraints");
        seen += 1;
    }
    assert!(seen > 10, "{seen}");
}

#[tokio::test]
async fn a_job_that_fails_leaves_nothing_and_spoils_no_other() {
    let (database, store) = store().await;
    let names: Vec<&'static str> = (0..60).map(|number| &*format!("job {number}").leak()).collect();
    let faults = [None, Some("fails"), None, Some("panics")];
    let jobs = names.iter().enumerate().map(|(at, name)| write(&store, name, faults[at % 4]));
    let outcomes = futures_util::future::join_all(jobs).await;
    for (at, outcome) in outcomes.iter().enumerate() {
        assert_eq!(outcome.is_ok(), faults[at % 4].is_none(), "{at}: {outcome:?}");
    }
    assert_eq!(count(&database).await, 30);
    assert!(write(&store, names[1], None).await.unwrap(), "what failed was not done");
    assert!(!write(&store, names[0], None).await.unwrap(), "what succeeded was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_a_restart() {
    let (database, store) = store().await;
    let jobs = (0..200).map(|number| {
        let store = store.clone();
        tokio::spawn(async move { write(&store, format!("job {number}").leak(), None).await })
    });
    for outcome in futures_util::future::join_all(jobs).await {
        assert!(outcome.unwrap().unwrap());
    }
    store.close().await;
    let reopened = Store::open(&database.url, 8).await.unwrap();
    assert_eq!(count(&database).await, 200);
    assert!(!write(&reopened, "job 17", None).await.unwrap());
}

#[tokio::test]
async fn a_write_completes_although_its_caller_is_cancelled() {
    let (database, store) = store().await;
    let mut abandoned = Box::pin(write(&store, "abandoned", None));
    let first = std::future::poll_fn(|context| Poll::Ready(abandoned.as_mut().poll(context).is_pending())).await;
    assert!(first, "it has begun");
    drop(abandoned);
    store.settled().await;
    assert_eq!(count(&database).await, 1, "the write was lost");
}

#[tokio::test]
async fn a_reader_of_an_embedded_database_cannot_write() {
    let (_directory, _url, store) = sqlite().await;
    let mut reader = store.read().await.unwrap();
    let refused = used_once::first_use(&mut reader, "test", Digest::of(b"x"), Timestamp::from_secs(1)).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn the_files_of_an_embedded_database_are_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let (directory, url, store) = sqlite().await;
    write(&store, "x", None).await.unwrap();
    let files: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap()).collect();
    assert!(files.len() > 1, "the log of a database in WAL mode lies beside it");
    for file in files {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{file:?}");
    }
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let (mode,): (String,) = sqlx::query_as("PRAGMA journal_mode").fetch_one(&mut connection).await.unwrap();
    assert_eq!(mode, "wal");
}

#[tokio::test]
async fn a_schema_that_this_version_does_not_know_is_refused() {
    let checksum = if Database::is_postgres() { "'\\x00'" } else { "x'00'" };
    let truth = |is| if is { "true" } else { "false" };
    let row = |success| {
        format!(
            "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES (9999, 'later', {}, {checksum}, 0)",
            truth(success)
        )
    };
    let newer = row(true);
    let half = "UPDATE _sqlx_migrations SET success = false WHERE version = 5".to_owned();
    let gap = "DELETE FROM _sqlx_migrations WHERE version = 5".to_owned();
    let changed = format!("UPDATE _sqlx_migrations SET checksum = {checksum}");
    let faults = [
        ("newer", newer, "newer version"),
        ("half of a newer one", row(false), "migration 9999 was interrupted"),
        ("changed", changed, "migration 1 differs"),
        ("half-applied", half, "migration 5 was interrupted"),
        ("a gap", gap, "migration 5 is missing"),
    ];
    for (fault, sql, says) in faults {
        let (database, store) = store().await;
        database.execute(&sql).await;
        for refused in [store.migrate().await.map(drop), store.check_schema().await] {
            let line = refused.expect_err(fault).to_string();
            assert!(line.contains(says) && !line.contains('\n'), "{fault}: {line}");
        }
        store.close().await;
        let mut settings = database::settings();
        settings.database.url = signet::config::DatabaseUrl::parse(&database.url).unwrap();
        settings.database.migrate = true;
        let refused = App::open(settings, Clock::System).await.err().map(|error| error.to_string());
        assert!(refused.as_ref().is_some_and(|line| line.contains(says)), "{fault}: {refused:?}");
    }
}

#[tokio::test]
async fn an_old_schema_is_only_migrated_where_that_is_the_servers_task() {
    let database = Arc::new(Database::empty().await);
    let store = Store::open(&database.url, 4).await.unwrap();
    let line = store.check_schema().await.expect_err("an empty database").to_string();
    assert!(line.contains("signet migrate"), "{line}");
    let mut settings = database::settings();
    settings.database.url = signet::config::DatabaseUrl::parse(&database.url).unwrap();
    settings.database.migrate = false;
    assert_eq!(App::open(settings, Clock::System).await.is_ok(), !Database::is_postgres());
}
