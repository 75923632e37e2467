//! The source files that the rules of the architecture are checked on.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Files that are tables and nothing else.
const TABLES: [&str; 1] = ["common_passwords.rs"];

/// A source file without its tests.
pub struct Source {
    /// The path below `src`; that of a package begins with its short name: `protocol/token/code.rs`.
    pub path: String,
    /// The first part of the path.
    pub module: String,
    pub whole: String,
    /// The text without comments.
    pub code: String,
    pub is_package: bool,
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The short names of the packages in `crates`: `protocol` for `signet-protocol`.
pub fn packages() -> Vec<String> {
    let folders = std::fs::read_dir(root().join("crates")).unwrap().map(|entry| entry.unwrap().file_name());
    folders.filter_map(|name| name.to_str()?.strip_prefix("signet-").map(str::to_owned)).collect()
}

/// Every source file of the workspace but tests and tables.
pub fn sources() -> Vec<Source> {
    let mut made = sources_below("src", None);
    for package in packages() {
        made.extend(sources_below(&format!("crates/signet-{package}/src"), Some(&package)));
    }
    assert!(made.len() > 300, "the source was found");
    made
}

fn sources_below(directory: &str, package: Option<&str>) -> Vec<Source> {
    let files = rust_files(directory);
    let directory = root().join(directory);
    let made = files.iter().filter_map(|file| {
        let below = file.strip_prefix(&directory).unwrap().to_str().unwrap();
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

/// The Rust files below a directory of the workspace.
pub fn rust_files(directory: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut open = vec![root().join(directory)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files
}

pub fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The modules after `crate::` and the packages of the workspace that a file names.
pub fn used_modules(source: &Source) -> BTreeSet<String> {
    let code = &source.code;
    let mut used = BTreeSet::new();
    for package in packages() {
        if has_word(code, &format!("signet_{package}")) {
            used.insert(package);
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
pub fn has_word(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(|c| part(c) && word.starts_with(part));
        let after = code[at + word.len()..].chars().next().is_some_and(|c| part(c) && word.ends_with(part));
        !before && !after
    })
}
