//! Servers that are killed at any moment.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::load::Load;
use super::nodes::{Cluster, STARTS_WITHIN};
use super::{is_alone, report, rounds};

/// Kills one node after another under load; how long the slowest start took.
async fn kill_all(cluster: &Arc<Cluster>, times: u32) -> Duration {
    let mut slowest = Duration::ZERO;
    for round in 0..times {
        // Moments that are spread over whatever happens in between.
        tokio::time::sleep(Duration::from_millis(150 + u64::from(round * 137 % 700))).await;
        let index = usize::try_from(round).unwrap() % cluster.nodes.len();
        cluster.kill(index).await;
        slowest = slowest.max(cluster.launch(index).await);
    }
    slowest
}

async fn survive(nodes: usize) {
    let times = rounds(6);
    let cluster = Arc::new(Cluster::start(nodes, "").await);
    let load = Load::begin(&cluster, 4 * nodes).await;
    let slowest = kill_all(&cluster, times).await;
    let history = load.judge().await;
    cluster.assert_invariants().await;
    let granted = history.granted();
    let lost = history.lost.load(Ordering::SeqCst);
    assert!(lost > 0, "no request met a kill");
    assert!(!is_alone() || slowest < STARTS_WITHIN, "a start took {slowest:?}");
    let result = format!("{granted} grants hold, {lost} answers lost, ready again within {} ms", slowest.as_millis());
    report(&format!("kill -9 under load, {nodes} node(s)"), times, &result);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_a_killed_server() {
    survive(1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_of_two_killed_nodes_survive() {
    survive(2).await;
}
