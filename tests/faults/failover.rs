//! A primary that is killed under load, with synchronous replication. `tests/faults/failover` starts the required
//! cluster.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::load::Load;
use super::nodes::Cluster;
use super::report;

/// The maximum time until a standby is the primary and the servers have found it.
const FAILS_OVER_WITHIN: Duration = Duration::from_secs(60);

async fn cluster_does(command: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/patroni/cluster");
    let folder = std::env::var("TEST_FAILOVER").expect("the folder of the database cluster");
    assert!(Command::new(script).args([command, &folder]).status().await.unwrap().success(), "{command}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a database that fails over: tests/faults/failover"]
async fn nothing_acknowledged_is_lost_when_the_primary_is_killed() {
    let cluster = Arc::new(Cluster::start(2, "").await);
    let load = Load::begin(&cluster, 6).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = load.history.answers.load(Ordering::SeqCst);
    let killed = Instant::now();
    cluster_does("crash-primary").await;
    // Until both serve again: not ready first, then ready.
    tokio::time::sleep(Duration::from_secs(1)).await;
    for index in 0..2 {
        while cluster.ready(index).await != Some(200) {
            assert!(killed.elapsed() < FAILS_OVER_WITHIN, "node {index}: {}", cluster.log(index));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    let took = killed.elapsed();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let history = load.judge().await;
    cluster.assert_invariants().await;
    let granted = history.granted();
    let lost = history.lost.load(Ordering::SeqCst);
    let result = format!("{granted} grants hold, {lost} answers lost, {before} answers before, ready after {took:.1?}");
    report("primary killed under load, two nodes, Patroni", 1, &result);
}
