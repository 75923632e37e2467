//! The dependencies of the workspace: each has a reason, and each package uses what it names.

use std::path::{Path, PathBuf};

/// A package of the workspace.
struct Package {
    manifest: &'static str,
    source: &'static [&'static str],
    tests: &'static [&'static str],
}

const PACKAGES: [Package; 4] = [
    Package { manifest: "Cargo.toml", source: &["src"], tests: &["tests", "benches", "examples"] },
    Package {
        manifest: "crates/signet-protocol/Cargo.toml",
        source: &["crates/signet-protocol/src"],
        tests: &["crates/signet-protocol/src"],
    },
    Package {
        manifest: "crates/signet-crypto/Cargo.toml",
        source: &["crates/signet-crypto/src"],
        tests: &["crates/signet-crypto/src"],
    },
    Package {
        manifest: "crates/signet-store/Cargo.toml",
        source: &["crates/signet-store/src"],
        tests: &["crates/signet-store/src"],
    },
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A line of a manifest: the section, the name of a dependency, and the comment behind it.
struct Entry {
    section: String,
    name: String,
    reason: String,
}

fn entries(manifest: &str) -> Vec<Entry> {
    let manifest = std::fs::read_to_string(root().join(manifest)).unwrap();
    let mut section = String::new();
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']).to_owned();
        } else if section.ends_with("dependencies")
            && let Some((name, rest)) = line.split_once(['.', ' ']).filter(|_| line.contains(" = "))
        {
            let reason = rest.rsplit_once(" # ").map(|(_, reason)| reason.to_owned()).unwrap_or_default();
            found.push(Entry { section: section.clone(), name: name.to_owned(), reason });
        }
    }
    found
}

/// All source below these folders as one text.
fn source(folders: &[&str]) -> String {
    let mut waiting: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut text = String::new();
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let code = std::fs::read_to_string(path).unwrap();
            code.lines().filter(|line| !line.trim_start().starts_with("//")).for_each(|line| {
                text += line;
                text.push('\n');
            });
        }
    }
    text
}

/// True if a path in the code begins with the crate.
fn names(code: &str, krate: &str) -> bool {
    let named = krate.replace('-', "_");
    ["::", ";", " as "].iter().any(|end| {
        code.match_indices(&format!("{named}{end}"))
            .any(|(at, _)| !code[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':'))
    })
}

#[test]
fn each_dependency_has_a_reason() {
    let entries = entries("Cargo.toml");
    let reasons: Vec<&Entry> = entries.iter().filter(|entry| entry.section == "workspace.dependencies").collect();
    assert!(reasons.len() > 50, "{}", reasons.len());
    let without: Vec<&str> =
        reasons.iter().filter(|entry| entry.reason.len() < 10).map(|entry| entry.name.as_str()).collect();
    assert!(without.is_empty(), "Cargo.toml gives no reason for {without:?}");
}

#[test]
fn each_package_uses_its_dependencies() {
    for package in PACKAGES {
        let code = source(package.source);
        let tests = source(package.tests);
        for entry in entries(package.manifest) {
            let is_used = match entry.section.as_str() {
                "workspace.dependencies" => continue,
                "dev-dependencies" => names(&tests, &entry.name),
                _ => names(&code, &entry.name),
            };
            assert!(is_used, "{}: {} is not used: remove it", package.manifest, entry.name);
        }
    }
}

#[test]
fn each_dependency_of_the_workspace_is_named_by_a_package() {
    let used: Vec<String> = PACKAGES
        .iter()
        .flat_map(|package| entries(package.manifest))
        .filter(|entry| entry.section != "workspace.dependencies")
        .map(|entry| entry.name)
        .collect();
    for entry in entries("Cargo.toml").iter().filter(|entry| entry.section == "workspace.dependencies") {
        assert!(used.contains(&entry.name), "no package names {}", entry.name);
    }
}

/// The packages whose purity other projects rely on name nothing that could do I/O.
#[test]
fn the_rules_depend_on_no_backend() {
    let rules = entries("crates/signet-protocol/Cargo.toml");
    for entry in rules {
        let is_backend =
            ["tokio", "sqlx", "axum", "hyper", "aws-lc-rs", "oxide-auth", "openidconnect", "tracing", "rusqlite"];
        assert!(!is_backend.contains(&entry.name.as_str()), "signet-protocol names {}", entry.name);
    }
}
