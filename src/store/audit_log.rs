//! The audit log as it is read, vouched for and shortened. Rows leave it in one way only: from its beginning, after a
//! signed checkpoint has said so.

use super::audit::link;
use super::embedded::row;
use super::rows;
use super::tx::{execute, fetch_all, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::audit_chain::{Link, Row};
use crate::protocol::ids::RealmId;
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

statements! {
    HEAD = "SELECT seq, hash FROM audit_chains WHERE realm_id = $1";
    AFTER = "SELECT seq, hash, at, id, event, outcome, actor, user_id, client_id, session_id, address, user_agent, request_id, reason FROM audit_events WHERE realm_id = $1 AND seq > $2 ORDER BY seq LIMIT 500";
    FIND = "SELECT seq, hash, at, id, event, outcome, actor, user_id, client_id, session_id, address, user_agent, request_id, reason FROM audit_events WHERE realm_id = $1 AND id = $2";
    BETWEEN = "SELECT seq, hash, at, id, event, outcome, actor, user_id, client_id, session_id, address, user_agent, \
        request_id, reason \
        FROM audit_events \
        WHERE realm_id = $1 AND at >= $2 AND at < $3 AND ($4 = '' OR event = $4) \
        AND (at > $5 OR (at = $5 AND id > $6)) \
        AND ($7 = '' OR user_id = $7) AND ($8 = '' OR client_id = $8) AND ($9 = '' OR address = $9) \
        ORDER BY at, id LIMIT 500";
    UNCHAINED = "SELECT count(*) AS rows FROM audit_events WHERE realm_id = $1 AND seq IS NULL";
    OLDEST_KEPT = "SELECT MIN(seq) AS seq FROM audit_events WHERE realm_id = $1 AND at >= $2 AND seq IS NOT NULL";
    LOWEST = "SELECT seq FROM audit_events WHERE realm_id = $1 AND seq IS NOT NULL ORDER BY seq LIMIT 1";
    HIGHEST = "SELECT seq FROM audit_events WHERE realm_id = $1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
    AT = "SELECT hash FROM audit_events WHERE realm_id = $1 AND seq = $2";
    DROP_UP_TO = "DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE realm_id = $1 AND seq <= $2 LIMIT 500)";
    DROP_UNCHAINED = "DELETE FROM audit_events WHERE id IN (SELECT id FROM audit_events WHERE realm_id = $1 AND seq IS NULL AND at < $2 LIMIT 500)";
    CHECKPOINTS = "SELECT number, seq, hash, signed FROM audit_checkpoints WHERE realm_id = $1 ORDER BY number";
    VOUCH = "INSERT INTO audit_checkpoints (realm_id, number, seq, hash, at, signed) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (realm_id, number) DO NOTHING";
    FORGET_ALL = "DELETE FROM audit_checkpoints WHERE realm_id = $1";
    FORGET = "DELETE FROM audit_checkpoints WHERE realm_id = $1 AND number < $2 AND at < $3";
}

/// The most rows that are read at once.
pub const PAGE: usize = 500;
/// The most rows that are deleted at once.
pub const PORTION: u64 = 500;

/// A checkpoint as it is stored.
#[derive(Clone, Debug)]
pub struct StoredCheckpoint {
    /// Its number, rising.
    pub number: i64,
    /// The row that it vouches for.
    pub last: Link,
    /// The JWS that says so.
    pub signed: String,
}

/// Which rows to read.
#[derive(Clone, Debug)]
pub struct Selection {
    /// From when on.
    pub from: Timestamp,
    /// Until before when.
    pub to: Timestamp,
    /// The event; all where it is empty.
    pub event: String,
    /// The id of the user concerned; all where it is empty.
    pub user: String,
    /// The client concerned; all where it is empty.
    pub client: String,
    /// The address that the request came from; all where it is empty.
    pub address: String,
}

row! {
    struct Stored {
        seq: Option<i64>,
        hash: Option<Vec<u8>>,
        at: i64,
        id: String,
        event: String,
        outcome: String,
        actor: String,
        user_id: Option<String>,
        client_id: Option<String>,
        session_id: Option<String>,
        address: String,
        user_agent: String,
        request_id: String,
        reason: String,
    }
}

impl Stored {
    fn row(self) -> (Row, Option<Digest>) {
        let hash = self.hash.as_deref().and_then(Digest::from_stored);
        let row = Row {
            seq: self.seq,
            at: Timestamp::from_millis(self.at),
            id: self.id,
            event: self.event,
            outcome: self.outcome,
            actor: self.actor,
            user: self.user_id,
            client: self.client_id,
            session: self.session_id,
            address: self.address,
            user_agent: self.user_agent,
            request_id: self.request_id,
            reason: self.reason,
        };
        (row, hash)
    }
}

/// The end of the chain.
///
/// # Errors
/// [`StoreError::Corrupt`] where the realm has none.
pub async fn head(tx: &mut Tx, realm: &RealmId) -> Result<Link, StoreError> {
    let row: Option<(i64, Option<Vec<u8>>)> = fetch_optional!(tx, HEAD, [realm.as_str()])?;
    let (seq, hash) = row.ok_or(StoreError::Corrupt("the end of the audit chain"))?;
    link(seq, hash.as_deref())
}

/// The number of a row that the chain cannot have: below 1, or beyond its end.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn stray(tx: &mut Tx, realm: &RealmId) -> Result<Option<i64>, StoreError> {
    let lowest: Option<(i64,)> = fetch_optional!(tx, LOWEST, [realm.as_str()])?;
    let highest: Option<(i64,)> = fetch_optional!(tx, HIGHEST, [realm.as_str()])?;
    // Read last: a row that is appended meanwhile moves the end with it.
    let end = head(tx, realm).await?;
    let strays = [lowest.filter(|(seq,)| *seq < 1), highest.filter(|(seq,)| *seq > end.seq)];
    Ok(strays.into_iter().flatten().map(|(seq,)| seq).next())
}

/// The row with this id, as long as it is kept.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(tx: &mut Tx, realm: &RealmId, id: &str) -> Result<Option<Row>, StoreError> {
    let row: Option<Stored> = fetch_optional!(tx, FIND, [realm.as_str(), id])?;
    Ok(row.map(|row| row.row().0))
}

/// The next rows of the chain with their hashes, at most [`PAGE`].
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn after(tx: &mut Tx, realm: &RealmId, seq: i64) -> Result<Vec<(Row, Option<Digest>)>, StoreError> {
    let rows: Vec<Stored> = fetch_all!(tx, AFTER, [realm.as_str(), seq])?;
    Ok(rows.into_iter().map(Stored::row).collect())
}

/// The next selected rows after this one, the oldest first, at most [`PAGE`].
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn select(
    tx: &mut Tx,
    realm: &RealmId,
    wanted: &Selection,
    after: Option<&Row>,
) -> Result<Vec<Row>, StoreError> {
    let (at, id) = after.map_or((i64::MIN, ""), |row| (row.at.as_millis(), row.id.as_str()));
    let (from, to) = (wanted.from.as_millis(), wanted.to.as_millis());
    let Selection { event, user, client, address, .. } = wanted;
    let rows: Vec<Stored> = fetch_all!(tx, BETWEEN, [realm.as_str(), from, to, event, at, id, user, client, address])?;
    Ok(rows.into_iter().map(|stored| stored.row().0).collect())
}

/// How many rows there are that are older than the chain.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn unchained(tx: &mut Tx, realm: &RealmId) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, UNCHAINED, [realm.as_str()])?;
    Ok(count)
}

/// The last row before the first that is not older than this, or the end of the chain where all are older.
/// Nothing where no row of the chain would be left out.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn last_before(tx: &mut Tx, realm: &RealmId, at: Timestamp) -> Result<Option<Link>, StoreError> {
    let end = head(tx, realm).await?;
    let (kept,): (Option<i64>,) = fetch_one!(tx, OLDEST_KEPT, [realm.as_str(), at.as_millis()])?;
    let seq = kept.map_or(end.seq, |kept| kept.saturating_sub(1));
    let row: Option<(Option<Vec<u8>>,)> = fetch_optional!(tx, AT, [realm.as_str(), seq])?;
    match row {
        Some((Some(hash),)) => Ok(Some(Link { seq, hash: rows::digest(&hash)? })),
        Some((None,)) | None => Ok(None),
    }
}

/// All checkpoints, the oldest first.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn checkpoints(tx: &mut Tx, realm: &RealmId) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let rows: Vec<(i64, i64, Vec<u8>, String)> = fetch_all!(tx, CHECKPOINTS, [realm.as_str()])?;
    let stored = |(number, seq, hash, signed): (i64, i64, Vec<u8>, String)| {
        Ok(StoredCheckpoint { number, last: Link { seq, hash: rows::digest(&hash)? }, signed })
    };
    rows.into_iter().map(stored).collect()
}

/// Stores a checkpoint, and forgets those before it that are older than `before`.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn vouch(
    tx: &mut Tx,
    realm: &RealmId,
    checkpoint: &StoredCheckpoint,
    (at, before): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    let StoredCheckpoint { number, last, signed } = checkpoint;
    execute!(tx, VOUCH, [realm.as_str(), number, last.seq, last.hash.as_bytes(), at.as_millis(), signed])?;
    execute!(tx, FORGET, [realm.as_str(), number, before.as_millis()]).map(|_| ())
}

/// Puts one checkpoint in the place of all others, which it covers.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn vouch_anew(
    tx: &mut Tx,
    realm: &RealmId,
    checkpoint: &StoredCheckpoint,
    at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, FORGET_ALL, [realm.as_str()])?;
    vouch(tx, realm, checkpoint, (at, at)).await
}

/// Deletes a portion of the rows of the chain up to this one; how many there were.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn drop_up_to(tx: &mut Tx, realm: &RealmId, seq: i64) -> Result<u64, StoreError> {
    execute!(tx, DROP_UP_TO, [realm.as_str(), seq])
}

/// Deletes a portion of the rows that are older than the chain and than this; how many there were.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn drop_unchained(tx: &mut Tx, realm: &RealmId, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, DROP_UNCHAINED, [realm.as_str(), before.as_millis()])
}
