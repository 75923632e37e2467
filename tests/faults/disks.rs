//! Disks that are full or read-only.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use super::damage::{refuses, refuses_to_start, set_mode};
use super::load::Load;
use super::nodes::{Cluster, secret};
use super::report;
use crate::support::database::Database;
use crate::support::server::http_client;

/// A small disk in memory, which only the processes see that it runs. It goes with its keeper.
pub struct Disk {
    keeper: Child,
    path: PathBuf,
}

impl Disk {
    /// Mounts a disk of so many MiB in a folder; nothing where this machine does not let anybody but root mount.
    pub async fn mount(folder: &Path, size: u32) -> Option<Self> {
        let path = folder.join("disk");
        std::fs::create_dir(&path).unwrap();
        let script = "mount -t tmpfs -o size=\"$1\"m tmpfs \"$0\" && echo mounted && exec sleep 3600";
        let mut keeper = Command::new("unshare");
        keeper.args(["--map-root-user", "--mount", "sh", "-c", script]).arg(&path).arg(size.to_string());
        keeper.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut keeper = keeper.spawn().ok()?;
        let said = BufReader::new(keeper.stdout.take()?).lines().next_line().await.unwrap();
        (said.as_deref() == Some("mounted")).then_some(Self { keeper, path })
    }

    /// A program that works on the disk.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args([
            "--target",
            &self.keeper.id().unwrap().to_string(),
            "--user",
            "--preserve-credentials",
            "--mount",
        ]);
        command.args(["sh", "-c", "cd \"$0\" && exec \"$@\""]).arg(&self.path).arg(program);
        command
    }

    async fn run(&self, script: &str) {
        let output = self.command("sh").args(["-c", script]).output().await.unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
    }

    async fn set_writable(&self, writable: bool) {
        let mode = if writable { "rw" } else { "ro" };
        self.run(&format!("mount -o remount,{mode} \"$PWD\"")).await;
    }

    /// Leaves no byte to anybody.
    async fn fill(&self) {
        self.run("cat /dev/zero > filler 2>&1 || test -s filler").await;
    }

    async fn make_room(&self) {
        self.run("rm filler").await;
    }
}

/// A server whose files are on a disk of its own; says so where there can be none.
async fn begin(fault: &str) -> Option<Arc<Cluster>> {
    if Database::is_postgres() {
        // The disk is the database server's there.
        return None;
    }
    let cluster = Cluster::start_on_disk(8).await;
    if cluster.is_none() {
        report(fault, 0, "skipped: disks cannot be mounted on this machine");
    }
    cluster.map(Arc::new)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_cannot_be_written_to_is_refused_at_the_start() {
    let fault = "start on a read-only or full disk";
    let Some(cluster) = begin(fault).await else { return };
    let load = Load::begin(&cluster, 2).await;
    sleep(Duration::from_millis(300)).await;
    // Linux makes no disk read-only while files on it are open for writing, so the server is stopped first.
    cluster.terminate(0).await;
    cluster.ended(0).await;

    cluster.disk().set_writable(false).await;
    refuses_to_start(&cluster, "read-only", "signet.db").await;
    cluster.disk().set_writable(true).await;
    cluster.disk().fill().await;
    refuses_to_start(&cluster, "full", "signet.db").await;
    cluster.disk().make_room().await;

    cluster.launch(0).await;
    let history = load.judge().await;
    cluster.assert_invariants().await;
    report(fault, 2, &format!("refused with the name of the file, then {} grants hold", history.granted()));
}

#[tokio::test]
async fn a_file_or_folder_without_write_permission_is_refused_at_the_start() {
    if Database::is_postgres() {
        return;
    }
    let cluster = Cluster::start(1, "").await;
    cluster.terminate(0).await;
    cluster.ended(0).await;
    let folder = cluster.path();
    let file = cluster.path().join("signet.db");
    for (what, path, mode, right) in [("file", &*file, 0o400, 0o600), ("folder", folder, 0o500, 0o700)] {
        set_mode(path, mode);
        refuses(cluster.run_unprivileged(&["serve"]), what, "signet.db").await;
        set_mode(path, right);
    }
    cluster.launch(0).await;
    cluster.assert_invariants().await;
    report("start without write permission for file, folder", 2, "refused with the name of the file");
}

/// A request that must be written down; whether it was, or was put off as it has to be.
async fn push(cluster: &Cluster) -> bool {
    let form = [
        ("response_type", "code"),
        ("redirect_uri", "https://rp.example/cb"),
        ("code_challenge", crate::support::relying_party::CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    let request = http_client().post(format!("{}/par", cluster.issuer())).basic_auth("rp", Some(secret())).form(&form);
    let answer = request.send().await.unwrap();
    if answer.status() == 201 {
        return true;
    }
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    false
}

async fn until_pushed(cluster: &Cluster, expected: bool) -> Duration {
    let began = Instant::now();
    while push(cluster).await != expected {
        assert!(began.elapsed() < Duration::from_secs(20), "a request is still answered the other way");
        sleep(Duration::from_millis(20)).await;
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_recovers_from_a_disk_that_fills_up_under_load() {
    let fault = "a full disk under load";
    let Some(cluster) = begin(fault).await else { return };
    let load = Load::begin(&cluster, 3).await;
    sleep(Duration::from_millis(500)).await;
    cluster.disk().fill().await;
    until_pushed(&cluster, false).await;
    let lost = load.history.lost.load(Ordering::SeqCst);
    sleep(Duration::from_secs(1)).await;
    let refused = load.history.lost.load(Ordering::SeqCst) - lost;
    let introspect = http_client().post(format!("{}/introspect", cluster.issuer())).form(&[("token", "none")]);
    let answer = introspect.basic_auth("rp", Some(secret())).send().await.unwrap();
    assert_eq!(answer.status(), 200, "what needs no writing goes on");
    cluster.disk().make_room().await;
    let recovered = until_pushed(&cluster, true).await.as_millis();

    let history = load.judge().await;
    cluster.assert_invariants().await;
    let granted = history.granted();
    report(
        fault,
        1,
        &format!("{refused} requests lost in 1 s, {granted} grants hold, writes again after {recovered} ms"),
    );
}
