//! Authorization requests that wait for login or consent, each bound to the browser that brought it.

use super::rows::{from_json, one, to_json};
use super::tx::{execute, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::authorization_request::AuthorizationRequest;
use crate::protocol::ids::{ClientId, RealmId, RequestId, UserId};
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO authorization_requests (realm_id, id, client_id, browser, request, arrived_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    FIND = "SELECT request, browser, arrived_at, expires_at, consented_at, consented_by, closed_at FROM authorization_requests WHERE realm_id = $1 AND id = $2";
    CONSENT = "UPDATE authorization_requests SET consented_at = $3, consented_by = $4 WHERE realm_id = $1 AND id = $2 AND closed_at IS NULL";
    FORGET_CONSENT = "UPDATE authorization_requests SET consented_at = NULL, consented_by = NULL WHERE realm_id = $1 AND client_id = $2 AND consented_by = $3 AND closed_at IS NULL";
    CLOSE = "UPDATE authorization_requests SET closed_at = $3 WHERE realm_id = $1 AND id = $2 AND closed_at IS NULL";
    COUNT = "SELECT count(*) AS waiting FROM authorization_requests WHERE closed_at IS NULL AND expires_at > $1";
}

/// A request that waits, or waited.
#[derive(Clone, Debug)]
pub struct PendingRequest {
    /// Its id, which travels.
    pub id: RequestId,
    /// What was asked.
    pub request: AuthorizationRequest,
    /// The digest of the cookie of the browser that brought it.
    pub browser: Digest,
    /// When it arrived.
    pub arrived_at: Timestamp,
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// When it was consented to, and by whom.
    pub consent: Option<(Timestamp, UserId)>,
    /// Whether it has been answered.
    pub closed: bool,
}

/// Keeps a request.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn insert(tx: &mut Tx, realm: &RealmId, pending: &PendingRequest) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            realm.as_str(),
            pending.id.as_str(),
            pending.request.client_id.as_str(),
            pending.browser.as_bytes(),
            to_json(&pending.request)?,
            pending.arrived_at.as_millis(),
            pending.expires_at.as_millis()
        ]
    )
    .map(|_| ())
}

/// The request with this id, whatever its state.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(tx: &mut Tx, realm: &RealmId, id: &RequestId) -> Result<Option<PendingRequest>, StoreError> {
    type Row = (String, Vec<u8>, i64, i64, Option<i64>, Option<String>, Option<i64>);
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), id.as_str()])?;
    row.map(|(request, browser, arrived_at, expires_at, consented_at, consented_by, closed_at)| {
        let consent = consented_at.zip(consented_by);
        Ok(PendingRequest {
            id: id.clone(),
            request: from_json(&request, "authorization request")?,
            browser: super::rows::digest(&browser)?,
            arrived_at: Timestamp::from_millis(arrived_at),
            expires_at: Timestamp::from_millis(expires_at),
            consent: consent.map(|(at, by)| (Timestamp::from_millis(at), UserId::from_stored(by))),
            closed: closed_at.is_some(),
        })
    })
    .transpose()
}

/// Notes that this user consented to the request; whether it is still open.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn consent(
    tx: &mut Tx,
    realm: &RealmId,
    id: &RequestId,
    user: &UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(tx, CONSENT, [realm.as_str(), id.as_str(), now.as_millis(), user.as_str()]).map(one)
}

/// Closes a request; whether this call did it.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn close(tx: &mut Tx, realm: &RealmId, id: &RequestId, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, CLOSE, [realm.as_str(), id.as_str(), now.as_millis()]).map(one)
}

/// How many requests wait, for the cap on what strangers can make the server keep.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn count(tx: &mut Tx, now: Timestamp) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, COUNT, [now.as_millis()])?;
    Ok(count)
}

/// Forgets what a user has just granted to a client in requests that are not answered yet.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn forget_consent(
    tx: &mut Tx,
    realm: &RealmId,
    (user, client): (&UserId, &ClientId),
) -> Result<u64, StoreError> {
    execute!(tx, FORGET_CONSENT, [realm.as_str(), client.as_str(), user.as_str()])
}
