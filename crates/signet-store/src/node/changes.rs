//! The change sequence that every node follows to invalidate its memory. Numbers come from one locked row, so they
//! become visible in order.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one};
use crate::{StoreError, Tx};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;

statements! {
    NEXT = "UPDATE change_counter SET value = value + 1 WHERE id = 1 RETURNING value";
    INSERT = "INSERT INTO changes (seq, realm_id, kind, subject, at) VALUES ($1, $2, $3, $4, $5)";
    SINCE = "SELECT seq, realm_id, kind, subject FROM changes WHERE seq > $1 ORDER BY seq LIMIT 1000";
    LEAP = "UPDATE change_counter SET value = value + 1000000 WHERE id = 1";
    LAST = "SELECT value FROM change_counter WHERE id = 1";
}

/// Limit of changes per read.
pub const PAGE: usize = 1000;

/// The kind of object that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Client,
    User,
    Key,
    /// The subject is `target:subject`.
    Revocation,
    Mapper,
    Resource,
    /// Written by a newer version: everything is reloaded.
    Unknown,
    /// The subject is the network.
    Block,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Client, Self::User, Self::Key, Self::Revocation, Self::Mapper, Self::Resource, Self::Block];

    /// Returns true if the change may revoke something, so that a write must wait for all nodes.
    const fn ends_something(self) -> bool {
        match self {
            Self::Client | Self::User | Self::Key | Self::Revocation => true,
            Self::Mapper | Self::Resource | Self::Unknown | Self::Block => false,
        }
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::User => "user",
            Self::Key => "key",
            Self::Revocation => "revocation",
            Self::Mapper => "mapper",
            Self::Resource => "resource",
            Self::Unknown => "unknown",
            Self::Block => "block",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Change {
    pub seq: i64,
    pub realm: RealmId,
    pub kind: Kind,
    /// Id of the object, in a form that depends on the kind.
    pub subject: String,
}

/// Publishes a change to all nodes with the commit. If it may revoke something, the write waits until all nodes have
/// applied it. Call it last in a job, since it locks the counter.
pub async fn publish(
    tx: &mut Tx,
    realm: &RealmId,
    kind: Kind,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let seq = append(tx, realm.as_str(), kind, subject, now).await?;
    if kind.ends_something() {
        tx.await_acknowledgment(seq);
    }
    Ok(())
}

/// Announces a new node and returns the number of the change. Written as a revocation that does not exist, which older
/// versions ignore.
pub async fn announce(tx: &mut Tx, node: &str, now: Timestamp) -> Result<i64, StoreError> {
    append(tx, "", Kind::Revocation, &format!("node:{node}"), now).await
}

async fn append(tx: &mut Tx, realm: &str, kind: Kind, subject: &str, now: Timestamp) -> Result<i64, StoreError> {
    let (seq,): (i64,) = fetch_one!(tx, NEXT, [])?;
    execute!(tx, INSERT, [seq, realm, kind.as_str(), subject, now.as_millis()])?;
    Ok(seq)
}

/// Returns the changes after this number in order, at most [`PAGE`].
pub async fn since(tx: &mut Tx, seq: i64) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<(i64, String, String, String)> = fetch_all!(tx, SINCE, [seq])?;
    let change = |(seq, realm, kind, subject): (i64, String, String, String)| {
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap_or(Kind::Unknown);
        Ok(Change { seq, realm: RealmId::from_stored(realm), kind, subject })
    };
    rows.into_iter().map(change).collect()
}

/// Returns the number of the last change.
pub async fn last(tx: &mut Tx) -> Result<i64, StoreError> {
    let (value,): (i64,) = fetch_one!(tx, LAST, [])?;
    Ok(value)
}

/// Skips a million numbers after a restore, so that running nodes see a gap and reload, although the restored counter
/// is lower than theirs.
pub async fn leap(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, LEAP, []).map(|_| ())
}
