//! Rows of the server processes on one database, with the last change that each has applied.

use std::time::Duration;

use crate::engine::embedded::row;
use crate::engine::rows::one;
use crate::engine::statement::{Statement, statements};
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::time::Timestamp;

statements! {
    JOIN = "
        INSERT INTO nodes (id, started_at, heard_seq, heard_at, lease_ms, channel, advertise)
        VALUES ($1, $2, $3, $2, 0, $4, $5)
        ON CONFLICT (id)
        DO UPDATE SET heard_seq = excluded.heard_seq, heard_at = excluded.heard_at, lease_ms = 0,
            channel = excluded.channel, advertise = excluded.advertise, dropped_at = NULL
    ";
    ACKNOWLEDGE = "
        UPDATE nodes
        SET heard_seq = $2, heard_at = $3, lease_ms = $4, channel = $5
        WHERE id = $1 AND dropped_at IS NULL
    ";
    RETURN = "
        UPDATE nodes
        SET heard_seq = $2, heard_at = $3, lease_ms = $4, channel = $5, dropped_at = NULL
        WHERE id = $1
    ";
    ALL = "SELECT id, heard_seq, heard_at, lease_ms, channel, advertise, dropped_at FROM nodes ORDER BY id";
    DROP_LATE = "
        UPDATE nodes
        SET dropped_at = $2
        WHERE id = $1 AND heard_seq < $3 AND lease_ms <= $4 AND dropped_at IS NULL
    ";
    REMOVE = "DELETE FROM nodes WHERE id = $1";
    REMOVE_SILENT = "DELETE FROM nodes WHERE id = $1 AND heard_at = $2";
}

/// Channel by which a node is woken after a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// None; the node polls.
    None,
    /// Notifications of PostgreSQL.
    Listen,
    Http,
}

impl Channel {
    const ALL: [Self; 3] = [Self::None, Self::Listen, Self::Http];

    const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Listen => "listen",
            Self::Http => "http",
        }
    }
}

/// A row of a node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Id with host and process.
    pub id: String,
    /// Number of the last change that it has applied.
    pub heard_seq: i64,
    /// Time of its last write of the row.
    pub heard_at: Timestamp,
    /// Time after a poll during which it answers from memory; zero if it polls before each answer.
    pub lease: Duration,
    pub channel: Channel,
    /// Base URL of the wake-up request for [`Channel::Http`].
    pub advertise: String,
    /// True if writes do not wait for it until it has caught up.
    pub is_dropped: bool,
}

/// The values that a node writes to its row.
#[derive(Clone, Debug)]
pub struct NodeRow {
    pub id: String,
    /// Number of the last change that it has applied.
    pub heard_seq: i64,
    pub heard_at: Timestamp,
    pub lease: Duration,
    pub channel: Channel,
}

fn millis(lease: Duration) -> i64 {
    i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)
}

row! {
    #[derive(Debug)]
    struct Row {
        id: String,
        heard_seq: i64,
        heard_at: i64,
        lease_ms: i64,
        channel: String,
        advertise: String,
        dropped_at: Option<i64>,
    }
}

/// Adds a node without a lease.
pub async fn join(tx: &mut Tx, node: &NodeRow, advertise: &str) -> Result<(), StoreError> {
    let at = node.heard_at.as_millis();
    let channel = node.channel.as_str();
    execute!(tx, JOIN, [node.id.as_str(), at, node.heard_seq, channel, advertise]).map(|_| ())
}

/// Writes the last change that a node has applied. Returns false if it was skipped or removed, so that writes no longer
/// wait for it.
pub async fn acknowledge(tx: &mut Tx, node: &NodeRow) -> Result<bool, StoreError> {
    write(tx, ACKNOWLEDGE, node).await
}

/// Lets writes wait again for a skipped node. Returns false if it was removed.
pub async fn rejoin(tx: &mut Tx, node: &NodeRow) -> Result<bool, StoreError> {
    write(tx, RETURN, node).await
}

async fn write(tx: &mut Tx, statement: &'static Statement, node: &NodeRow) -> Result<bool, StoreError> {
    let at = node.heard_at.as_millis();
    let lease = millis(node.lease);
    let channel = node.channel.as_str();
    execute!(tx, statement, [node.id.as_str(), node.heard_seq, at, lease, channel]).map(one)
}

pub async fn all(tx: &mut Tx) -> Result<Vec<Node>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, ALL, [])?;
    let node = |row: Row| Node {
        heard_seq: row.heard_seq,
        heard_at: Timestamp::from_millis(row.heard_at),
        lease: Duration::from_millis(row.lease_ms.unsigned_abs()),
        // An unknown channel of a newer version counts as polling.
        channel: Channel::ALL.into_iter().find(|known| known.as_str() == row.channel).unwrap_or(Channel::None),
        advertise: row.advertise,
        is_dropped: row.dropped_at.is_some(),
        id: row.id,
    };
    Ok(rows.into_iter().map(node).collect())
}

/// Marks a node as skipped that has not acknowledged a change. Returns false if it has meanwhile acknowledged it,
/// extended its lease, or been skipped.
pub async fn drop_late(tx: &mut Tx, node: &Node, seq: i64, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, DROP_LATE, [node.id.as_str(), now.as_millis(), seq, millis(node.lease)]).map(one)
}

pub async fn remove(tx: &mut Tx, id: &str) -> Result<(), StoreError> {
    execute!(tx, REMOVE, [id]).map(|_| ())
}

/// Removes a node that has not written its row since `heard_at`.
pub async fn remove_silent(tx: &mut Tx, id: &str, heard_at: Timestamp) -> Result<(), StoreError> {
    execute!(tx, REMOVE_SILENT, [id, heard_at.as_millis()]).map(|_| ())
}
