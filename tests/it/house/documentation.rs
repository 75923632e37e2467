//! The operators' pages: their commands run, in order, against a server of their own, and everything else that they
//! name exists. Blocks marked `sh no-run` need an environment that is missing here; only their `signet` commands are
//! checked.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::database::Database;
use crate::support::place::{Place, stderr, stdout, succeeded};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The pages, by name.
fn pages() -> BTreeMap<String, String> {
    let listed = |folder: &str| std::fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let folders = ["docs", "docs/clients", "docs/decisions"];
    let docs = folders.into_iter().flat_map(listed).filter(|path| path.is_file());
    let others =
        ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "deploy/README.md", "examples/README.md"]
            .map(|name| root().join(name));
    let name = |path: &PathBuf| path.strip_prefix(root()).unwrap().display().to_string();
    docs.chain(others).map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

/// The blocks of a page with this info string.
fn blocks(page: &str, info: &str) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in page.lines() {
        let text = line.trim_start();
        match (&mut open, text.strip_prefix("```")) {
            (None, Some(after)) => open = Some((after.to_owned(), String::new())),
            (Some((of, block)), Some(_)) => {
                if of == info {
                    blocks.push(block.clone());
                }
                open = None;
            }
            // Blocks in lists are indented as a whole.
            (Some((_, block)), None) => *block += &format!("{}\n", line.strip_prefix("   ").unwrap_or(line)),
            (None, None) => {}
        }
    }
    blocks
}

/// The commands of a block, with continuation lines joined.
fn lines(block: &str) -> Vec<String> {
    block.replace("\\\n", " ").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

/// Checks that the words after `signet` are an existing command with existing options.
fn check(place: &str, words: &str) {
    let mut command = &signet::cli::command();
    let mut words = words.split_whitespace().peekable();
    while let Some(word) = words.peek() {
        let alternatives: Vec<&str> = word.split('|').collect();
        if !command.has_subcommands() || word.starts_with('-') {
            break;
        }
        let plain = |word: &&str| word.chars().all(|c| c.is_ascii_lowercase() || c == '-');
        assert!(
            alternatives.iter().all(|word| plain(&word.trim_end_matches(['.', ',', ';', ':', ')']))),
            "{place}: {word}"
        );
        for word in &alternatives {
            let word = word.trim_end_matches(['.', ',', ';', ':', ')']);
            assert!(
                command.find_subcommand(word).is_some(),
                "{place}: signet {} has no command {word}",
                command.get_name()
            );
        }
        command = command.find_subcommand(alternatives[0].trim_end_matches(['.', ',', ';', ':', ')'])).unwrap();
        words.next();
    }
    for option in words.take_while(|word| !["|", "&&", ";", ">"].contains(word)).filter(|word| word.starts_with("--")) {
        let name = option[2..].split(['=', ',', '.', ')']).next().unwrap();
        let is_known = command.get_arguments().any(|argument| argument.get_long() == Some(name));
        let is_global = ["config", "help", "version"].contains(&name);
        assert!(is_known || is_global, "{place}: signet {} has no option --{name}", command.get_name());
    }
}

/// The inline code of a page, joined across line ends; blocks are omitted.
fn spans(page: &str) -> Vec<String> {
    let mut text = String::new();
    let mut in_block = false;
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if !in_block {
            text += &format!("{line} ");
        }
    }
    text.split('`').skip(1).step_by(2).map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn each_command_that_a_page_names_exists() {
    let mut named = 0;
    for (name, page) in pages() {
        let mut commands: Vec<String> = spans(&page).into_iter().filter(|span| span.starts_with("signet ")).collect();
        for block in blocks(&page, "sh").into_iter().chain(blocks(&page, "sh no-run")) {
            commands.extend(lines(&block));
        }
        for line in commands {
            let ours = ["/usr/local/bin/signet ", "./target/release/signet ", "signet:0.1.0 ", "cargo run -- "];
            let line = ours.iter().fold(line, |line, own| line.replace(own, "signet "));
            for (at, _) in line.match_indices("signet ") {
                let before = line[..at].trim_end();
                let begins = before.is_empty() || before.ends_with(['|', '&', '(', ';']);
                let by_docker =
                    line.starts_with("docker run") || line.contains(" exec ") || line.starts_with("sudo -u signet");
                let words = &line[at + "signet ".len()..];
                if begins
                    || (by_docker
                        && !words.starts_with(['-', '/'])
                        && signet::cli::command().find_subcommand(words.split(' ').next().unwrap()).is_some())
                {
                    check(&name, words);
                    named += 1;
                }
            }
        }
    }
    assert!(named > 80, "{named}");
    let alerts = std::fs::read_to_string(root().join("deploy/prometheus/alerts.yml")).unwrap();
    for action in alerts.lines().filter_map(|line| line.trim().strip_prefix("action: ")) {
        for (at, _) in action.match_indices("signet ") {
            let words = action[at + "signet ".len()..].split(['"', ',']).next().unwrap();
            check("alerts.yml", words);
        }
    }
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut followed = 0;
    for (name, page) in pages() {
        for part in page.split("](").skip(1) {
            let target = part.split(')').next().unwrap();
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.starts_with("http") {
                continue;
            }
            let file =
                if path.is_empty() { root().join(&name) } else { root().join(&name).parent().unwrap().join(path) };
            let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{name}: {target}: {error}"));
            let headings =
                text.lines().filter_map(|line| line.strip_prefix('#')).map(|line| line.trim_start_matches('#'));
            let mut slugs = headings.map(|heading| heading.trim().to_lowercase().replace(' ', "-"));
            assert!(anchor.is_empty() || slugs.any(|slug| slug == anchor), "{name}: {target}");
            followed += 1;
        }
    }
    assert!(followed > 15, "{followed}");
}

/// The paths that a span of code stands for: each alternative in braces is one. Nothing if it does not begin with a
/// folder of the source.
fn named_paths(span: &str) -> Vec<String> {
    const FOLDERS: [&str; 12] = [
        "src/",
        "crates/",
        "tests/",
        "docs/",
        "migrations/",
        "templates/",
        "deploy/",
        "examples/",
        "bench/",
        "benches/",
        ".github/",
        ".ci/",
    ];
    let path = span.split(' ').next().unwrap();
    if !FOLDERS.iter().any(|folder| path.starts_with(folder)) {
        return Vec::new();
    }
    match path.split_once('{').and_then(|(before, rest)| Some((before, rest.split_once('}')?))) {
        Some((before, (names, after))) => names.split(',').map(|name| format!("{before}{name}{after}")).collect(),
        None => vec![path.to_owned()],
    }
}

#[test]
fn the_files_that_a_page_names_are_there() {
    let mut named = 0;
    // The changelog keeps the names of its time.
    for (name, page) in pages().into_iter().filter(|(name, _)| name != "CHANGELOG.md") {
        for path in spans(&page).iter().flat_map(|span| named_paths(span)) {
            assert!(root().join(&path).exists(), "{name}: {path} does not exist");
            named += 1;
        }
    }
    assert!(named > 100, "{named}");
}

#[test]
fn the_table_of_rooms_is_that_of_the_folders() {
    // The columns of the table, and the modules of each floor that are not rooms.
    const FLOORS: [(&str, &[&str]); 5] = [
        ("crates/signet-protocol/src", &["claims", "jose"]),
        ("crates/signet-store/src", &["clock", "engine", "metrics", "node", "realm"]),
        ("src/flows", &[]),
        ("src/http", &["edge"]),
        ("tests/it", &["conformance", "golden", "house", "keys", "model", "node", "snapshots", "support"]),
    ];
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let table = page.split("| room |").nth(1).unwrap().split("\n\n").next().unwrap();
    let rows: Vec<Vec<&str>> = table.lines().skip(2).map(|row| row.split('|').map(str::trim).collect()).collect();
    assert!(rows.len() > 5, "{rows:?}");
    for (index, (floor, others)) in FLOORS.into_iter().enumerate() {
        let in_table = rows.iter().filter(|row| row[3 + index] == "yes").map(|row| row[1].trim_matches('`').to_owned());
        let folders = std::fs::read_dir(root().join(floor)).unwrap().map(|entry| entry.unwrap().path());
        let is_room = |path: &PathBuf| path.is_dir() && path.join("mod.rs").exists();
        let rooms = folders.filter(is_room).map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
        let rooms = rooms.filter(|name| !others.contains(&name.as_str()));
        assert_eq!(in_table.collect::<BTreeSet<_>>(), rooms.collect::<BTreeSet<_>>(), "{floor}");
    }
}

#[test]
fn the_sample_environment_is_one_that_the_server_reads() {
    let text = std::fs::read_to_string(root().join(".env.example")).unwrap();
    let is_setting = |line: &&str| line.trim_start_matches("# ").starts_with("SIGNET_") && line.contains('=');
    let split = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    let set: Vec<_> = text.lines().filter(|line| is_setting(line) && !line.starts_with('#')).map(split).collect();
    let folder = tempfile::tempdir().unwrap();
    let none = folder.path().join("none.toml");
    signet::config::Settings::read(&none, "", set.into_iter()).unwrap();
    let keys = signet::config::Settings::keys();
    for line in text.lines().filter(is_setting) {
        let (name, _) = split(line.trim_start_matches("# "));
        let key = name.trim_start_matches("SIGNET_").to_lowercase().replace("__", ".");
        assert!(key == "config" || keys.contains(&key.as_str()), "{name}");
    }
}

/// Prepares a page: a running server, the binary in `PATH`, and the files that the page presupposes.
async fn stage(place: &Place) -> PathBuf {
    let bin = place.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    // A server is running. Output is kept, since secrets are printed only once.
    let script = format!(
        "#!/bin/bash\nif [ \"$1\" = serve ]; then exit 0; fi\nset -o pipefail\n{} \"$@\" | tee -a \"$PRINTED\"\n",
        env!("CARGO_BIN_EXE_signet")
    );
    std::fs::write(bin.join("signet"), script).unwrap();
    std::fs::set_permissions(bin.join("signet"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let jwks = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","use":"sig","alg":"ES256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#;
    std::fs::write(place.path().join("ledger.jwks.json"), jwks).unwrap();
    succeeded(&place.run(&["user", "add", "--username", "alice"]).await);
    bin
}

/// The page's commands as one script, with example hosts and paths replaced by those of the test.
fn script(page: &str, place: &Place) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for block in blocks(page, "sh") {
        for line in block.replace("\\\n", "").lines() {
            // Builds of the binary and of these tests.
            let is_build = line.starts_with("cargo ") || line.starts_with("./tests/run");
            if !is_build {
                script += &format!("{line}\n");
            }
        }
    }
    let folder = place.path().display();
    let secret = "$(sed -n 's/^client_secret: //p' \"$PRINTED\" | tail -n 1)";
    let stand_ins = [
        ("./target/release/signet", "signet".to_owned()),
        ("https://op.example", place.issuer()),
        ("http://localhost:8000", place.issuer()),
        ("/backups/", format!("{folder}/backups/")),
        ("/safe/", format!("{folder}/safe/")),
        ("curl ", "curl --silent --show-error --fail-with-body --noproxy '*' ".to_owned()),
        (":SECRET", format!(":{secret}")),
    ];
    stand_ins.iter().fold(script, |script, (from, to)| script.replace(from, to))
}

#[tokio::test]
async fn the_commands_of_each_page_run_in_order() {
    if Database::is_postgres() {
        // Some pages are for an embedded database; other tests run the commands on both engines.
        return;
    }
    let mut run = 0;
    for (name, page) in pages().into_iter().filter(|(_, page)| !blocks(page, "sh").is_empty()) {
        let place = Place::new().await;
        let mut server = place.serve().await;
        let bin = stage(&place).await;
        let script = script(&page, &place);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut shell = tokio::process::Command::new("bash");
        shell.args(["-c", &format!("set -x\n{script}")]).current_dir(place.path()).env("PATH", path);
        shell
            .env("PRINTED", place.path().join("printed"))
            .env("OLD_SECRET", "an-old-secret-with-enough-characters-in-it");
        shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let output = shell.output().await.unwrap();
        assert!(output.status.success(), "{name}:\n{}\n{}", stdout(&output), stderr(&output));
        run += script.matches("signet ").count();
        server.kill().await.unwrap();
    }
    assert!(run > 15, "{run}");
}

#[tokio::test]
async fn each_command_helps_and_shells_complete_them() {
    fn paths(command: &clap::Command, path: &[String], found: &mut Vec<Vec<String>>) {
        for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
            let path = [path, &[inner.get_name().to_owned()]].concat();
            found.push(path.clone());
            paths(inner, &path, found);
        }
    }
    let place = Place::new().await;
    let command = signet::cli::command();
    let mut found = Vec::new();
    paths(&command, &[], &mut found);
    assert!(found.len() > 50);
    for path in found {
        let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
        let said = succeeded(&place.run(&arguments).await);
        assert!(said.contains(&format!("Usage: signet {}", path.join(" "))), "{said}");
        let example = said.contains("Example:\n  ");
        assert!(example || said.contains("Commands:"), "{path:?}: {said}");
    }
    let manual = succeeded(&place.run(&["--help"]).await);
    for heading in ["Running the server:", "Environment:", "Files:", "Exit status:", "Examples:"] {
        assert!(manual.lines().any(|line| line == heading), "{heading}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = succeeded(&place.run(&["completions", shell]).await);
        for word in ["rotate-secret", "in-place", "invariants"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    std::fs::write(place.path().join("signet.toml"), "colour = 1").unwrap();
    succeeded(&place.run(&["completions", "bash"]).await);
    assert_eq!(place.run(&["completions", "tcsh"]).await.status.code(), Some(2));
}
