//! Pushed authorization requests (RFC 9126) by the digest of their `request_uri`. A request may be opened repeatedly
//! until a grant consumes it by one guarded write.

use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::node::row_locks;
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO pushed_requests (digest, realm_id, client_id, params, created_at, expires_at, kept_until,
            holder)
        VALUES ($1, $2, $3, $4, $5, $6, $6, $7)
    ";
    OPEN = "SELECT count(*) AS open FROM pushed_requests WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3";
    FIRST_END = "
        SELECT expires_at
        FROM pushed_requests
        WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3
        ORDER BY expires_at LIMIT 1
    ";
    EVICT_OF_CLIENT = "
        DELETE FROM pushed_requests
        WHERE digest IN (
            SELECT digest
            FROM (
                SELECT digest, created_at,
                    row_number() OVER (
                        PARTITION BY holder
                        ORDER BY CASE WHEN kept_until > expires_at THEN 0 ELSE 1 END, created_at DESC
                    ) AS place
                FROM pushed_requests
                WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3
            ) AS ranked
            ORDER BY place DESC, created_at LIMIT $4
        )
    ";
    EVICT = "
        DELETE FROM pushed_requests
        WHERE digest IN (
            SELECT digest
            FROM (
                SELECT digest, created_at,
                    row_number() OVER (
                        PARTITION BY holder
                        ORDER BY CASE WHEN kept_until > expires_at THEN 0 ELSE 1 END, created_at DESC
                    ) AS place
                FROM pushed_requests
                WHERE realm_id = $1
            ) AS ranked
            ORDER BY place DESC, created_at LIMIT $2
        )
    ";
    FIND = "
        SELECT params, expires_at
        FROM pushed_requests
        WHERE digest = $1 AND realm_id = $2 AND client_id = $3 AND used_at IS NULL
    ";
    KEEP = "UPDATE pushed_requests SET kept_until = $3 WHERE digest = $1 AND realm_id = $2 AND kept_until < $3";
    CONSUME = "UPDATE pushed_requests SET used_at = $3 WHERE digest = $1 AND realm_id = $2 AND used_at IS NULL";
    COUNT = "SELECT realm_id, count(*) AS kept FROM pushed_requests GROUP BY realm_id";
    OF_REALM = "SELECT count(*) AS kept FROM pushed_requests WHERE realm_id = $1";
}

/// Limit of open requests of one client.
const OF_ONE_CLIENT: i64 = 10_000;
/// Number of open requests from which the client's row is locked for the count. The rest of the limit exceeds the
/// number of concurrent transactions.
const NEARLY_FULL: i64 = OF_ONE_CLIENT - 1_000;
/// Number of requests removed at once when a public client is at its limit.
const BATCH: i64 = 500;

/// The share of a client's limit to which a request counts.
#[derive(Clone, Debug)]
pub enum Holder {
    /// The client, if it is confidential.
    Client,
    /// A network: anyone can send requests of a public client.
    Network(String),
}

/// The outcome of [`insert`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    Stored,
    /// The client is at its limit; the earliest of its requests expires at this time.
    Full(Timestamp),
}

#[derive(Clone)]
pub struct PushedRequest {
    /// The request's parameters, form-encoded.
    pub params: String,
    /// Time until which it may be opened.
    pub expires_at: Timestamp,
}

/// A request to be stored.
#[derive(Clone)]
pub struct NewRequest {
    /// Digest of its `request_uri`.
    pub digest: Digest,
    pub client: ClientId,
    pub holder: Holder,
    pub pushed: PushedRequest,
}

/// Stores a request. At the limit a confidential client is refused; for a public client the network with the most
/// requests loses its oldest.
pub async fn insert(
    tx: &mut Tx,
    realm: &RealmId,
    request: &NewRequest,
    now: Timestamp,
) -> Result<Inserted, StoreError> {
    let NewRequest { digest, client, holder, pushed } = request;
    let counted_alone_from = match holder {
        Holder::Client => NEARLY_FULL,
        Holder::Network(_) => OF_ONE_CLIENT,
    };
    let mut open = open_requests(tx, realm, client, now).await?;
    if open >= counted_alone_from {
        row_locks::client(tx, realm, client).await?;
        open = open_requests(tx, realm, client, now).await?;
    }
    let holder = match holder {
        Holder::Client if open >= OF_ONE_CLIENT => {
            let (end,): (i64,) = fetch_one!(tx, FIRST_END, [realm.as_str(), client.as_str(), now.as_millis()])?;
            return Ok(Inserted::Full(Timestamp::from_millis(end)));
        }
        Holder::Client => format!("client:{}", client.as_str()),
        Holder::Network(network) => {
            if open >= OF_ONE_CLIENT {
                execute!(tx, EVICT_OF_CLIENT, [realm.as_str(), client.as_str(), now.as_millis(), BATCH])?;
            }
            network.clone()
        }
    };
    execute!(
        tx,
        INSERT,
        [
            digest.as_bytes(),
            realm.as_str(),
            client.as_str(),
            &pushed.params,
            now.as_millis(),
            pushed.expires_at.as_millis(),
            &holder
        ]
    )
    .map(|_| Inserted::Stored)
}

async fn open_requests(tx: &mut Tx, realm: &RealmId, client: &ClientId, now: Timestamp) -> Result<i64, StoreError> {
    let (open,): (i64,) = fetch_one!(tx, OPEN, [realm.as_str(), client.as_str(), now.as_millis()])?;
    Ok(open)
}

/// Reduces the requests of a realm to `most` and returns the number left. The client or network with the most loses its
/// oldest first; requests with a sign-in in progress go last.
pub async fn trim(tx: &mut Tx, realm: &RealmId, most: i64) -> Result<i64, StoreError> {
    let (kept,): (i64,) = fetch_one!(tx, OF_REALM, [realm.as_str()])?;
    if kept <= most {
        return Ok(kept);
    }
    let evicted = execute!(tx, EVICT, [realm.as_str(), kept - most])?;
    Ok(kept.saturating_sub(i64::try_from(evicted).unwrap_or(i64::MAX)))
}

/// Returns an unconsumed request of this client, even if it has expired: the caller must check `expires_at`.
pub async fn find(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    digest: Digest,
) -> Result<Option<PushedRequest>, StoreError> {
    let row: Option<(String, i64)> = fetch_optional!(tx, FIND, [digest.as_bytes(), realm.as_str(), client.as_str()])?;
    Ok(row.map(|(params, expires_at)| PushedRequest { params, expires_at: Timestamp::from_millis(expires_at) }))
}

/// Consumes a request. Returns false if it was consumed before.
pub async fn consume(tx: &mut Tx, realm: &RealmId, digest: Digest, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, CONSUME, [digest.as_bytes(), realm.as_str(), now.as_millis()]).map(one)
}

/// Delays the deletion of a request for a sign-in in progress. It does not extend its validity.
pub async fn keep(tx: &mut Tx, realm: &RealmId, digest: Digest, until: Timestamp) -> Result<(), StoreError> {
    execute!(tx, KEEP, [digest.as_bytes(), realm.as_str(), until.as_millis()]).map(|_| ())
}

/// Counts the requests of each realm, for the limit on data that strangers can create.
pub async fn count(tx: &mut Tx) -> Result<Vec<(RealmId, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = fetch_all!(tx, COUNT, [])?;
    Ok(rows.into_iter().map(|(realm, count)| (RealmId::from_stored(realm), count)).collect())
}
