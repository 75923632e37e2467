//! A release that is replaced by this version, one node after the other.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::load::Load;
use super::nodes::Cluster;
use super::report;
use crate::support::database::Database;

/// The variable that names the binary of a release. It is not built here: that takes as long as all other tests.
const OLD: &str = "TEST_OLD_BINARY";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_two_nodes_of_a_release_are_replaced_by_this_version() {
    let Ok(old) = std::env::var(OLD) else {
        return println!("not run: {OLD} names no binary");
    };
    if !Database::is_postgres() {
        return;
    }
    let cluster = Cluster::prepare(2, "[shutdown]\ndelay = \"1s\"").await;
    for index in 0..2 {
        cluster.replace_binary(index, Some(&old));
    }
    let cluster = Arc::new(cluster.begin().await);
    let watched = cluster.clone();
    let watcher = tokio::spawn(async move { watched.keep_watching().await });
    let load = Load::begin(&cluster, 4).await;
    cluster.replace_binary(0, None);
    let migrated = cluster.run(&["migrate"]).await;
    assert!(migrated.status.success(), "{migrated:?}");
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    for index in [1, 0] {
        cluster.terminate(index).await;
        assert_eq!(cluster.ended(index).await, Some(0), "{}", cluster.log(index));
        cluster.replace_binary(index, None);
        cluster.launch(index).await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    let history = load.judge().await;
    watcher.abort();
    let answers = history.answers.load(Ordering::SeqCst);
    let lost = history.lost.load(Ordering::SeqCst);
    assert_eq!(lost, 0, "of {answers}");
    cluster.assert_invariants().await;
    report("two nodes of a release are replaced under load", 1, &format!("{answers} requests, none failed"));
}
