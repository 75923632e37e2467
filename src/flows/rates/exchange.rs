//! The exchange by which rate limits hold for all nodes together. Requests ask the buckets of their own node and cost
//! no statement; once a second each node writes down what it has granted and charges its buckets with what the others
//! have. A cluster of N nodes exceeds a quota by at most what N - 1 of them grant within one exchange, and a tenth of
//! the quota for each of them, which is not worth a row.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Holder;
use crate::flows::{FlowError, Provider};
use crate::protocol::rate_limit::Limit;
use crate::protocol::time::{Span, Timestamp};
use crate::store::StoreError;
use crate::store::rate_exchanges::{self, News};

/// How long a row may take from its time to its commit.
const LATE: Span = Span::from_secs(10);
/// How long a node leaves its rows.
const KEPT: Span = Span::from_minutes(1);
/// The most holders of one row; those that are left come with the next.
pub(super) const MOST: usize = 1_000;

/// Requests that a node has granted to one holder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Granted {
    pub(super) holder: Holder,
    pub(super) count: u32,
}

/// The least number of granted requests that other nodes hear of: a tenth of the quota.
pub(super) fn worth_telling(limit: Limit) -> u32 {
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
    /// The number of the last row of each other node.
    heard: HashMap<String, i64>,
    /// When rows were last read.
    looked_at: Option<Timestamp>,
}

impl Exchange {
    /// An exchange under a name that no other node has, and no earlier life of this one.
    pub fn new(node: String) -> Self {
        Self { node, progress: tokio::sync::Mutex::default() }
    }
}

/// Tells the other nodes what this one has granted, where it is worth a row, and charges the buckets with theirs.
///
/// # Errors
/// [`FlowError`] where the database fails; what was not written then is lost.
pub async fn exchange(provider: &Provider, now: Timestamp) -> Result<(), FlowError> {
    let Exchange { node, progress } = &provider.exchange;
    let mut progress = progress.lock().await;
    tell(provider, node, &mut progress, now).await?;
    let since = progress.looked_at.unwrap_or(now).min(now).minus(LATE);
    let mut tx = provider.store.read().await?;
    let news = rate_exchanges::of_others(&mut tx, node, since).await?;
    drop(tx);
    progress.looked_at = Some(now);
    for News { node, number, granted } in news {
        let heard = progress.heard.entry(node).or_default();
        if number <= *heard {
            continue;
        }
        *heard = number;
        // A node of a later version may know classes that this one does not.
        let granted: Vec<Granted> = serde_json::from_str(&granted).unwrap_or_default();
        provider.rates.charge(granted, now);
    }
    if progress.heard.len() > MOST {
        progress.heard.clear();
    }
    Ok(())
}

async fn tell(provider: &Provider, node: &str, progress: &mut Progress, now: Timestamp) -> Result<(), FlowError> {
    let granted = provider.rates.take_granted();
    if granted.is_empty() {
        return Ok(());
    }
    let granted = serde_json::to_string(&granted).map_err(|error| FlowError::Internal(error.to_string()))?;
    progress.sent += 1;
    let news = News { node: node.to_owned(), number: progress.sent, granted };
    let written = provider.store.write(move |tx| {
        let news = news.clone();
        Box::pin(async move { rate_exchanges::put(tx, &news, now, now.minus(KEPT)).await })
    });
    written.await.map_err(|error: StoreError| error.into())
}
