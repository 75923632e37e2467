//! Pushed authorization requests (RFC 9126), by the digest of their `request_uri`. One may be opened again until
//! something has been granted by it, which one guarded write notes.

use super::rows::one;
use super::tx::{execute, fetch_all, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx, row_locks};
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO pushed_requests \
                  (digest, realm_id, client_id, params, created_at, expires_at, kept_until, holder) \
              VALUES ($1, $2, $3, $4, $5, $6, $6, $7)";
    OPEN = "SELECT count(*) AS open FROM pushed_requests WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3";
    FIRST_END = "SELECT expires_at FROM pushed_requests \
                 WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3 ORDER BY expires_at LIMIT 1";
    EVICT_OF_CLIENT = "DELETE FROM pushed_requests WHERE digest IN (SELECT digest FROM ( \
                           SELECT digest, created_at, row_number() OVER (PARTITION BY holder \
                               ORDER BY CASE WHEN kept_until > expires_at THEN 0 ELSE 1 END, created_at DESC) AS place \
                           FROM pushed_requests WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3 \
                       ) AS ranked ORDER BY place DESC, created_at LIMIT $4)";
    EVICT = "DELETE FROM pushed_requests WHERE digest IN (SELECT digest FROM ( \
                 SELECT digest, created_at, row_number() OVER (PARTITION BY holder \
                     ORDER BY CASE WHEN kept_until > expires_at THEN 0 ELSE 1 END, created_at DESC) AS place \
                 FROM pushed_requests WHERE realm_id = $1 \
             ) AS ranked ORDER BY place DESC, created_at LIMIT $2)";
    FIND = "SELECT params, expires_at FROM pushed_requests WHERE digest = $1 AND realm_id = $2 AND client_id = $3 AND used_at IS NULL";
    KEEP = "UPDATE pushed_requests SET kept_until = $3 WHERE digest = $1 AND realm_id = $2 AND kept_until < $3";
    CONSUME = "UPDATE pushed_requests SET used_at = $3 WHERE digest = $1 AND realm_id = $2 AND used_at IS NULL";
    COUNT = "SELECT realm_id, count(*) AS kept FROM pushed_requests GROUP BY realm_id";
    OF_REALM = "SELECT count(*) AS kept FROM pushed_requests WHERE realm_id = $1";
}

/// The most requests of one client that may be open at a time.
const OF_ONE_CLIENT: i64 = 10_000;
/// From how many on a client's requests are counted by one transaction at a time. The rest of the allowance is more than
/// there can be transactions at once.
const NEARLY_FULL: i64 = OF_ONE_CLIENT - 1_000;
/// How many of a public client's requests are removed at once where it has that many.
const BATCH: i64 = 500;

/// The share of a client's allowance that a request counts for.
#[derive(Clone, Debug)]
pub enum Holder {
    /// That of the client, which has authenticated.
    Client,
    /// That of a network: the id of a public client is known to all.
    Network(String),
}

/// The outcome of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// The request is kept.
    Kept,
    /// The client has too many open; the first of them ends then.
    Full(Timestamp),
}

/// A request that was pushed.
#[derive(Clone)]
pub struct PushedRequest {
    /// Its parameters as a form.
    pub params: String,
    /// Until when it may be opened.
    pub expires_at: Timestamp,
}

/// A request to be kept.
#[derive(Clone)]
pub struct NewRequest {
    /// The digest of its `request_uri`.
    pub digest: Digest,
    /// The client that pushed it.
    pub client: ClientId,
    /// The share that it counts for.
    pub holder: Holder,
    /// What was pushed.
    pub pushed: PushedRequest,
}

/// Keeps a request. A client that has too many is refused; of a public one the network with the most loses its oldest.
///
/// # Errors
/// [`StoreError`] where the database fails.
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
    .map(|_| Inserted::Kept)
}

async fn open_requests(tx: &mut Tx, realm: &RealmId, client: &ClientId, now: Timestamp) -> Result<i64, StoreError> {
    let (open,): (i64,) = fetch_one!(tx, OPEN, [realm.as_str(), client.as_str(), now.as_millis()])?;
    Ok(open)
}

/// Removes as many requests of a realm as it has more than `most`; how many are left. The client or network with the
/// most loses its oldest first, those that a person is signing in for last.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn trim(tx: &mut Tx, realm: &RealmId, most: i64) -> Result<i64, StoreError> {
    let (kept,): (i64,) = fetch_one!(tx, OF_REALM, [realm.as_str()])?;
    if kept <= most {
        return Ok(kept);
    }
    let evicted = execute!(tx, EVICT, [realm.as_str(), kept - most])?;
    Ok(kept.saturating_sub(i64::try_from(evicted).unwrap_or(i64::MAX)))
}

/// The request that this client pushed, unless something has been granted by it. Expiry is for the caller to see.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    digest: Digest,
) -> Result<Option<PushedRequest>, StoreError> {
    let row: Option<(String, i64)> = fetch_optional!(tx, FIND, [digest.as_bytes(), realm.as_str(), client.as_str()])?;
    Ok(row.map(|(params, expires_at)| PushedRequest { params, expires_at: Timestamp::from_millis(expires_at) }))
}

/// Notes that something is granted by the request; whether this is the first time.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn consume(tx: &mut Tx, realm: &RealmId, digest: Digest, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, CONSUME, [digest.as_bytes(), realm.as_str(), now.as_millis()]).map(one)
}

/// Keeps a request, though it may not be opened any more, for somebody who is signing in for it.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn keep(tx: &mut Tx, realm: &RealmId, digest: Digest, until: Timestamp) -> Result<(), StoreError> {
    execute!(tx, KEEP, [digest.as_bytes(), realm.as_str(), until.as_millis()]).map(|_| ())
}

/// How many requests there are in each realm, for the cap on what strangers can make the server keep.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn count(tx: &mut Tx) -> Result<Vec<(RealmId, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = fetch_all!(tx, COUNT, [])?;
    Ok(rows.into_iter().map(|(realm, count)| (RealmId::from_stored(realm), count)).collect())
}
