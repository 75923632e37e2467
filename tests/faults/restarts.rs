//! Servers that shut down on a signal and finish the requests in progress.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::load::Load;
use super::nodes::Cluster;
use super::{report, rounds};

const DELAY: &str = "[shutdown]\ndelay = \"1s\"";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_two_nodes_are_restarted_one_after_the_other() {
    let times = rounds(4);
    let cluster = Arc::new(Cluster::start(2, DELAY).await);
    let watched = cluster.clone();
    let watcher = tokio::spawn(async move { watched.keep_watching().await });
    let load = Load::begin(&cluster, 4).await;
    for round in 0..times {
        let index = usize::try_from(round).unwrap() % 2;
        cluster.terminate(index).await;
        assert_eq!(cluster.ended(index).await, Some(0), "{}", cluster.log(index));
        cluster.launch(index).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    let history = load.judge().await;
    watcher.abort();
    let answers = history.answers.load(Ordering::SeqCst);
    let lost = history.lost.load(Ordering::SeqCst);
    assert_eq!(lost, 0, "of {answers}");
    cluster.assert_invariants().await;
    report("rolling restart of two nodes under load", times, &format!("{answers} requests, none failed"));
}

#[tokio::test]
async fn a_stopping_server_reports_not_ready_before_it_closes() {
    let cluster = Cluster::start(1, DELAY).await;
    assert_eq!(cluster.ready(0).await, Some(200));
    cluster.terminate(0).await;
    let mut seen = cluster.ready(0).await;
    for _ in 0..50 {
        if seen == Some(503) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        seen = cluster.ready(0).await;
    }
    assert_eq!(seen, Some(503), "not ready, and it says so");
    let url = format!("{}/.well-known/jwks.json", cluster.issuer());
    let answer = crate::support::server::http_client().get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200, "and goes on answering");
    assert_eq!(answer.headers()["connection"], "close", "on connections that end");
    assert_eq!(cluster.ended(0).await, Some(0));
    report("SIGTERM", 1, "503 on /ready, answers on, exit code 0");
}

#[tokio::test]
async fn a_second_signal_ends_a_server_at_once() {
    let cluster = Cluster::start(1, "[shutdown]\ndelay = \"30s\"").await;
    cluster.terminate(0).await;
    while cluster.ready(0).await != Some(503) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    cluster.terminate(0).await;
    let ended = tokio::time::timeout(Duration::from_secs(10), cluster.ended(0)).await;
    assert_eq!(ended.unwrap(), Some(1));
}
