//! The statements of a release on the schema of this version.

use std::collections::BTreeMap;

use signet_store::{Statement, Store, all_statements, embedded_text};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection, SqliteConnection};

use super::{Golden, RELEASES};
use crate::support::database::Database;

/// The statements of a release, by name.
fn statements(golden: &Golden) -> BTreeMap<String, String> {
    serde_json::from_str(&std::fs::read_to_string(golden.folder.join("statements.json")).unwrap()).unwrap()
}

/// A golden database that this version has migrated, and its columns before that.
async fn migrated(golden: &Golden) -> (Database, Vec<Column>) {
    let database = golden.database().await;
    let before = columns(&database).await;
    let store = Store::open(&database.url, 2).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    (database, before)
}

#[tokio::test]
async fn the_statements_of_a_release_run_after_the_migration() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (database, _) = migrated(&golden).await;
        let statements = statements(&golden);
        assert!(statements.len() > 100, "{}", statements.len());
        for (name, sql) in statements {
            let tried = if Database::is_postgres() {
                let mut connection = PgConnection::connect(&database.url).await.unwrap();
                let prepare = AssertSqlSafe(format!("PREPARE old AS {sql}"));
                connection.execute(sqlx::raw_sql(prepare)).await.map(|_| ())
            } else {
                let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
                let explain = AssertSqlSafe(format!("EXPLAIN {}", embedded_text(&sql)));
                connection.execute(sqlx::raw_sql(explain)).await.map(|_| ())
            };
            assert!(tried.is_ok(), "{release}: {name}: {tried:?}");
        }
    }
}

/// A column, and true if a row may be written without it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Column {
    name: String,
    is_optional: bool,
}

async fn columns(database: &Database) -> Vec<Column> {
    let query = if Database::is_postgres() {
        "SELECT table_name || '.' || column_name, \
             CASE WHEN is_nullable = 'YES' OR column_default IS NOT NULL THEN 'optional' ELSE '' END \
             FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1"
    } else {
        "SELECT tables.name || '.' || columns.name, \
             CASE WHEN \"notnull\" = 0 AND pk = 0 OR dflt_value IS NOT NULL THEN 'optional' ELSE '' END \
             FROM sqlite_master AS tables, pragma_table_info(tables.name) AS columns \
             WHERE tables.type = 'table' ORDER BY 1"
    };
    let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
    let rows = database.query(query).await;
    rows.iter().map(|row| Column { name: text(&row[0]), is_optional: text(&row[1]) == "optional" }).collect()
}

#[tokio::test]
async fn a_row_of_a_release_may_be_written_after_the_migration() {
    for release in RELEASES {
        let golden = Golden::of(release);
        let (database, before) = migrated(&golden).await;
        let after = columns(&database).await;
        let tables: Vec<&str> = before.iter().filter_map(|column| column.name.split('.').next()).collect();
        for column in &before {
            let now = after.iter().find(|held| held.name == column.name);
            assert!(now.is_some(), "{} is gone", column.name);
            assert!(now.unwrap().is_optional || !column.is_optional, "{} became mandatory", column.name);
        }
        for column in after.iter().filter(|column| !before.iter().any(|held| held.name == column.name)) {
            let table = column.name.split('.').next().unwrap();
            let is_new_table = !tables.contains(&table);
            assert!(is_new_table || column.is_optional, "{release} does not know {}", column.name);
        }
    }
}

/// Writes the statements of this version where `GOLDEN_STATEMENTS` says, for the folder of a release.
#[test]
#[ignore = "part of making the golden database of a release"]
fn the_statements_of_this_version_are_written() {
    let file = std::env::var("GOLDEN_STATEMENTS").expect("a file");
    let entry = |statement: &'static Statement| (statement.name.splitn(3, "::").nth(2).unwrap(), statement.text);
    let all: BTreeMap<&str, &str> = all_statements().into_iter().map(entry).collect();
    std::fs::write(file, serde_json::to_string_pretty(&all).unwrap() + "\n").unwrap();
}
