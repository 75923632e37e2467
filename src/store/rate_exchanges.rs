//! What the nodes have granted by their rate limits, each row the news of one node at one time. A row is read by every
//! other node once, and is of no use after some seconds.

use super::tx::{execute, fetch_all, statements};
use super::{StoreError, Tx};
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO rate_exchanges (node, number, sent_at, granted) VALUES ($1, $2, $3, $4)";
    FORGET = "DELETE FROM rate_exchanges WHERE node = $1 AND sent_at < $2";
    SINCE = "SELECT node, number, granted FROM rate_exchanges WHERE sent_at >= $1 AND node <> $2 \
             ORDER BY sent_at, number";
}

/// The news of a node.
#[derive(Clone, Debug)]
pub struct News {
    /// The node.
    pub node: String,
    /// The number of the row, which grows.
    pub number: i64,
    /// What was granted, as the node writes it.
    pub granted: String,
}

/// Writes the news of a node, and forgets its old ones.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn put(tx: &mut Tx, news: &News, now: Timestamp, keep_from: Timestamp) -> Result<(), StoreError> {
    execute!(tx, FORGET, [&news.node, keep_from.as_millis()])?;
    execute!(tx, INSERT, [&news.node, news.number, now.as_millis(), &news.granted]).map(|_| ())
}

/// The news of all other nodes since then.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn of_others(tx: &mut Tx, node: &str, since: Timestamp) -> Result<Vec<News>, StoreError> {
    let rows: Vec<(String, i64, String)> = fetch_all!(tx, SINCE, [since.as_millis(), node])?;
    Ok(rows.into_iter().map(|(node, number, granted)| News { node, number, granted }).collect())
}
