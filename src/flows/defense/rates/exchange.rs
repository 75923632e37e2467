//! The exchange that makes rate limits apply to all nodes together. Requests are counted in their own node's buckets
//! and cost no statement. Once a second each node publishes the requests it has granted, and charges its buckets with
//! those of the others. A cluster of N nodes exceeds a quota by at most the requests that N - 1 of them grant between
//! two exchanges, plus a tenth of the quota for each node, which is below the reporting threshold.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Holder;
use crate::flows::{FlowError, Provider};
use signet_protocol::defense::rate_limit::Limit;
use signet_protocol::time::{Span, Timestamp};
use signet_store::StoreError;
use signet_store::defense::rate_exchanges::{self, RateReport};

/// The longest time from a row's timestamp to its commit.
const LATE: Span = Span::from_secs(10);
/// The time after which a node deletes its rows.
const KEPT: Span = Span::from_minutes(1);
/// The maximum number of holders in one row; the rest is sent with the next row.
pub(crate) const MOST: usize = 1_000;

/// Requests that a node has granted to one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Granted {
    pub(crate) holder: Holder,
    pub(crate) count: u32,
}

/// The reporting threshold: a tenth of the quota.
pub(crate) fn reporting_threshold(limit: Limit) -> u32 {
    (limit.requests / 10).max(1)
}

/// This node's side of the exchange.
pub struct Exchange {
    node: String,
    progress: tokio::sync::Mutex<Progress>,
}

#[derive(Default)]
struct Progress {
    /// The number of this node's last row.
    sent: i64,
    /// The number of the last row read from each other node.
    read_up_to: HashMap<String, i64>,
    /// The time at which rows were last read.
    looked_at: Option<Timestamp>,
}

impl Exchange {
    /// An exchange under a node name that is unique to this process.
    pub fn new(node: String) -> Self {
        Self { node, progress: tokio::sync::Mutex::default() }
    }
}

/// Publishes the requests that this node has granted, above the threshold, and charges the buckets with those of other
/// nodes.
///
/// # Errors
/// [`FlowError`] if the database fails; the counts that were not written are lost.
pub async fn exchange(provider: &Provider, now: Timestamp) -> Result<(), FlowError> {
    let Exchange { node, progress } = &provider.limits.exchange;
    let mut progress = progress.lock().await;
    publish(provider, node, &mut progress, now).await?;
    let since = progress.looked_at.unwrap_or(now).min(now).minus(LATE);
    let mut tx = provider.store.read().await?;
    let reports = rate_exchanges::of_others(&mut tx, node, since).await?;
    drop(tx);
    progress.looked_at = Some(now);
    for RateReport { node, number, granted } in reports {
        let last = progress.read_up_to.entry(node).or_default();
        if number <= *last {
            continue;
        }
        *last = number;
        // A later version may send classes that this one does not have.
        let granted: Vec<Granted> = serde_json::from_str(&granted).unwrap_or_default();
        provider.limits.rates.charge(granted, now);
    }
    if progress.read_up_to.len() > MOST {
        progress.read_up_to.clear();
    }
    Ok(())
}

async fn publish(provider: &Provider, node: &str, progress: &mut Progress, now: Timestamp) -> Result<(), FlowError> {
    let granted = provider.limits.rates.take_granted();
    if granted.is_empty() {
        return Ok(());
    }
    let granted = serde_json::to_string(&granted).map_err(|error| FlowError::Internal(error.to_string()))?;
    progress.sent += 1;
    let report = RateReport { node: node.to_owned(), number: progress.sent, granted };
    let written = provider.store.write_with(report, move |report, tx| {
        Box::pin(async move { rate_exchanges::put(tx, report, now, now.minus(KEPT)).await })
    });
    written.await.map_err(|error: StoreError| error.into())
}
