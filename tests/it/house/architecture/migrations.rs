//! Equal schemas of both engines.

use std::collections::BTreeMap;

use super::source::root;

#[test]
fn both_engines_have_the_same_migrations_with_the_same_tables() {
    let sqlite = migrations("sqlite");
    let postgres = migrations("postgres");
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (name, text) in &sqlite {
        let here = schema(text);
        let there = schema(&postgres[name]);
        assert!(!here.is_empty(), "{name} has statements");
        assert_eq!(here, there, "{name}");
    }
}

fn migrations(engine: &str) -> BTreeMap<String, String> {
    let entries = std::fs::read_dir(root().join("migrations").join(engine)).unwrap().map(|entry| entry.unwrap().path());
    entries
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// The function that refuses on PostgreSQL what `RAISE(ABORT, ...)` refuses on SQLite.
const REFUSE: &str = "CREATE FUNCTION refuse_transition() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                      RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'check_violation'; END $$;";

/// The tables and columns in a migration, without the keywords in which the engines differ.
fn schema(migration: &str) -> Vec<String> {
    let text: Vec<&str> = migration.lines().filter(|line| !line.trim_start().starts_with("--")).collect();
    let text = text.join(" ").replace("INTEGER", "BIGINT").replace("BLOB", "BYTEA");
    // A trigger has the same condition and message, and refuses in the engine's own way.
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").replace(REFUSE, "");
    let text = text.replace("BEGIN SELECT RAISE(ABORT, ", "EXECUTE FUNCTION refuse_transition(").replace("; END;", ";");
    let text = text.replace(" STRICT, WITHOUT ROWID", "").replace(" STRICT", "");
    // Each engine takes a JSON array apart in its own way.
    let text = text.replace(
        "jsonb_array_elements_text(CAST(c.metadata AS jsonb) -> 'audiences') AS audience (value)",
        "json_each(c.metadata, '$.audiences') AS audience",
    );
    let statements = text.split(';').map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "));
    // Statistics for the planner; PostgreSQL gathers its own.
    let is_of_both = |statement: &String| !statement.is_empty() && !statement.contains("sqlite_");
    statements.filter(is_of_both).collect()
}
