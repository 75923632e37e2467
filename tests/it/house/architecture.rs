//! The architecture as checked from the source: layers, file lengths, citations, panics, and equal schemas of both
//! engines.

mod cycles;
mod layers;
mod migrations;
mod source;

use source::{Source, has_word, is_comment, rust_files, sources};

const SQL: [&str; 4] = ["\"SELECT ", "\"INSERT ", "\"UPDATE ", "\"DELETE "];
const TIME_AND_CHANCE: [&str; 6] = ["Clock", "SystemTime", "Instant::now", "Utc::now", "SystemRandom", "thread_rng"];
/// Files of `protocol` that no specification covers.
const PLAINLY_TECHNICAL: [&str; 6] = [
    "protocol/lib.rs",
    "protocol/time.rs",
    "protocol/ids.rs",
    "protocol/secret.rs",
    "protocol/cause.rs",
    // By NIST SP 800-63B.
    "protocol/account/password.rs",
];

#[test]
fn only_the_store_contains_sql() {
    for source in sources().iter().filter(|source| source.module != "store") {
        for word in SQL.iter().chain(&["sqlx::"]) {
            assert!(!source.code.contains(word), "{}: {word}", source.path);
        }
    }
}

/// Lines of SQL, which rustfmt does not break.
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
    let list = std::fs::read_to_string(source::root().join("crates/signet-store/src/lib.rs")).unwrap();
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
            // The routes below `/api`, which is one row, and those of the management listener.
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
fn a_test_file_has_at_most_400_lines() {
    let files = rust_files("tests/it");
    assert!(files.len() > 150, "the tests were found");
    for file in files {
        let lines = std::fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 400, "{} has {lines} lines: split it", file.display());
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
