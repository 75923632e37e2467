//! The architecture as checked from the source: layers, file lengths, citations, panics, and equal schemas of both
//! engines.

mod cycles;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The crate modules that a layer may use, and words that it may not contain.
struct Layer {
    name: &'static str,
    modules: &'static [&'static str],
    uses: &'static [&'static str],
    never: &'static [&'static str],
}

const SQL: [&str; 4] = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "];
const TIME_AND_CHANCE: [&str; 6] = ["Clock", "SystemTime", "Instant::now", "Utc::now", "SystemRandom", "thread_rng"];
const ROOMS_OF_USE_CASES: &[&str] = &[
    "adapters",
    "flows",
    "store",
    "crypto",
    "keys",
    "passwords",
    "fair_queue",
    "fetch",
    "mail",
    "protocol",
    "config",
    "metrics",
];
const PAGES: &[&str] = &["axum", "askama"];

/// Layers from the bottom up. `signet-protocol`, `signet-crypto` and `signet-store` are packages, so that Cargo itself
/// forbids most of this for them.
const LAYERS: [Layer; 14] = [
    Layer {
        name: "L0 rules",
        modules: &["protocol"],
        uses: &["protocol"],
        never: &[
            "tokio",
            "sqlx",
            "axum",
            "askama",
            "hyper",
            "reqwest",
            "tracing",
            "aws_lc_rs",
            "oxide_auth",
            "openidconnect",
            "async fn",
            ".await",
            "Entropy",
            "std::fs",
            "std::env",
            "std::io",
            "std::thread",
            "println!",
        ],
    },
    Layer {
        name: "L1 cryptography",
        modules: &["crypto"],
        uses: &["crypto", "protocol"],
        never: &["tokio", "async fn", "sqlx"],
    },
    Layer { name: "L1 store", modules: &["store"], uses: &["store", "crypto", "protocol"], never: PAGES },
    Layer {
        name: "L1 settings",
        modules: &["config"],
        uses: &["config", "protocol"],
        never: &["axum", "askama", "sqlx", "tokio"],
    },
    Layer { name: "L1 queues", modules: &["fair_queue"], uses: &[], never: &["axum", "askama", "sqlx"] },
    Layer {
        name: "L1 metrics",
        modules: &["metrics"],
        uses: &["metrics", "store", "protocol", "config"],
        never: &["axum", "askama", "sqlx", "tokio"],
    },
    Layer {
        name: "L1 keys",
        modules: &["keys"],
        uses: &["keys", "store", "crypto", "protocol", "config", "fair_queue"],
        never: &["axum", "askama", "sqlx"],
    },
    Layer {
        name: "L1 means",
        modules: &["passwords", "fetch", "mail"],
        uses: &["store", "crypto", "protocol", "config", "metrics", "fair_queue"],
        never: &["axum", "askama", "sqlx"],
    },
    Layer {
        name: "L2 adapters",
        modules: &["adapters"],
        uses: &["adapters", "keys", "crypto", "protocol"],
        never: &["axum", "askama", "sqlx", "hyper", "tokio", "async fn", ".await"],
    },
    Layer {
        name: "L2 use cases",
        modules: &["flows"],
        uses: ROOMS_OF_USE_CASES,
        never: &["axum", "askama", "sqlx", "hyper", "HeaderMap", "StatusCode"],
    },
    Layer {
        name: "L3 pages",
        modules: &["pages"],
        uses: &["pages", "protocol", "flows", "config", "store", "mail"],
        never: &["sqlx", "axum"],
    },
    Layer {
        name: "L3 state",
        modules: &["app"],
        uses: &[
            "app",
            "adapters",
            "flows",
            "store",
            "crypto",
            "keys",
            "passwords",
            "fair_queue",
            "fetch",
            "mail",
            "protocol",
            "config",
            "metrics",
        ],
        never: &["sqlx", "SystemTime", "Utc::now"],
    },
    Layer {
        name: "L3 surface",
        modules: &["http"],
        uses: &[
            "app",
            "http",
            "pages",
            "adapters",
            "flows",
            "store",
            "crypto",
            "keys",
            "passwords",
            "fair_queue",
            "fetch",
            "mail",
            "protocol",
            "config",
            "metrics",
        ],
        never: &["sqlx", "store.write", "store.read", "SystemTime", "Utc::now"],
    },
    Layer {
        name: "L4 start",
        modules: &["main", "lib", "cli", "jobs", "demo"],
        uses: &[
            "cli",
            "jobs",
            "demo",
            "app",
            "http",
            "pages",
            "adapters",
            "flows",
            "store",
            "crypto",
            "keys",
            "passwords",
            "fair_queue",
            "fetch",
            "mail",
            "protocol",
            "config",
            "metrics",
        ],
        never: &["sqlx", "SystemTime", "Utc::now"],
    },
];

/// Files that are tables and nothing else.
const TABLES: [&str; 1] = ["common_passwords.rs"];
/// Rules that no specification has: what the language needs.
const PLAINLY_TECHNICAL: [&str; 5] =
    ["protocol/lib.rs", "protocol/time.rs", "protocol/ids.rs", "protocol/secret.rs", "protocol/cause.rs"];

/// A source file without its tests and comments.
struct Source {
    path: String,
    module: String,
    whole: String,
    code: String,
    is_package: bool,
}

#[test]
fn a_layer_uses_only_what_lies_below_it() {
    for source in sources() {
        let layer = LAYERS.iter().find(|layer| layer.modules.contains(&source.module.as_str()));
        let layer = layer.unwrap_or_else(|| panic!("{} belongs to no layer: put its module into one", source.path));
        for used in used_modules(&source) {
            assert!(layer.uses.contains(&used.as_str()), "{}: {} does not use crate::{used}", source.path, layer.name);
        }
        for word in layer.never {
            assert!(!has_word(&source.code, word), "{}: {} does not know {word:?}", source.path, layer.name);
        }
    }
}

#[test]
fn only_the_store_contains_sql() {
    for source in sources().iter().filter(|source| source.module != "store") {
        for word in SQL.iter().chain(&["sqlx::"]) {
            assert!(!source.code.contains(word), "{}: {word}", source.path);
        }
    }
}

/// SQL is what rustfmt leaves as it is.
#[test]
fn no_line_of_the_store_has_more_than_120_columns() {
    for source in sources().iter().filter(|source| source.module == "store") {
        for (number, line) in source.whole.lines().enumerate() {
            let columns = line.chars().count();
            assert!(columns <= 120, "{}:{}: {columns} columns: break the statement", source.path, number + 1);
        }
    }
}

#[test]
fn only_adapters_know_the_types_of_the_named_packages() {
    for source in sources().iter().filter(|source| !["adapters", "demo"].contains(&source.module.as_str())) {
        let code = source.code.replace("adapters::oxide_auth", "adapters");
        for word in ["oxide_auth::code_grant", "oxide_auth::primitives", "::oxide_auth", "openidconnect"] {
            assert!(!code.contains(word), "{}: {word} belongs into an adapter", source.path);
        }
    }
}

#[test]
fn each_machine_is_asked_about_what_the_rules_accept() {
    let outside: Vec<Source> = sources().into_iter().filter(|source| source.module != "adapters").collect();
    for machine in ["authorization", "client_credentials", "code", "refresh"] {
        let call = format!("{machine}::confirm(");
        assert!(outside.iter().any(|source| source.code.contains(&call)), "{call} is called by what issues");
    }
}

#[test]
fn each_file_with_statements_is_listed_for_the_contract_test() {
    let list = std::fs::read_to_string(root().join("crates/signet-store/src/lib.rs")).unwrap();
    let with_statements = sources().into_iter().filter(|source| source.code.contains("\nstatements! {"));
    for source in with_statements {
        let module = source.path.trim_start_matches("store/").trim_end_matches(".rs").replace('/', "::");
        assert!(list.contains(&format!("{module}::STATEMENTS")), "{module} is missing in all_statements");
    }
}

#[test]
fn every_public_route_is_mounted_from_the_table_of_endpoints() {
    for source in sources().iter().filter(|source| source.module == "http") {
        let most = match source.path.as_str() {
            // The path-inserted metadata (RFC 8414 §3.1).
            "http/mod.rs" => 1,
            "http/edge/mount.rs" => 1,
            // All that lies below `/api`, which is one row, and the listener that is not public.
            "http/admin/api.rs" | "http/admin/management.rs" => usize::MAX,
            _ => 0,
        };
        let found = source.code.matches(".route(").count();
        assert!(
            found <= most,
            "{}: a route needs a row of crates/signet-protocol/src/endpoint.rs, which gives it a limit",
            source.path
        );
    }
}

#[test]
fn rules_and_use_cases_are_handed_their_time_and_their_random_values() {
    let pure = ["protocol", "flows"];
    for source in sources().iter().filter(|source| pure.contains(&source.module.as_str())) {
        for word in TIME_AND_CHANCE {
            assert!(!has_word(&source.code, word), "{}: {word}", source.path);
        }
    }
}

#[test]
fn a_file_has_at_most_400_lines_of_code() {
    for source in sources() {
        let lines = source.whole.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: split it", source.path);
    }
}

#[test]
fn each_rule_cites_its_specification() {
    let names = ["RFC ", "OpenID Connect", "OAuth 2.", "W3C ", "draft-"];
    let is_rule = |source: &Source| {
        source.path.matches('/').count() <= 2
            && !source.path.ends_with("/mod.rs")
            && !source.path.starts_with("protocol/cause/")
    };
    let rules = sources().into_iter().filter(is_rule);
    for source in rules.filter(|source| source.module == "protocol") {
        let cites = source.whole.lines().any(|line| is_comment(line) && names.iter().any(|name| line.contains(name)));
        assert!(cites || PLAINLY_TECHNICAL.contains(&source.path.as_str()), "{} cites nothing", source.path);
    }
}

#[test]
fn no_code_panics_on_purpose() {
    let panics = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "unreachable!(", "assert!("];
    for source in sources() {
        for (number, line) in source.whole.lines().enumerate().filter(|(_, line)| !is_comment(line)) {
            let found = panics.iter().find(|word| line.contains(**word));
            assert_eq!(found, None, "{}:{}: {line}", source.path, number + 1);
        }
    }
}

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

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file of the workspace but tests and tables. The path of a package begins with its short name:
/// `protocol/token/code.rs`.
fn sources() -> Vec<Source> {
    let packages = ["protocol", "crypto", "store"];
    let mut made = sources_below(&root().join("src"), None);
    for package in packages {
        let source = root().join(format!("crates/signet-{package}/src"));
        made.extend(sources_below(&source, Some(package)));
    }
    assert!(made.len() > 300, "the source was found");
    made
}

fn sources_below(directory: &Path, package: Option<&str>) -> Vec<Source> {
    let mut files = Vec::new();
    walk(directory, &mut files);
    let made = files.iter().filter_map(|file| {
        let below = file.strip_prefix(directory).unwrap().to_str().unwrap();
        let path = package.map_or(below.to_owned(), |package| format!("{package}/{below}"));
        let name = file.file_name().unwrap().to_str().unwrap();
        let is_test = name == "tests.rs" || name == "fixtures.rs" || path.contains("/tests/");
        if is_test || TABLES.contains(&name) {
            return None;
        }
        let text = std::fs::read_to_string(file).unwrap();
        let whole = without_tests(&text).to_owned();
        let code = whole.lines().filter(|line| !is_comment(line)).collect::<Vec<_>>().join("\n");
        let module = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
        Some(Source { path, module, whole, code, is_package: package.is_some() })
    });
    made.collect()
}

/// The text up to the tests at its end.
fn without_tests(text: &str) -> &str {
    let tests = text.find("\nmod tests {").and_then(|at| text[..at].rfind("#[cfg(test)]"));
    tests.map_or(text, |at| &text[..at])
}

fn walk(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => walk(&path, files),
            false if path.extension().is_some_and(|extension| extension == "rs") => files.push(path),
            false => {}
        }
    }
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The modules after `crate::` and the packages of the workspace that a file names.
fn used_modules(source: &Source) -> BTreeSet<String> {
    let code = &source.code;
    let mut used = BTreeSet::new();
    for package in ["protocol", "crypto", "store"] {
        if has_word(code, &format!("signet_{package}")) {
            used.insert(package.to_owned());
        }
    }
    if source.is_package {
        return used;
    }
    for (at, _) in code.match_indices("crate::").filter(|(at, _)| !code[..*at].ends_with('$')) {
        let rest = &code[at + "crate::".len()..];
        let names: Vec<&str> = match rest.strip_prefix('{') {
            Some(group) => group.split('}').next().unwrap().split(',').collect(),
            None => vec![rest],
        };
        for name in names {
            let name = name.trim_start();
            let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
            used.insert(name[..end].to_owned());
        }
    }
    used
}

/// True if the code contains the identifier.
fn has_word(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(|c| part(c) && word.starts_with(part));
        let after = code[at + word.len()..].chars().next().is_some_and(|c| part(c) && word.ends_with(part));
        !before && !after
    })
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
