//! The list of dependencies: each has a reason, and each is used.

use std::path::{Path, PathBuf};

/// Crates that no source names: what they are for instead.
const UNNAMED: [(&str, &str); 0] = [];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The dependencies of `Cargo.toml`: whether it is one of tests alone, the name, and the comment behind it.
fn dependencies() -> Vec<(Kind, String, String)> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let mut kind = None;
    let mut found = Vec::new();
    for line in manifest.lines() {
        if line.starts_with('[') {
            kind = match line {
                "[dev-dependencies]" => Some(Kind::OfTests),
                _ if line.ends_with("dependencies]") => Some(Kind::OfTheServer),
                _ => None,
            };
        } else if let (Some(kind), Some((name, rest))) = (kind, line.split_once(" = ")) {
            let reason = rest.rsplit_once(" # ").map(|(_, reason)| reason.to_owned()).unwrap_or_default();
            found.push((kind, name.to_owned(), reason));
        }
    }
    assert!(found.len() > 50, "{}", found.len());
    found
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    OfTheServer,
    OfTests,
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

#[test]
fn each_direct_dependency_has_a_reason() {
    let without: Vec<_> =
        dependencies().into_iter().filter(|(_, _, reason)| reason.len() < 10).map(|(_, name, _)| name).collect();
    assert!(without.is_empty(), "Cargo.toml says of these not what they are for: {without:?}");
}

#[test]
fn each_direct_dependency_is_used() {
    let server = source(&["src"]);
    let tests = source(&["tests", "benches"]);
    for (kind, name, _) in dependencies() {
        let named = name.replace('-', "_");
        let is_in = |text: &str| {
            ["::", "::{", ";", " as "].iter().any(|end| {
                ["use ", " ", "(", "[", "<", "&", "\n", "!", ",", "=", "-> "]
                    .iter()
                    .any(|begin| text.contains(&format!("{begin}{named}{end}")))
            })
        };
        let is_used = match kind {
            Kind::OfTheServer => is_in(&server),
            Kind::OfTests => is_in(&tests),
        };
        let is_unnamed = UNNAMED.iter().any(|(unnamed, _)| *unnamed == name);
        assert!(is_used || is_unnamed, "{name} is used nowhere: take it out of Cargo.toml");
    }
}
