//! The change sequence that every node follows: what to look at again, in the order in which it was committed.
//! The number comes from one locked row, so that a later number never becomes visible before an earlier one.

use super::tx::{execute, fetch_all, fetch_one, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::RealmId;
use crate::protocol::time::Timestamp;

statements! {
    NEXT = "UPDATE change_counter SET value = value + 1 WHERE id = 1 RETURNING value";
    INSERT = "INSERT INTO changes (seq, realm_id, kind, subject, at) VALUES ($1, $2, $3, $4, $5)";
    SINCE = "SELECT seq, realm_id, kind, subject FROM changes WHERE seq > $1 ORDER BY seq LIMIT 1000";
    LEAP = "UPDATE change_counter SET value = value + 1000000 WHERE id = 1";
    LAST = "SELECT value FROM change_counter WHERE id = 1";
}

/// The most changes that are read at once.
pub const PAGE: usize = 1000;

/// What has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A client, by id.
    Client,
    /// A user, by id.
    User,
    /// The signing keys of the realm.
    Key,
    /// A revocation, as `target:subject`.
    Revocation,
    /// The claim mappers.
    Mapper,
    /// The resources that have chosen the header of their tokens.
    Resource,
    /// Something that a newer version knows of: everything is looked at again.
    Unknown,
    /// An address block, by network.
    Block,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::Client, Self::User, Self::Key, Self::Revocation, Self::Mapper, Self::Resource, Self::Block];

    /// Whether something that was accepted until then may have come to an end.
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

/// One change.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its number.
    pub seq: i64,
    /// In which realm.
    pub realm: RealmId,
    /// Of what kind.
    pub kind: Kind,
    /// What exactly.
    pub subject: String,
}

/// Publishes a change to all nodes, when the transaction commits; where it ends something, the answer to the write comes
/// when they have heard of it. Called last in a job, since it locks.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn publish(
    tx: &mut Tx,
    realm: &RealmId,
    kind: Kind,
    subject: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let seq = append(tx, realm.as_str(), kind, subject, now).await?;
    if kind.ends_something() {
        tx.must_be_heard(seq);
    }
    Ok(())
}

/// Publishes that there is another node; the number of the change. It has the shape of a revocation of nothing, which
/// older versions look up in vain.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn announce(tx: &mut Tx, node: &str, now: Timestamp) -> Result<i64, StoreError> {
    append(tx, "", Kind::Revocation, &format!("node:{node}"), now).await
}

async fn append(tx: &mut Tx, realm: &str, kind: Kind, subject: &str, now: Timestamp) -> Result<i64, StoreError> {
    let (seq,): (i64,) = fetch_one!(tx, NEXT, [])?;
    execute!(tx, INSERT, [seq, realm, kind.as_str(), subject, now.as_millis()])?;
    Ok(seq)
}

/// The changes after this number, the oldest first, at most a thousand.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn since(tx: &mut Tx, seq: i64) -> Result<Vec<Change>, StoreError> {
    let rows: Vec<(i64, String, String, String)> = fetch_all!(tx, SINCE, [seq])?;
    let change = |(seq, realm, kind, subject): (i64, String, String, String)| {
        let kind = Kind::ALL.into_iter().find(|known| known.as_str() == kind).unwrap_or(Kind::Unknown);
        Ok(Change { seq, realm: RealmId::from_stored(realm), kind, subject })
    };
    rows.into_iter().map(change).collect()
}

/// The number of the last change.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn last(tx: &mut Tx) -> Result<i64, StoreError> {
    let (value,): (i64,) = fetch_one!(tx, LAST, [])?;
    Ok(value)
}

/// Leaves a gap in the numbers that no node can have heard of: those that go on running read everything anew, though the
/// data, and with it the numbers, went back.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn leap(tx: &mut Tx) -> Result<(), StoreError> {
    execute!(tx, LEAP, []).map(|_| ())
}
