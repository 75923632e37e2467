//! No import cycles: if a file uses another, even indirectly, it is not used by it. Items are followed through `pub
//! use` to the file that defines them, so that a room may re-export its contents.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, packages, sources};

/// The rooms that are checked.
const ROOMS: [&str; 4] = ["flows", "http", "protocol", "store"];

/// Imports that may close a cycle, from and to; `*` stands for every file of a room. A file may also use its parent
/// module, unless that is a whole floor.
const ALLOWED: [(&str, &str); 11] = [
    // The provider holds the state of the rooms that receive it.
    ("flows/provider", "flows/*"),
    // A registry lists its entries, which implement its trait.
    ("flows/token/grants/*", "flows/token/grants"),
    ("flows/client/auth/*", "flows/client/auth"),
    ("store/engine/statement", "store"),
    ("store/engine/timing", "store"),
    // A key names its algorithms, and an algorithm the keys that it works with.
    ("protocol/jose/jwe", "protocol/jose/jwk"),
    // The parts of one record.
    ("protocol/client/metadata", "protocol/client/cap"),
    ("protocol/client/uris", "protocol/client/rules"),
    ("protocol/client/resource", "protocol/client/uris"),
    // A write waits until other nodes have applied it, and the store holds what is known of them.
    ("store/engine/store", "store/node/*"),
    // A transaction ends by writing the audit records that a job has left.
    ("store/engine/tx", "store/*"),
];

/// A module, by the names of its path.
type Module = Vec<String>;

/// Every source file as a module, with the paths that it uses and those that it re-exports.
struct House {
    uses: BTreeMap<Module, Vec<Module>>,
    named: BTreeMap<Module, BTreeMap<String, Module>>,
}

impl House {
    fn of(sources: &[Source]) -> Self {
        let modules: BTreeSet<Module> = sources.iter().map(module).collect();
        let mut house = Self { uses: BTreeMap::new(), named: BTreeMap::new() };
        for source in sources {
            let here = module(source);
            let mut uses = Vec::new();
            let mut rest = String::new();
            let mut named = BTreeMap::new();
            for statement in source.code.split_inclusive(';') {
                let Some((before, tree)) = import(statement) else {
                    rest.push_str(statement);
                    continue;
                };
                rest.push_str(before);
                for (path, name) in expand(tree.trim_end_matches(';')) {
                    let Some(path) = absolute(&here, &path, &modules) else { continue };
                    if is_public(before, statement) {
                        named.insert(name, path);
                    } else {
                        uses.push(path);
                    }
                }
            }
            uses.extend(paths_in(&rest).iter().filter_map(|path| absolute(&here, path, &modules)));
            house.uses.insert(here.clone(), uses);
            house.named.insert(here, named);
        }
        house
    }

    /// The file that defines what a path names.
    fn file(&self, path: &[String]) -> Module {
        let mut path = path.to_vec();
        // Bounded, although cyclic re-exports would not compile.
        for _ in 0..10 {
            let length = (0..=path.len()).rev().find(|length| self.uses.contains_key(&path[..*length]));
            let Some(length) = length else { return Vec::new() };
            let named = path.get(length).and_then(|name| self.named[&path[..length]].get(name));
            let Some(named) = named else { return path[..length].to_vec() };
            path = named.iter().chain(&path[length + 1..]).cloned().collect();
        }
        path
    }

    /// The files that each file of the watched rooms uses.
    fn edges(&self) -> BTreeMap<String, BTreeSet<String>> {
        let watched = |module: &Module| module.first().is_some_and(|room| ROOMS.contains(&room.as_str()));
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (module, uses) in self.uses.iter().filter(|(module, _)| watched(module)) {
            let from = module.join("/");
            let used = uses.iter().map(|path| self.file(path)).filter(|to| watched(to) && to != module);
            edges.insert(from.clone(), used.map(|to| to.join("/")).filter(|to| !is_allowed(&from, to)).collect());
        }
        edges
    }
}

fn module(source: &Source) -> Module {
    let path = source.path.trim_end_matches(".rs").trim_end_matches("/mod").trim_end_matches("/lib");
    if path == "lib" { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

/// The text before an import, and its tree.
fn import(statement: &str) -> Option<(&str, &str)> {
    let at = statement.match_indices("use ").map(|(at, _)| at).find(|at| {
        let line = statement[..*at].rsplit('\n').next().unwrap_or_default().trim_start();
        line.is_empty() || line.starts_with("pub")
    })?;
    Some((&statement[..at], &statement[at + 4..]))
}

/// True for a re-export.
fn is_public(before: &str, statement: &str) -> bool {
    statement[..before.len()].rsplit('\n').next().unwrap_or_default().trim_start().starts_with("pub")
}

/// The paths of an import tree, each with the name that it gets.
fn expand(tree: &str) -> Vec<(Vec<String>, String)> {
    let tree = tree.trim();
    let Some((prefix, group)) = tree.split_once('{') else {
        let (path, name) = tree.split_once(" as ").map_or((tree, None), |(path, name)| (path, Some(name.trim())));
        let path: Vec<String> = path.split("::").map(|part| part.trim().to_owned()).collect();
        let path = if path.last().is_some_and(|last| last == "self") { path[..path.len() - 1].to_vec() } else { path };
        let name = name.or(path.last().map(String::as_str)).unwrap_or_default().to_owned();
        return vec![(path, name)];
    };
    let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
    let mut depth = 0;
    let parts = group.split(|c| {
        depth += i32::from(c == '{') - i32::from(c == '}');
        c == ',' && depth == 0
    });
    parts.filter(|part| !part.trim().is_empty()).flat_map(|part| expand(&format!("{prefix}{}", part.trim()))).collect()
}

/// A path from the root of the crate, or `None` for a path of another crate.
fn absolute(here: &Module, path: &[String], modules: &BTreeSet<Module>) -> Option<Module> {
    let (first, rest) = path.split_first()?;
    let packages = packages();
    if let Some(package) = first.strip_prefix("signet_").filter(|package| packages.iter().any(|known| known == package))
    {
        return Some([&[package.to_owned()], rest].concat());
    }
    let package = here.first().filter(|first| packages.contains(first));
    let below = |module: &[String], rest: &[String]| Some([module, rest].concat());
    match first.as_str() {
        "crate" => Some(package.into_iter().chain(rest).cloned().collect()),
        "self" => below(here, rest),
        "super" => {
            let ups = path.iter().take_while(|part| *part == "super").count();
            below(here.get(..here.len().checked_sub(ups)?)?, &path[ups..])
        }
        _ => Some([here.as_slice(), path].concat()).filter(|path| modules.contains(&path[..=here.len()])),
    }
}

/// The paths in code, from `crate`, `super` or a child of the file.
fn paths_in(code: &str) -> Vec<Vec<String>> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
    let words = code.split(|c| !part(c)).filter(|word| word.contains("::") && !word.starts_with(':'));
    words.map(|word| word.split("::").map(str::to_owned).collect()).collect()
}

fn is_allowed(from: &str, to: &str) -> bool {
    let is_child = from.rsplit_once('/').is_some_and(|(parent, _)| parent == to && parent.contains('/'));
    let fits = |pattern: &str, path: &str| match pattern.strip_suffix('*') {
        Some(room) => path.starts_with(room),
        None => path == pattern,
    };
    is_child || ALLOWED.iter().any(|(here, there)| fits(here, from) && fits(there, to))
}

/// Returns a cycle, if there is one.
fn circle(edges: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    let mut open = edges.clone();
    // A file that uses no remaining file is in no cycle.
    while let Some(leaf) = open.iter().find(|(_, to)| to.iter().all(|to| !open.contains_key(to))) {
        let leaf = leaf.0.clone();
        open.remove(&leaf);
    }
    let mut way = vec![open.keys().next()?.clone()];
    loop {
        let next = open[way.last()?].iter().find(|to| open.contains_key(*to))?.clone();
        if let Some(start) = way.iter().position(|seen| *seen == next) {
            return Some(way.split_off(start));
        }
        way.push(next);
    }
}

#[test]
fn no_file_uses_itself_through_others() {
    let edges = House::of(&sources()).edges();
    assert!(edges.values().map(BTreeSet::len).sum::<usize>() > 500, "the imports were found");
    assert_eq!(circle(&edges), None, "a circle of imports: move what both need into a file beneath them");
}

#[test]
fn a_circle_is_found_through_groups_children_and_names_that_a_room_gives() {
    let file = |path: &str, code: &str| Source {
        path: path.to_owned(),
        module: path.split('/').next().unwrap().to_owned(),
        whole: code.to_owned(),
        code: code.to_owned(),
        is_package: false,
    };
    let room = file("flows/mod.rs", "mod a;\nmod b;\npub use self::a::A;");
    let rows = [
        ("a circle of two", "use super::b::{B, C};", "use crate::flows::{\n    A, d::E,\n};", true),
        ("by a path in the code", "fn a() { super::b::b() }", "use super::A;", true),
        ("by a path from the root", "fn a() { crate::flows::b::b() }", "use super::{A};", true),
        ("one way", "use super::b::B;", "use crate::protocol::ids::Id;", false),
        ("back to the room, which defines nothing", "use super::b::B;", "use super::c;", false),
    ];
    for (rule, a, b, expected) in rows {
        let files = [file("flows/mod.rs", &room.code), file("flows/a.rs", a), file("flows/b.rs", b)];
        let found = circle(&House::of(&files).edges());
        assert_eq!(found.is_some(), expected, "{rule}: {found:?}");
    }
}
