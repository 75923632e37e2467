//! The query plans of both engines: no statement reads a whole table, with listed exceptions, so that the cost of a
//! request does not grow with the stored data.

use signet_store::{Statement, Store, all_statements};
use sqlx::{AssertSqlSafe, Connection as _, Either, Executor as _, PgConnection, Row as _, SqlSafeStr as _};
use sqlx::{SqliteConnection, Statement as _};

use crate::support::database::Database;

/// The statements that read whole tables, with the reason. None is part of a request.
const WHOLE: &[(&str, &str)] = &[
    ("invariants::", "a command that looks at everything"),
    ("restore_epochs::", "a command that voids everything"),
    ("samples::", "metrics, once a minute"),
    ("sweep::SECRETS", "the minute's upkeep; a row or two a client"),
    ("origins::OF_ALL", "all of them are wanted, at the start and after a gap; operators make them"),
    ("resources::CHOOSY", "all of them are wanted, when they change; operators make them"),
    ("claim_mappers::LIST", "all of them are wanted, when they change; operators make them"),
    ("device_authorizations::COUNT", "the minute's upkeep; bounded"),
    ("device_authorizations::EVICT", "only at the cap, once for hundreds of requests"),
    ("pushed_requests::COUNT", "the minute's upkeep; bounded"),
    ("pushed_requests::EVICT", "only at the cap, once for hundreds of requests"),
    ("authorization_requests::COUNT", "the minute's upkeep; bounded"),
    ("outbox::DUE", "a job's; the outbox is swept"),
    ("outbox::", "events, which leave a row for each webhook"),
    ("webhooks::", "operators make them"),
    ("changes::", "rows that are one each"),
    ("migrations::", "rows that are one a migration"),
    ("nodes::", "a row a process"),
    ("signing_keys::", "a key an algorithm and period"),
];

fn may_read_all(name: &str) -> bool {
    let name = name.splitn(3, "::").nth(2).unwrap();
    WHOLE.iter().any(|(begin, _)| name.starts_with(begin))
}

/// The steps in which SQLite would read a whole table.
async fn scans_of_sqlite(url: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let mut found = Vec::new();
    for Statement { name, embedded, .. } in all_statements().into_iter().filter(|all| !may_read_all(all.name)) {
        let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {embedded}"));
        let rows = sqlx::raw_sql(explained).fetch_all(&mut connection).await;
        let steps = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
        let steps = steps.iter().map(|row| row.get::<String, _>("detail"));
        found.extend(
            steps
                .filter(|step| step.starts_with("SCAN") && *step != "SCAN CONSTANT ROW")
                .map(|step| format!("{name}: {step}")),
        );
    }
    found
}

/// The same on PostgreSQL with sequential scans discouraged: a plan that still has one has no usable index.
async fn scans_of_postgres(url: &str) -> Vec<String> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    for setting in ["SET enable_seqscan = off", "SET plan_cache_mode = force_generic_plan"] {
        connection.execute(setting).await.unwrap();
    }
    let mut found = Vec::new();
    for Statement { name, text, .. } in all_statements().into_iter().filter(|all| !may_read_all(all.name)) {
        let prepared = (&mut connection).prepare(AssertSqlSafe(*text).into_sql_str()).await.unwrap();
        let parameters = match prepared.parameters() {
            Some(Either::Left(types)) => types.len(),
            Some(Either::Right(count)) => count,
            None => 0,
        };
        let values = if parameters == 0 { String::new() } else { format!("({})", vec!["NULL"; parameters].join(", ")) };
        let steps = [format!("PREPARE explained AS {text}"), format!("EXPLAIN EXECUTE explained{values}")];
        let [prepare, explain] = steps.map(AssertSqlSafe);
        connection.execute(sqlx::raw_sql(prepare)).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        let rows = sqlx::raw_sql(explain).fetch_all(&mut connection).await;
        let lines = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
        let lines = lines.iter().map(|row| row.get::<String, _>(0));
        found.extend(lines.filter(|line| line.contains("Seq Scan on")).map(|line| format!("{name}: {}", line.trim())));
        connection.execute("DEALLOCATE explained").await.unwrap();
    }
    found
}

/// The statements that read all rows of a realm in a table, with the reason.
const OF_REALM: &[(&str, &str)] = &[
    ("address_blocks::LIST", "all of them are wanted; operators make them"),
    ("audit", "a row a realm; checkpoints are read by commands"),
    ("authorization_codes::DROP_REALM", "all of them are meant"),
    ("claim_mappers::", "operators make them"),
    ("client_profiles::", "once at the start, and commands"),
    ("clients::LIST", "a command"),
    ("clients::DELETE", "what the database removes along with it; mappers and requests that wait are bounded"),
    ("directory::LIKE_ADDRESSES", "a command"),
    ("hint_keys::LIST", "all of them are wanted; a key an algorithm and period"),
    ("outbox::REALM_ENDS", "all of them are meant"),
    ("device_authorizations::EVICT", "bounded, and only near the cap"),
    ("device_authorizations::OF_REALM", "bounded, and only near the cap"),
    ("pushed_requests::", "bounded, and only near the cap"),
    ("refusals::", "bounded"),
    ("registrations::COUNT", "bounded by a setting"),
    ("restore_epochs::", "a command that voids everything"),
    ("revocations::", "a command"),
    ("sessions::END_REALM", "all of them are meant"),
    ("signing_keys::", "a key an algorithm and period"),
    ("token_families::REVOKE_REALM", "all of them are meant"),
    ("users::SOME_HASHES", "a thousand at most"),
    ("webhooks::", "operators make them"),
];

/// The steps in which SQLite would read all rows of a realm in a table. PostgreSQL plans by its own statistics.
async fn scans_of_a_realm(url: &str) -> Vec<String> {
    let mut connection = SqliteConnection::connect(url).await.unwrap();
    let mut found = Vec::new();
    for Statement { name, embedded, .. } in all_statements() {
        let short = name.splitn(3, "::").nth(2).unwrap();
        if OF_REALM.iter().any(|(begin, _)| short.starts_with(begin)) {
            continue;
        }
        let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {embedded}"));
        let rows = sqlx::raw_sql(explained).fetch_all(&mut connection).await.unwrap();
        let steps = rows.iter().map(|row| row.get::<String, _>("detail"));
        let reads_all = |step: &String| step.starts_with("SEARCH") && step.contains("(realm_id=?)");
        found.extend(steps.filter(reads_all).map(|step| format!("{short}: {step}")));
    }
    found
}

#[tokio::test]
async fn no_statement_reads_all_rows_of_a_realm() {
    if Database::is_postgres() {
        return;
    }
    let database = Database::empty().await;
    Store::open(&database.url, 4).await.unwrap().migrate().await.unwrap();
    let scans = scans_of_a_realm(&database.url).await;
    assert!(scans.is_empty(), "all rows of the realm are read:\n{}", scans.join("\n"));
}

#[tokio::test]
async fn no_statement_of_a_request_reads_a_whole_table() {
    let database = Database::empty().await;
    Store::open(&database.url, 4).await.unwrap().migrate().await.unwrap();
    let scans = if Database::is_postgres() {
        scans_of_postgres(&database.url).await
    } else {
        scans_of_sqlite(&database.url).await
    };
    assert!(scans.is_empty(), "without an index:\n{}", scans.join("\n"));
}

/// The statements that read the audit log for operators, and the index of each.
const OF_AUDIT_LOG: [(&str, &str); 5] = [
    ("ALL", "audit_events_by_time"),
    ("OF_USER", "audit_events_by_user"),
    ("OF_CLIENT", "audit_events_by_client"),
    ("OF_ADDRESS", "audit_events_by_address"),
    ("OF_EVENT", "audit_events_by_event"),
];

#[tokio::test]
async fn rows_of_the_audit_log_are_found_by_an_index_in_their_order() {
    if Database::is_postgres() {
        return;
    }
    let database = Database::empty().await;
    Store::open(&database.url, 4).await.unwrap().migrate().await.unwrap();
    let mut connection = SqliteConnection::connect(&database.url).await.unwrap();
    for (name, index) in OF_AUDIT_LOG {
        let full = format!("signet_store::events::audit_log::{name}");
        let statement = all_statements().into_iter().find(|statement| statement.name == full).unwrap();
        let explained = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", statement.embedded));
        let rows = sqlx::raw_sql(explained).fetch_all(&mut connection).await.unwrap();
        let steps: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
        assert_eq!(steps.len(), 1, "{name} sorts nothing: {steps:?}");
        assert!(steps[0].contains(&format!("USING INDEX {index} (realm_id=? AND ")), "{name}: {steps:?}");
    }
}
