//! Device authorizations (RFC 8628), by the digest of their device code. A row holds the request and its polls. The
//! decision to allow it stores an authorization code with the same digest, which the device redeems. The guarded write,
//! the end of the session and all other rules of codes therefore apply to it.

use crate::engine::rows;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::device_authorization::{Answer, DeviceRequest, Poll, SLOW_DOWN, TOLERANCE, UserCode};

statements! {
    INSERT = "
        INSERT INTO device_authorizations
            (digest, realm_id, client_id, user_code, scope, resources, network, created_at, expires_at, pause)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT DO NOTHING
    ";
    FIND = "
        SELECT digest, client_id, scope, resources, network, created_at, expires_at
        FROM device_authorizations
        WHERE realm_id = $1 AND user_code = $2 AND answer IS NULL AND expires_at > $3
    ";
    POLL = "
        UPDATE device_authorizations
        SET hasty = CASE WHEN polled_at + pause - $5 > $4 THEN 1 ELSE 0 END,
            pause = CASE WHEN polled_at + pause - $5 > $4 THEN pause + $6 ELSE pause END,
            polled_at = $4
        WHERE digest = $1 AND realm_id = $2 AND client_id = $3
        RETURNING expires_at, answer, hasty
    ";
    ANSWER = "
        UPDATE device_authorizations SET answer = $3
        WHERE digest = $1 AND realm_id = $2 AND answer IS NULL AND expires_at > $4
    ";
    EVICT = "
        DELETE FROM device_authorizations
        WHERE digest IN (
            SELECT digest FROM (
                SELECT digest, created_at, row_number() OVER (PARTITION BY network ORDER BY created_at DESC) AS place
                FROM device_authorizations WHERE realm_id = $1
            ) AS ranked
            ORDER BY place DESC, created_at LIMIT $2
        )
    ";
    COUNT = "SELECT realm_id, count(*) AS kept FROM device_authorizations GROUP BY realm_id";
    OF_REALM = "SELECT count(*) AS kept FROM device_authorizations WHERE realm_id = $1";
}

const ALLOWED: &str = "allowed";
const DENIED: &str = "denied";

/// The outcome of an insertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    Stored,
    /// Another authorization has the user code.
    CodeTaken,
}

/// Stores an authorization with the initial poll interval of its device.
pub async fn insert(
    tx: &mut Tx,
    realm: &RealmId,
    request: &DeviceRequest,
    interval: Span,
) -> Result<Inserted, StoreError> {
    let inserted = execute!(
        tx,
        INSERT,
        [
            request.device.as_bytes(),
            realm.as_str(),
            request.client_id.as_str(),
            request.user_code.as_str(),
            request.scope.to_string(),
            request.resources.as_deref(),
            &request.network,
            request.asked_at.as_millis(),
            request.expires_at.as_millis(),
            interval.as_millis()
        ]
    )?;
    Ok(if rows::one(inserted) { Inserted::Stored } else { Inserted::CodeTaken })
}

/// Returns the live, undecided authorization with this user code.
pub async fn find(
    tx: &mut Tx,
    realm: &RealmId,
    code: &UserCode,
    now: Timestamp,
) -> Result<Option<DeviceRequest>, StoreError> {
    type Row = (Vec<u8>, String, String, Option<String>, String, i64, i64);
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), code.as_str(), now.as_millis()])?;
    row.map(|(digest, client, scope, resources, network, created_at, expires_at)| {
        Ok(DeviceRequest {
            client_id: ClientId::from_stored(client),
            device: rows::digest(&digest)?,
            user_code: code.clone(),
            scope: rows::scope(&scope)?,
            resources,
            network,
            asked_at: Timestamp::from_millis(created_at),
            expires_at: Timestamp::from_millis(expires_at),
        })
    })
    .transpose()
}

/// Records a poll of this client; `None` if it has no such device code. One statement, so that of two simultaneous
/// polls one is too early, and the interval increases on all nodes.
pub async fn poll(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    device: Digest,
    now: Timestamp,
) -> Result<Option<Poll>, StoreError> {
    let row: Option<(i64, Option<String>, i64)> = fetch_optional!(
        tx,
        POLL,
        [
            device.as_bytes(),
            realm.as_str(),
            client.as_str(),
            now.as_millis(),
            TOLERANCE.as_millis(),
            SLOW_DOWN.as_millis()
        ]
    )?;
    row.map(|(expires_at, answer, hasty)| {
        let answer = match answer.as_deref() {
            None => None,
            Some(ALLOWED) => Some(Answer::Allowed),
            Some(DENIED) => Some(Answer::Denied),
            Some(_) => return Err(StoreError::Corrupt("answer")),
        };
        Ok(Poll { expires_at: Timestamp::from_millis(expires_at), answer, is_hasty: hasty != 0 })
    })
    .transpose()
}

/// Records a person's decision. Returns false if the authorization was decided before.
pub async fn answer(
    tx: &mut Tx,
    realm: &RealmId,
    device: Digest,
    answer: Answer,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let answer = match answer {
        Answer::Allowed => ALLOWED,
        Answer::Denied => DENIED,
    };
    execute!(tx, ANSWER, [device.as_bytes(), realm.as_str(), answer, now.as_millis()]).map(rows::one)
}

/// Reduces the authorizations of a realm to `most` and returns the number left. The network with the most loses its
/// oldest first.
pub async fn trim(tx: &mut Tx, realm: &RealmId, most: i64) -> Result<i64, StoreError> {
    let (kept,): (i64,) = fetch_one!(tx, OF_REALM, [realm.as_str()])?;
    if kept <= most {
        return Ok(kept);
    }
    let evicted = execute!(tx, EVICT, [realm.as_str(), kept - most])?;
    Ok(kept.saturating_sub(i64::try_from(evicted).unwrap_or(i64::MAX)))
}

/// Counts the authorizations of each realm, for the limit on data that strangers can create.
pub async fn count(tx: &mut Tx) -> Result<Vec<(RealmId, i64)>, StoreError> {
    let rows: Vec<(String, i64)> = fetch_all!(tx, COUNT, [])?;
    Ok(rows.into_iter().map(|(realm, count)| (RealmId::from_stored(realm), count)).collect())
}
