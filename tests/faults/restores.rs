//! An old backup that is restored after further use.

use std::sync::Arc;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::sleep;

use super::load::Load;
use super::nodes::Cluster;
use super::report;

/// Runs one of the programs that PostgreSQL comes with.
async fn run(cluster: &Cluster, program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).current_dir(cluster.path()).output().await.unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
}

async fn back_up(cluster: &Cluster) {
    if let Some(database) = &cluster.database {
        return run(cluster, "pg_dump", &["--format=custom", "--file=backup", &database.url]).await;
    }
    let backup = cluster.run(&["backup", "--to", "backup"]).await;
    assert!(backup.status.success(), "{backup:?}");
}

async fn restore(cluster: &Cluster) {
    let restored = if let Some(database) = &cluster.database {
        database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
        run(cluster, "pg_restore", &["--exit-on-error", "--dbname", &database.url, "backup"]).await;
        cluster.run(&["restore", "--in-place", "--yes", "--force"]).await
    } else {
        let refused = cluster.run(&["restore", "--from", "backup"]).await;
        assert_eq!(refused.status.code(), Some(1), "a database that is there is not replaced");
        for file in ["signet.db", "signet.db-wal", "signet.db-shm"] {
            let _ = std::fs::remove_file(cluster.path().join(file));
        }
        cluster.run(&["restore", "--from", "backup"]).await
    };
    assert!(restored.status.success(), "{restored:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn used_and_revoked_values_stay_void_after_restoring_an_old_backup() {
    let cluster = Arc::new(Cluster::start(1, "").await);
    let mut load = Load::begin(&cluster, 3).await;
    sleep(Duration::from_millis(700)).await;
    back_up(&cluster).await;
    sleep(Duration::from_millis(1500)).await;
    load.stop().await;
    let disabled = cluster.run(&["user", "disable", "--username", "alice"]).await;
    assert!(disabled.status.success(), "{disabled:?}");
    cluster.kill(0).await;

    restore(&cluster).await;
    cluster.launch(0).await;

    load.expect_all_void();
    // The check signs in as alice: that she was disabled is lost with the backup, as the command warns.
    let history = load.judge().await;
    cluster.assert_invariants().await;
    report("restore of an old backup", 1, &format!("{} grants void, people sign in again", history.granted()));
}
