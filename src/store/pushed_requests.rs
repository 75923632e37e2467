//! Pushed authorization requests (RFC 9126), by the digest of their `request_uri`. One may be opened again until
//! something has been granted by it, which one guarded write notes.

use super::rows::one;
use super::tx::{execute, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx, row_locks};
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO pushed_requests (digest, realm_id, client_id, params, created_at, expires_at, kept_until) VALUES ($1, $2, $3, $4, $5, $6, $6)";
    OPEN = "SELECT count(*) AS open FROM pushed_requests WHERE realm_id = $1 AND client_id = $2 AND expires_at > $3";
    FIND = "SELECT params, expires_at FROM pushed_requests WHERE digest = $1 AND realm_id = $2 AND client_id = $3 AND used_at IS NULL";
    KEEP = "UPDATE pushed_requests SET kept_until = $3 WHERE digest = $1 AND realm_id = $2 AND kept_until < $3";
    CONSUME = "UPDATE pushed_requests SET used_at = $3 WHERE digest = $1 AND realm_id = $2 AND used_at IS NULL";
    COUNT = "SELECT count(*) AS kept FROM pushed_requests";
}

/// The most requests of one client that may be open at a time: whoever knows the id of a public client can push.
const OF_ONE_CLIENT: i64 = 10_000;

/// A request that was pushed.
#[derive(Clone)]
pub struct PushedRequest {
    /// Its parameters as a form.
    pub params: String,
    /// Until when it may be opened.
    pub expires_at: Timestamp,
}

/// Takes a request, if the client has not too many already; whether it did.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn insert(
    tx: &mut Tx,
    (realm, client): (&RealmId, &ClientId),
    digest: Digest,
    pushed: &PushedRequest,
    now: Timestamp,
) -> Result<bool, StoreError> {
    row_locks::client(tx, realm, client).await?;
    let (open,): (i64,) = fetch_one!(tx, OPEN, [realm.as_str(), client.as_str(), now.as_millis()])?;
    if open >= OF_ONE_CLIENT {
        return Ok(false);
    }
    execute!(
        tx,
        INSERT,
        [
            digest.as_bytes(),
            realm.as_str(),
            client.as_str(),
            &pushed.params,
            now.as_millis(),
            pushed.expires_at.as_millis()
        ]
    )
    .map(one)
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

/// How many requests there are, for the cap on what strangers can make the server keep.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn count(tx: &mut Tx) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, COUNT, [])?;
    Ok(count)
}
