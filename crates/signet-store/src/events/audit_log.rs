//! Reading, checkpoints and retention of the audit log. Rows are deleted only from the beginning, up to a row that a
//! signed checkpoint covers.

use super::audit::link;
use crate::engine::embedded::row;
use crate::engine::rows;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::events::audit_chain::{Link, Row};
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

/// Selects rows of a realm as [`Stored`].
macro_rules! rows_where {
    ($($clause:literal)*) => {
        concat!(
            "SELECT seq, hash, at, id, event, outcome, actor, user_id, client_id, session_id, address, user_agent, \
             request_id, reason, details FROM audit_events WHERE realm_id = $1 ",
            $($clause),*
        )
    };
}

/// Selects a page of the rows in a period that meet these conditions, after the row that ended the page before.
macro_rules! page_where {
    ($($condition:literal)*) => {
        rows_where!(
            "AND at >= $2 AND at < $3 AND (at > $2 OR id > $4) "
            $($condition)*
            " ORDER BY at, id LIMIT 500"
        )
    };
}

statements! {
    HEAD = "SELECT seq, hash FROM audit_chains WHERE realm_id = $1";
    AFTER = rows_where!("AND seq > $2 ORDER BY seq LIMIT 500");
    FIND = rows_where!("AND id = $2");
    ALL = page_where!();
    OF_EVENT = page_where!("AND event = $5 AND event <> ''");
    OF_ADDRESS = page_where!("AND address = $5 AND address <> '' AND ($6 = '' OR event = $6)");
    OF_CLIENT = page_where!("
        AND client_id = $5
        AND ($6 = '' OR event = $6)
        AND ($7 = '' OR address = $7)
    ");
    OF_USER = page_where!("
        AND user_id = $5
        AND ($6 = '' OR event = $6)
        AND ($7 = '' OR address = $7)
        AND ($8 = '' OR client_id = $8)
    ");
    RECENT = rows_where!("
        AND user_id = $2
        AND at <= $3
        AND (at < $3 OR id < $4)
        ORDER BY at DESC, id DESC LIMIT 50
    ");
    PREVIOUS_LOGIN = "
        SELECT at
        FROM audit_events
        WHERE realm_id = $1 AND user_id = $2 AND at < $3 AND event = 'login' AND outcome = 'success'
        ORDER BY at DESC LIMIT 1
    ";
    UNCHAINED = "SELECT count(*) AS rows FROM audit_events WHERE realm_id = $1 AND seq IS NULL";
    OLDEST_KEPT = "SELECT MIN(seq) AS seq FROM audit_events WHERE realm_id = $1 AND at >= $2 AND seq IS NOT NULL";
    LOWEST = "SELECT seq FROM audit_events WHERE realm_id = $1 AND seq IS NOT NULL ORDER BY seq LIMIT 1";
    HIGHEST = "SELECT seq FROM audit_events WHERE realm_id = $1 AND seq IS NOT NULL ORDER BY seq DESC LIMIT 1";
    AT = "SELECT hash FROM audit_events WHERE realm_id = $1 AND seq = $2";
    DROP_UP_TO = "
        DELETE FROM audit_events
        WHERE id IN (SELECT id FROM audit_events WHERE realm_id = $1 AND seq <= $2 LIMIT 500)
    ";
    DROP_UNCHAINED = "
        DELETE FROM audit_events
        WHERE id IN (SELECT id FROM audit_events WHERE realm_id = $1 AND seq IS NULL AND at < $2 LIMIT 500)
    ";
    CHECKPOINTS = "SELECT number, seq, hash, signed FROM audit_checkpoints WHERE realm_id = $1 ORDER BY number";
    VOUCH = "
        INSERT INTO audit_checkpoints (realm_id, number, seq, hash, at, signed)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, number) DO NOTHING
    ";
    FORGET_ALL = "DELETE FROM audit_checkpoints WHERE realm_id = $1";
    FORGET = "DELETE FROM audit_checkpoints WHERE realm_id = $1 AND number < $2 AND at < $3";
}

/// Limit of rows per read.
pub const PAGE: usize = 500;
/// Limit of rows per deletion.
pub const PORTION: u64 = 500;

/// A stored checkpoint.
#[derive(Clone, Debug)]
pub struct StoredCheckpoint {
    /// The number of the checkpoint, starting at 1.
    pub number: i64,
    /// The last row that it covers.
    pub last: Link,
    /// The checkpoint as a JWS.
    pub signed: String,
}

/// A filter for rows. Empty strings match everything.
#[derive(Clone, Debug)]
pub struct Selection {
    /// Start of the period, inclusive.
    pub from: Timestamp,
    /// End of the period, exclusive.
    pub to: Timestamp,
    pub event: String,
    /// Id of the user concerned.
    pub user: String,
    /// Id of the client concerned.
    pub client: String,
    /// Address of the request.
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
        details: Option<String>,
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
            details: self.details,
        };
        (row, hash)
    }
}

/// Returns the end of the chain.
pub async fn head(tx: &mut Tx, realm: &RealmId) -> Result<Link, StoreError> {
    let row: Option<(i64, Option<Vec<u8>>)> = fetch_optional!(tx, HEAD, [realm.as_str()])?;
    let (seq, hash) = row.ok_or(StoreError::Corrupt("the end of the audit chain"))?;
    link(seq, hash.as_deref())
}

/// Returns the number of a row outside of the chain: below 1 or beyond its end.
pub async fn stray(tx: &mut Tx, realm: &RealmId) -> Result<Option<i64>, StoreError> {
    let lowest: Option<(i64,)> = fetch_optional!(tx, LOWEST, [realm.as_str()])?;
    let highest: Option<(i64,)> = fetch_optional!(tx, HIGHEST, [realm.as_str()])?;
    // Read last: a row that is appended meanwhile moves the end too.
    let end = head(tx, realm).await?;
    let strays = [lowest.filter(|(seq,)| *seq < 1), highest.filter(|(seq,)| *seq > end.seq)];
    Ok(strays.into_iter().flatten().map(|(seq,)| seq).next())
}

/// Returns the row with this id, unless it was deleted.
pub async fn find(tx: &mut Tx, realm: &RealmId, id: &str) -> Result<Option<Row>, StoreError> {
    let row: Option<Stored> = fetch_optional!(tx, FIND, [realm.as_str(), id])?;
    Ok(row.map(|row| row.row().0))
}

/// Returns the next rows of the chain with their hashes, at most [`PAGE`].
pub async fn after(tx: &mut Tx, realm: &RealmId, seq: i64) -> Result<Vec<(Row, Option<Digest>)>, StoreError> {
    let rows: Vec<Stored> = fetch_all!(tx, AFTER, [realm.as_str(), seq])?;
    Ok(rows.into_iter().map(Stored::row).collect())
}

/// Returns the next matching rows after `after`, the oldest first, at most [`PAGE`]. They are found by an index of the
/// user, else of the client, the address or the event.
pub async fn select(
    tx: &mut Tx,
    realm: &RealmId,
    wanted: &Selection,
    after: Option<&Row>,
) -> Result<Vec<Row>, StoreError> {
    let realm = realm.as_str();
    // The page begins where the one before ended, so that no row is read twice.
    let at = after.map_or(wanted.from, |row| row.at.max(wanted.from)).as_millis();
    let id = after.map_or("", |row| row.id.as_str());
    let to = wanted.to.as_millis();
    let Selection { event, user, client, address, .. } = wanted;
    let rows: Vec<Stored> = match [user, client, address, event].map(|value| !value.is_empty()) {
        [true, ..] => fetch_all!(tx, OF_USER, [realm, at, to, id, user, event, address, client])?,
        [_, true, ..] => fetch_all!(tx, OF_CLIENT, [realm, at, to, id, client, event, address])?,
        [_, _, true, _] => fetch_all!(tx, OF_ADDRESS, [realm, at, to, id, address, event])?,
        [.., true] => fetch_all!(tx, OF_EVENT, [realm, at, to, id, event])?,
        [..] => fetch_all!(tx, ALL, [realm, at, to, id])?,
    };
    Ok(rows.into_iter().map(|stored| stored.row().0).collect())
}

/// The number of rows that [`recent`] returns at most.
pub const RECENT_PAGE: usize = 50;

/// A place in the log of a user, before which a page begins.
#[derive(Clone, Debug)]
pub struct Before {
    pub at: Timestamp,
    /// Id of a row of this time.
    pub id: String,
}

/// Returns the rows about a user before this place, the newest first, at most [`RECENT_PAGE`].
pub async fn recent(tx: &mut Tx, realm: &RealmId, user: &UserId, before: &Before) -> Result<Vec<Row>, StoreError> {
    let Before { at, id } = before;
    let rows: Vec<Stored> = fetch_all!(tx, RECENT, [realm.as_str(), user.as_str(), at.as_millis(), id])?;
    Ok(rows.into_iter().map(|stored| stored.row().0).collect())
}

/// Returns the time of the last sign-in of a user before `at`, if its row is kept.
pub async fn previous_login(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    at: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let row: Option<(i64,)> = fetch_optional!(tx, PREVIOUS_LOGIN, [realm.as_str(), user.as_str(), at.as_millis()])?;
    Ok(row.map(|(at,)| Timestamp::from_millis(at)))
}

/// Counts the rows from before the chain was introduced.
pub async fn unchained(tx: &mut Tx, realm: &RealmId) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, UNCHAINED, [realm.as_str()])?;
    Ok(count)
}

/// Returns the last row that is older than `at`. None if no row of the chain is.
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

/// Returns all checkpoints, the oldest first.
pub async fn checkpoints(tx: &mut Tx, realm: &RealmId) -> Result<Vec<StoredCheckpoint>, StoreError> {
    let rows: Vec<(i64, i64, Vec<u8>, String)> = fetch_all!(tx, CHECKPOINTS, [realm.as_str()])?;
    let stored = |(number, seq, hash, signed): (i64, i64, Vec<u8>, String)| {
        Ok(StoredCheckpoint { number, last: Link { seq, hash: rows::digest(&hash)? }, signed })
    };
    rows.into_iter().map(stored).collect()
}

/// Stores a checkpoint, and deletes earlier ones from before `keep_from`.
pub async fn insert_checkpoint(
    tx: &mut Tx,
    realm: &RealmId,
    checkpoint: &StoredCheckpoint,
    at: Timestamp,
    keep_from: Timestamp,
) -> Result<(), StoreError> {
    let StoredCheckpoint { number, last, signed } = checkpoint;
    execute!(tx, VOUCH, [realm.as_str(), number, last.seq, last.hash.as_bytes(), at.as_millis(), signed])?;
    execute!(tx, FORGET, [realm.as_str(), number, keep_from.as_millis()]).map(|_| ())
}

/// Replaces all checkpoints by one that covers them.
pub async fn replace_checkpoints(
    tx: &mut Tx,
    realm: &RealmId,
    checkpoint: &StoredCheckpoint,
    at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, FORGET_ALL, [realm.as_str()])?;
    insert_checkpoint(tx, realm, checkpoint, at, at).await
}

/// Deletes up to [`PORTION`] rows of the chain up to `seq` and returns their number.
pub async fn drop_up_to(tx: &mut Tx, realm: &RealmId, seq: i64) -> Result<u64, StoreError> {
    execute!(tx, DROP_UP_TO, [realm.as_str(), seq])
}

/// Deletes up to [`PORTION`] rows from before the chain that are older than `before`, and returns their number.
pub async fn drop_unchained(tx: &mut Tx, realm: &RealmId, before: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, DROP_UNCHAINED, [realm.as_str(), before.as_millis()])
}
