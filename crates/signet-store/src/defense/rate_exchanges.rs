//! Reports of the requests that nodes have admitted, by which rate limits hold across the cluster. Every other node
//! reads a report once; after some seconds it is useless.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO rate_exchanges (node, number, sent_at, granted) VALUES ($1, $2, $3, $4)";
    FORGET = "DELETE FROM rate_exchanges WHERE node = $1 AND sent_at < $2";
    SINCE = "
        SELECT node, number, granted
        FROM rate_exchanges
        WHERE sent_at >= $1 AND node <> $2
        ORDER BY sent_at, number
    ";
}

/// A report of a node.
#[derive(Clone, Debug)]
pub struct RateReport {
    pub node: String,
    /// Increasing number of the report.
    pub number: i64,
    /// Admitted requests, in the format of the node.
    pub granted: String,
}

/// Writes a report of a node, and deletes its old ones.
pub async fn put(tx: &mut Tx, report: &RateReport, now: Timestamp, keep_from: Timestamp) -> Result<(), StoreError> {
    execute!(tx, FORGET, [&report.node, keep_from.as_millis()])?;
    execute!(tx, INSERT, [&report.node, report.number, now.as_millis(), &report.granted]).map(|_| ())
}

/// Returns the reports of all other nodes since then.
pub async fn of_others(tx: &mut Tx, node: &str, since: Timestamp) -> Result<Vec<RateReport>, StoreError> {
    let rows: Vec<(String, i64, String)> = fetch_all!(tx, SINCE, [since.as_millis(), node])?;
    Ok(rows.into_iter().map(|(node, number, granted)| RateReport { node, number, granted }).collect())
}
