//! Checks of the database settings and of the disk.

use std::path::Path;

use super::finding::Finding;
use crate::config::{Mode, Settings};
use signet_store::Store;
use signet_store::engine::condition::{self, Condition, Postgres, Sqlite};

const CHECK: &str = "database-settings";
/// Oldest version of PostgreSQL that gets fixes.
const OLDEST: i64 = 140_000;
/// Free bytes on the disk below which the check fails or warns.
const CRITICAL_SPACE: u64 = 100 << 20;
const LOW_SPACE: u64 = 1 << 30;

/// Checks the engine and, for SQLite, the disk.
pub(super) async fn examine(store: &Store, settings: &Settings) -> Vec<Finding> {
    let mut found = match condition::of(store).await {
        Ok(condition) => judge(&condition, settings),
        Err(error) => vec![Finding::fail(CHECK, error.to_string())],
    };
    if let Some(file) = Store::file_of(settings.database.url.expose()) {
        found.push(disk(&file));
    }
    found
}

fn judge(condition: &Condition, settings: &Settings) -> Vec<Finding> {
    let found = match condition {
        Condition::Sqlite(condition) => sqlite(condition),
        Condition::Postgres(condition) => postgres(condition, settings),
    };
    if found.is_empty() { vec![Finding::ok(CHECK, "")] } else { found }
}

fn sqlite(condition: &Sqlite) -> Vec<Finding> {
    let mut found = Vec::new();
    let Sqlite { journal, synchronous, problems } = condition;
    if journal != "wal" {
        let fix = "put the file on a local disk";
        found.push(Finding::fail(
            CHECK,
            format!("the journal is {journal}, not WAL, so readers wait for writers; {fix}"),
        ));
    }
    if *synchronous < 2 {
        let fix = "remove it from database.url";
        found.push(Finding::fail(CHECK, format!("synchronous is {synchronous}: a power cut loses commits; {fix}")));
    }
    if let Some(problem) = problems.first() {
        let line = problem.replace(['\n', '\r'], " ");
        found.push(Finding::fail(CHECK, format!("the file is damaged: {line}; restore a backup: signet restore")));
    }
    found
}

fn postgres(condition: &Postgres, settings: &Settings) -> Vec<Finding> {
    let version = condition.version;
    let old = (version < OLDEST)
        .then(|| Finding::warn(CHECK, format!("PostgreSQL {} no longer gets fixes; upgrade it", version / 10_000)));
    let may_lose = settings.mode == Mode::Development || settings.database.allow_lossy_commits;
    let lossy = losses(condition).into_iter().map(|(what, setting)| {
        let detail = format!("{what}; run: ALTER SYSTEM SET {setting} = on, then: pg_ctl reload");
        if may_lose { Finding::warn(CHECK, detail) } else { Finding::fail(CHECK, detail) }
    });
    let narrow = connections(condition.connections, i64::from(settings.database.max_connections));
    old.into_iter().chain(lossy).chain(narrow).collect()
}

/// Lists the settings by which PostgreSQL may lose committed data.
fn losses(condition: &Postgres) -> Vec<(String, &'static str)> {
    let commit = &condition.synchronous_commit;
    let is_off = |setting: &Option<String>| setting.as_deref() == Some("off");
    let asynchronous = format!("synchronous_commit is {commit}: a crash or a failover loses commits");
    let unsynced = "fsync is off: a power cut destroys the database".to_owned();
    let torn = "full_page_writes is off: a power cut in the middle of a page destroys it".to_owned();
    let all = [
        (matches!(commit.as_str(), "off" | "local"), asynchronous, "synchronous_commit"),
        (is_off(&condition.fsync), unsynced, "fsync"),
        (is_off(&condition.full_page_writes), torn, "full_page_writes"),
    ];
    all.into_iter().filter(|(holds, ..)| *holds).map(|(_, what, setting)| (what, setting)).collect()
}

/// Checks that the server has connections for this node and a second one.
fn connections(there: i64, wanted: i64) -> Option<Finding> {
    if there < wanted {
        let what = format!("database.max_connections is {wanted}, but the server has {there} for all nodes");
        return Some(Finding::fail(CHECK, format!("{what}; raise max_connections there, or lower it here")));
    }
    (there < wanted.saturating_mul(2)).then(|| {
        let what = format!("the server has {there} connections, which is not enough for two nodes of {wanted}");
        Finding::warn(CHECK, format!("{what}; raise max_connections there, or lower database.max_connections"))
    })
}

/// Checks the free space of the database's disk.
fn disk(file: &Path) -> Finding {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match rustix::fs::statvfs(folder) {
        Ok(disk) => room(folder, disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Finding::warn("disk", format!("{}: {error}", folder.display())),
    }
}

fn room(folder: &Path, free: u64) -> Finding {
    let detail = format!("{} MB are free on the disk of {}", free >> 20, folder.display());
    match free {
        free if free < CRITICAL_SPACE => {
            Finding::fail("disk", format!("{detail}: writes are about to fail; free some space"))
        }
        free if free < LOW_SPACE => Finding::warn("disk", format!("{detail}; free some space")),
        _ => Finding::ok("disk", detail),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{self, Fail, Ok, Warn};
    use super::*;

    fn levels(found: &[Finding]) -> Vec<Level> {
        found.iter().map(|finding| finding.level).collect()
    }

    #[test]
    fn an_embedded_database_writes_ahead_and_to_the_disk_and_is_whole() {
        let rows: [(&str, i64, &[&str], &str); 4] = [
            ("wal", 2, &[], ""),
            ("delete", 2, &[], "the journal is delete"),
            ("wal", 1, &[], "synchronous is 1"),
            ("wal", 2, &["wrong # of entries in index i"], "the file is damaged: wrong # of entries"),
        ];
        for (journal, synchronous, problems, detail) in rows {
            let problems = problems.iter().map(|problem| (*problem).to_owned()).collect();
            let condition = Condition::Sqlite(Sqlite { journal: journal.to_owned(), synchronous, problems });
            let found = judge(&condition, &Settings::development());
            assert_eq!(levels(&found), if detail.is_empty() { [Ok] } else { [Fail] }, "{condition:?}");
            assert!(found[0].detail.contains(detail), "{}", found[0].detail);
        }
    }

    #[test]
    fn postgresql_keeps_what_it_commits_and_has_connections_for_all() {
        let sound = ("on", "on", "on", 97, 170_004);
        let rows = [
            ("sound", sound, [Ok, Ok], ""),
            ("old", ("on", "on", "on", 97, 130_001), [Warn, Warn], "PostgreSQL 13"),
            ("asynchronous", ("off", "on", "on", 97, 170_004), [Fail, Warn], "synchronous_commit is off"),
            ("unsynced", ("on", "off", "on", 97, 170_004), [Fail, Warn], "fsync is off"),
            ("torn", ("on", "on", "off", 97, 170_004), [Fail, Warn], "full_page_writes is off"),
            ("narrow", ("on", "on", "on", 15, 170_004), [Fail, Fail], "the server has 15"),
            ("for one node", ("on", "on", "on", 20, 170_004), [Warn, Warn], "not enough for two nodes"),
        ];
        for (case, (commit, fsync, pages, connections, version), [production, development], detail) in rows {
            let condition = Condition::Postgres(Postgres {
                version,
                synchronous_commit: commit.to_owned(),
                fsync: Some(fsync.to_owned()),
                full_page_writes: Some(pages.to_owned()),
                connections,
            });
            for (mode, expected) in [(Mode::Production, production), (Mode::Development, development)] {
                let found = judge(&condition, &Settings::defaults(mode));
                assert_eq!(levels(&found), [expected], "{case}: {found:?}");
                assert!(found[0].detail.contains(detail), "{case}: {}", found[0].detail);
            }
        }
    }

    #[test]
    fn a_disk_that_is_filling_up_is_reported() {
        for (free, expected) in [(50 << 20, Fail), (500 << 20, Warn), (5 << 30, Ok)] {
            assert_eq!(room(Path::new("."), free).level, expected, "{free}");
        }
    }
}
