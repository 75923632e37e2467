//! Files that are damaged, missing or cannot grow.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;
use std::sync::Arc;

use tokio::process::Command;

use super::load::Load;
use super::nodes::Cluster;
use super::report;
use crate::support::database::Database;
use crate::support::server::http_client;

/// The server refuses to start, with one line that says why, and leaves the key file as it found it.
pub async fn refuses_to_start(cluster: &Cluster, what: &str, why: &str) {
    let key = cluster.path().join("keys/master.key");
    let before = std::fs::read(&key).ok();
    refuses(cluster.run(&["serve"]), what, why).await;
    assert_eq!(std::fs::read(&key).ok(), before, "{what}: nothing is generated");
}

/// The same of a server that is started in a way of its own.
pub async fn refuses(server: impl Future<Output = Output>, what: &str, why: &str) {
    let output = tokio::time::timeout(std::time::Duration::from_secs(20), server).await.expect(what);
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{what}: {error}");
    let last = error.trim_end().lines().last().unwrap_or_default();
    assert!(last.contains(why), "{what}: {error}");
}

pub fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn a_damaged_master_key_is_refused_and_never_replaced() {
    let cluster = Arc::new(Cluster::start(1, "").await);
    let load = Load::begin(&cluster, 1).await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    cluster.terminate(0).await;
    cluster.ended(0).await;
    let key = cluster.path().join("keys/master.key");
    let right = std::fs::read(&key).unwrap();
    let mut wrong = right.clone();
    for byte in wrong.iter_mut().filter(|byte| byte.is_ascii_alphabetic()) {
        *byte = if byte.is_ascii_lowercase() { b'a' + (*byte - b'a' + 1) % 26 } else { b'A' + (*byte - b'A' + 1) % 26 };
    }
    std::fs::remove_file(&key).unwrap();
    refuses_to_start(&cluster, "missing", "master").await;
    for (what, bytes) in [("empty", &b""[..]), ("cut", &right[..right.len() / 2]), ("another", &wrong)] {
        std::fs::write(&key, bytes).unwrap();
        set_mode(&key, 0o600);
        refuses_to_start(&cluster, what, "master").await;
    }
    std::fs::write(&key, &right).unwrap();
    set_mode(&key, 0o644);
    refuses_to_start(&cluster, "readable by others", "master").await;
    set_mode(&key, 0o600);
    cluster.launch(0).await;
    load.judge().await;
    cluster.assert_invariants().await;
    report("master key missing, empty, cut, another, mode 0644", 5, "refused each time, all holds with the right one");
}

#[tokio::test]
async fn four_concurrent_migrations_produce_one_schema() {
    let cluster = Cluster::prepare(1, "").await;
    let runs = (0..4).map(|_| cluster.run(&["migrate"]));
    for output in futures_util::future::join_all(runs).await {
        assert!(output.status.success(), "{output:?}");
    }
    cluster.launch(0).await;
    cluster.assert_invariants().await;
    report("four migrators at once", 1, "one schema, all succeed");
}

/// Limits the size of files for a process, which needs no mounted disk.
async fn limit_files(pid: u32, bytes: &str) {
    let limit = format!("--fsize={bytes}:unlimited");
    let set = Command::new("prlimit").args(["--pid", &pid.to_string(), &limit]).status().await.unwrap();
    assert!(set.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_what_it_cannot_store_and_recovers() {
    if Database::is_postgres() {
        // The disk is the database server's there, which answers with errors as it does when it is gone.
        return;
    }
    let cluster = Arc::new(Cluster::start(1, "").await);
    cluster.terminate(0).await;
    cluster.ended(0).await;
    cluster.launch_after(0, "trap '' XFSZ").await;
    let load = Load::begin(&cluster, 3).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    // No file may be longer than the shortest of them is: nothing can be written.
    limit_files(cluster.pid(0).await, "1024").await;
    let before = load.history.lost.load(std::sync::atomic::Ordering::SeqCst);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let refused = load.history.lost.load(std::sync::atomic::Ordering::SeqCst) - before;
    let set = http_client().get(format!("{}/.well-known/jwks.json", cluster.issuer())).send().await.unwrap();
    assert_eq!(set.status(), 200, "what needs no writing goes on");
    limit_files(cluster.pid(0).await, "unlimited").await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let history = load.judge().await;
    assert!(refused > 0, "nothing was refused");
    cluster.assert_invariants().await;
    let granted = history.granted();
    report("disk full under load", 1, &format!("{refused} refused, {granted} grants hold, recovers by itself"));
}
