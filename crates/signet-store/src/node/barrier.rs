//! The revocation barrier: after its commit, a transaction that revokes something waits here until no node accepts it.
//! All use cases share it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::nodes::{self, Channel, Node};
use super::wake;
use crate::clock::Clock;
use crate::engine::lanes::Lane;
use crate::{Store, StoreError};
use signet_protocol::time::{Span, Timestamp};

/// Interval between two reads of the nodes' rows.
const STEP: Duration = Duration::from_millis(5);
/// Longest wait where the rows cannot be read; no lease is longer.
const MAX_WAIT: Duration = super::view::STALE_AFTER;
/// Age of a row from which a command treats its node as gone.
const PRESUMED_GONE: Span = Span::from_secs(15);

/// State shared by concurrent waits.
#[derive(Default)]
pub(crate) struct Barrier {
    /// The rows of the nodes, with the start time of the query.
    latest: Mutex<Option<(Instant, Arc<[Node]>)>>,
    /// Highest change that a write waits for.
    published: AtomicI64,
    /// Highest change for which nodes were woken.
    woken: AtomicI64,
}

impl Node {
    /// Returns true if the node may answer from memory without having applied this change.
    pub(crate) fn is_late(&self, seq: i64) -> bool {
        !self.is_dropped && !self.lease.is_zero() && self.heard_seq < seq
    }
}

/// Waits until every node has applied a change or may not answer from memory without it. Boxed, since a late node is
/// skipped by a write of its own.
pub(crate) fn wait_for_nodes(store: &Store, seq: i64) -> BoxFuture<'_, ()> {
    Box::pin(async move {
        if store.membership.is_alone() {
            return;
        }
        let committed = Instant::now();
        store.barrier.published.fetch_max(seq, Ordering::AcqRel);
        // In the reserved lane: concurrent waits share one query, which a flood of pages must not delay.
        Lane::Reserved.run(wait(store, seq, committed)).await;
        store.metrics.acknowledgment.observe(committed.elapsed().as_secs_f64());
    })
}

async fn wait(store: &Store, seq: i64, committed: Instant) {
    let own = store.membership.id();
    loop {
        let late = match read_nodes(store).await {
            Ok(all) => late(store, &all, &own, seq).await,
            Err(error) if committed.elapsed() >= MAX_WAIT => {
                tracing::warn!(%error, "could not read the nodes' acknowledgments of a revocation");
                return;
            }
            Err(_) => {
                tokio::time::sleep(STEP).await;
                continue;
            }
        };
        if late.is_empty() {
            return;
        }
        // Measured after the query: rows lag behind the nodes, so this waits rather too long than too short.
        let waited = committed.elapsed();
        if late.iter().all(|node| waited >= node.lease) {
            // If a lease was extended meanwhile, wait for it too, up to the longest possible lease.
            if drop_late(store, &late, seq).await || waited >= MAX_WAIT {
                return;
            }
        }
        store.wake_late(&late).await;
        tokio::time::sleep(STEP).await;
    }
}

/// Returns the nodes that have not applied a change. A process that is no node itself can recognize dead nodes only by
/// the age of their rows.
async fn late(store: &Store, all: &[Node], own: &str, seq: i64) -> Vec<Node> {
    let mut late: Vec<Node> = all.iter().filter(|node| node.id != own && node.is_late(seq)).cloned().collect();
    if own.is_empty() && !late.is_empty() {
        let now = store.time().await.ok().flatten().unwrap_or_else(|| Clock::System.now());
        late.retain(|node| now.since(node.heard_at) < PRESUMED_GONE);
    }
    late
}

/// Returns the rows of the nodes, read after this call. Concurrent calls share one query.
async fn read_nodes(store: &Store) -> Result<Arc<[Node]>, StoreError> {
    let called_at = Instant::now();
    let mut latest = store.barrier.latest.lock().await;
    if let Some((begun, nodes)) = &*latest
        && *begun >= called_at
    {
        return Ok(nodes.clone());
    }
    let begun = Instant::now();
    let mut tx = store.read().await?;
    tx.cap_timeout();
    let nodes: Arc<[Node]> = nodes::all(&mut tx).await?.into();
    *latest = Some((begun, nodes.clone()));
    Ok(nodes)
}

/// Marks nodes that did not acknowledge in time as skipped. Their leases have ended, so from now on they poll before
/// each answer. Returns false if a row had changed or could not be written: the caller must read the rows again.
pub(crate) async fn drop_late(store: &Store, late: &[Node], seq: i64) -> bool {
    let mut dropped_all = true;
    let now = store.time().await.ok().flatten().unwrap_or_else(|| Clock::System.now());
    for node in late {
        store.metrics.missed.inc();
        match drop_one(store, node.clone(), seq, now).await {
            Ok(true) => tracing::warn!(
                node = node.id,
                "a node did not acknowledge a revocation in time; skipped until it catches up"
            ),
            // The node has acknowledged or extended its lease, or another process has skipped it.
            Ok(false) => dropped_all = false,
            Err(error) => {
                tracing::warn!(%error, node = node.id, "could not mark a late node as skipped");
                dropped_all = false;
            }
        }
    }
    dropped_all
}

async fn drop_one(store: &Store, node: Node, seq: i64, now: Timestamp) -> Result<bool, StoreError> {
    let dropped =
        store.write_with(node, move |node, tx| Box::pin(async move { nodes::drop_late(tx, node, seq, now).await }));
    dropped.await
}

impl Store {
    /// Wakes late nodes, once for all changes that are waited for.
    async fn wake_late(&self, late: &[Node]) {
        let up_to = self.barrier.published.load(Ordering::Acquire);
        if self.barrier.woken.fetch_max(up_to, Ordering::AcqRel) >= up_to {
            return;
        }
        if late.iter().any(|node| node.channel == Channel::Listen) {
            self.notify().await;
        }
        for node in late.iter().filter(|node| node.channel == Channel::Http) {
            wake::send_wake_up(node.advertise.clone());
        }
    }

    /// Wakes every node that has not applied this change.
    pub(crate) async fn wake_nodes(&self, seq: i64) {
        self.barrier.published.fetch_max(seq, Ordering::AcqRel);
        if let Ok(all) = read_nodes(self).await {
            self.wake_late(&all).await;
        }
    }
}
