//! The catalogs of messages: complete in every language, used, and safe to insert into pages and mails.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const LANGUAGES: [&str; 6] = ["en", "de", "fr", "es", "ja", "ar"];
/// The elements that a message may contain.
const ELEMENTS: [&str; 4] = ["strong", "em", "bdi", "code"];

/// Words of the common file that pages under construction need.
const AHEAD: [&str; 1] = ["email-address"];
/// The beginning of the keys of sentences whose wording in English is fixed.
const FIXED: &str = "refusal-";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The messages of a file by their keys, as written.
fn messages(file: &Path) -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        if line.starts_with(|first: char| first.is_ascii_alphabetic()) {
            let (name, value) = line.split_once('=').unwrap_or_else(|| panic!("{}: {line}", file.display()));
            key = name.trim().to_owned();
            let former = found.insert(key.clone(), value.to_owned());
            assert_eq!(former, None, "{}: {key} is defined twice", file.display());
        } else if let Some(message) = found.get_mut(&key) {
            message.push('\n');
            message.push_str(line);
        }
    }
    found
}

/// The names of the files in a folder of the catalogs.
fn rooms(language: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("templates/locales").join(language)).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// All messages of a language.
fn catalog(language: &str) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for room in rooms(language) {
        for (key, message) in messages(&root().join("templates/locales").join(language).join(&room)) {
            assert_eq!(all.insert(key.clone(), message), None, "{language}/{room}: {key} is also in another file");
        }
    }
    all
}

/// The names behind `$`.
fn arguments(message: &str) -> BTreeSet<&str> {
    message.split('$').skip(1).map(word).collect()
}

/// The messages that a message contains.
fn parts(message: &str) -> BTreeSet<&str> {
    let placeables = message.split('{').skip(1).map(str::trim_start);
    placeables.filter(|inner| inner.starts_with(|first: char| first.is_ascii_lowercase())).map(word).collect()
}

fn word(text: &str) -> &str {
    let end = text.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-' && letter != '_');
    &text[..end.unwrap_or(text.len())]
}

fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| endings.contains(&ending.to_str().unwrap())) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The sources that may name messages, without their tests.
fn sources() -> Vec<(PathBuf, String)> {
    let paths = files("templates", &["html", "txt"]).into_iter().chain(files("src", &["rs"]));
    let read = paths.filter(|path| !path.ends_with("tests.rs") && !path.to_str().unwrap().contains("/tests/"));
    read.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// The text literals that follow a call of one of these functions.
fn named_by<'a>(text: &'a str, calls: &[&str]) -> Vec<&'a str> {
    let behind = |call: &&str| text.match_indices(*call).map(|(at, call)| &text[at + call.len()..]).collect::<Vec<_>>();
    let arguments = calls.iter().flat_map(behind).filter_map(|rest| rest.strip_prefix("(\""));
    arguments.map(|rest| rest.split('"').next().unwrap()).collect()
}

#[test]
fn every_language_has_the_same_files_and_messages() {
    let english = catalog("en");
    assert!(english.len() > 10, "the messages were found");
    for language in LANGUAGES {
        assert_eq!(rooms(language), rooms("en"), "{language}");
        let own = catalog(language);
        let keys = |catalog: &BTreeMap<String, String>| catalog.keys().cloned().collect::<BTreeSet<_>>();
        let missing: Vec<_> = keys(&english).difference(&keys(&own)).cloned().collect();
        assert_eq!(missing, [] as [&str; 0], "missing in {language}");
        let unknown: Vec<_> = keys(&own).difference(&keys(&english)).cloned().collect();
        assert_eq!(unknown, [] as [&str; 0], "only in {language}");
    }
    let listed = std::fs::read_to_string(root().join("src/messages.rs")).unwrap();
    for room in rooms("en") {
        let room = room.strip_suffix(".ftl").unwrap();
        assert!(listed.contains(&format!("\"{room}\"")), "{room} is missing in the list of files");
    }
}

#[test]
fn every_language_uses_the_same_arguments_and_parts() {
    let english = catalog("en");
    for language in LANGUAGES {
        for (key, message) in catalog(language) {
            assert_eq!(arguments(&message), arguments(&english[&key]), "{language}: {key}");
            assert_eq!(parts(&message), parts(&english[&key]), "{language}: {key}");
        }
    }
}

#[test]
fn no_translation_is_left_in_english() {
    let english = catalog("en");
    for language in LANGUAGES.into_iter().filter(|language| *language != "en") {
        let same = |(key, message): &(String, String)| {
            let words = message.split(|letter: char| !letter.is_alphabetic()).filter(|word| word.len() > 2).count();
            english[key] == *message && words > 2
        };
        let left: Vec<_> = catalog(language).into_iter().filter(same).map(|(key, _)| key).collect();
        assert_eq!(left, [] as [&str; 0], "{language}");
    }
}

#[test]
fn every_message_is_used() {
    let english = catalog("en");
    let sources = sources();
    let nested: BTreeSet<&str> = english.values().flat_map(|message| parts(message)).collect();
    let is_named = |key: &str| sources.iter().any(|(_, text)| text.contains(&format!("\"{key}\"")));
    let is_used = |key: &str| AHEAD.contains(&key) || nested.contains(key) || is_named(key);
    let unused: Vec<_> = english.keys().filter(|key| !key.starts_with(FIXED) && !is_used(key)).collect();
    assert_eq!(unused, [] as [&str; 0]);
}

/// The protocol's sentences are translated by their English wording.
#[test]
fn every_fixed_sentence_occurs_in_the_code() {
    let english = catalog("en");
    let fixed: Vec<_> = english.into_iter().filter(|(key, _)| key.starts_with(FIXED)).collect();
    assert!(fixed.len() > 10, "the sentences were found");
    let code: Vec<String> = files("src", &["rs"])
        .into_iter()
        .chain(files("crates/signet-protocol/src", &["rs"]))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    for (key, sentence) in fixed {
        let sentence = format!("\"{}\"", sentence.trim());
        assert!(code.iter().any(|text| text.contains(&sentence)), "{key}: {sentence}");
    }
}

#[test]
fn every_named_message_exists() {
    let english = catalog("en");
    for (path, text) in sources() {
        let is_template = path.extension().is_none_or(|ending| ending != "rs");
        let calls: &[&str] = if is_template { &[".t", ".with"] } else { &[".t", ".text", "html::wait"] };
        for key in named_by(&text, calls) {
            assert!(english.contains_key(key), "{}: there is no message {key:?}", path.display());
        }
    }
}

#[test]
fn a_message_contains_only_simple_markup_that_is_closed_on_its_line() {
    for language in LANGUAGES {
        for (key, message) in catalog(language) {
            let place = format!("{language}: {key}: {message}");
            assert!(!message.contains(['"', '&', '`']), "neither quotes nor entities: {place}");
            for line in message.lines() {
                let mut open: Vec<&str> = Vec::new();
                for tag in line.split('<').skip(1) {
                    let (name, _) = tag.split_once('>').unwrap_or_else(|| panic!("an open bracket: {place}"));
                    match name.strip_prefix('/') {
                        Some(closed) => assert_eq!(open.pop(), Some(closed), "{place}"),
                        None => {
                            assert!(ELEMENTS.contains(&name), "<{name}>: {place}");
                            open.push(name);
                        }
                    }
                }
                assert!(open.is_empty(), "{place}");
                assert_eq!(
                    line.matches('>').count() - line.matches("->").count(),
                    line.matches('<').count(),
                    "{place}"
                );
            }
        }
    }
}

/// Attributes, titles, mails and texts that Rust code inserts cannot show markup.
#[test]
fn a_message_in_a_plain_place_has_no_markup() {
    let mut plain: BTreeSet<String> = BTreeSet::new();
    for (path, text) in sources() {
        let names: Vec<&str> = match path.extension().and_then(|ending| ending.to_str()) {
            Some("html") => {
                let titles = text.lines().filter(|line| line.contains("block title") || line.contains("<title>"));
                let titles = titles.flat_map(|line| named_by(line, &[".t", ".with"]));
                titles.chain(named_by(&text, &["=\"{{ page.t", "=\"{{ page.with"])).collect()
            }
            Some("txt") => named_by(&text, &[".t", ".with"]),
            _ => text.split('"').skip(1).step_by(2).collect(),
        };
        plain.extend(names.into_iter().map(str::to_owned));
    }
    for language in LANGUAGES {
        for (key, message) in catalog(language).into_iter().filter(|(key, _)| plain.contains(key)) {
            assert!(!message.contains('<'), "{language}: {key}: {message}");
        }
    }
}
