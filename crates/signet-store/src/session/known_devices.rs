//! Browsers that people have signed in with, by the digest of a long-lived cookie. They grant nothing; their failed
//! sign-ins are counted separately from those of strangers.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    FIND = "
        SELECT last_used_at
        FROM known_devices
        WHERE realm_id = $1 AND digest = $2 AND user_id = $3 AND expires_at > $4
    ";
    PUT = "
        INSERT INTO known_devices (realm_id, digest, user_id, last_used_at, expires_at, network, listed)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (realm_id, digest, user_id)
        DO UPDATE SET last_used_at = excluded.last_used_at, expires_at = excluded.expires_at,
            network = excluded.network,
            listed = CASE WHEN excluded.listed = 1 THEN 1 ELSE known_devices.listed END
    ";
    LISTED = "
        SELECT u.id, u.username
        FROM known_devices d
        JOIN users u ON u.realm_id = d.realm_id AND u.id = d.user_id
        WHERE d.realm_id = $1 AND d.digest = $2 AND d.listed = 1 AND d.expires_at > $3
        ORDER BY d.last_used_at DESC, u.id LIMIT 5
    ";
    UNLIST = "UPDATE known_devices SET listed = 0 WHERE realm_id = $1 AND digest = $2 AND user_id = $3";
    NETWORK = "
        SELECT last_used_at
        FROM known_devices
        WHERE realm_id = $1 AND network = $2 AND last_used_at > $3
        LIMIT 1
    ";
    MOVE = "UPDATE known_devices SET digest = $3 WHERE realm_id = $1 AND digest = $2";
    TRIM = "
        DELETE FROM known_devices
        WHERE (realm_id, digest, user_id) IN (
            SELECT realm_id, digest, user_id
            FROM known_devices
            WHERE realm_id = $1 AND user_id = $2
            ORDER BY last_used_at DESC LIMIT 500 OFFSET 20
        )
    ";
}

/// Returns true if this user has signed in with the browser that has this cookie.
pub async fn knows(
    tx: &mut Tx,
    realm: &RealmId,
    device: Digest,
    user: &UserId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let device = device.as_bytes();
    let row: Option<(i64,)> = fetch_optional!(tx, FIND, [realm.as_str(), device, user.as_str(), now.as_millis()])?;
    Ok(row.is_some())
}

/// Returns true if any user of the realm has signed in from this network since then.
pub async fn has_network(tx: &mut Tx, realm: &RealmId, network: &str, since: Timestamp) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = fetch_optional!(tx, NETWORK, [realm.as_str(), network, since.as_millis()])?;
    Ok(row.is_some())
}

/// A sign-in with a browser.
#[derive(Clone, Copy, Debug)]
pub struct Used<'a> {
    /// Digest of the browser's cookie.
    pub device: Digest,
    pub user: &'a UserId,
    /// Network of the sign-in; empty if unknown.
    pub network: &'a str,
    pub listing: Listing,
}

/// The wish of a person about the list of accounts on the sign-in page of a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The account is listed from now on.
    Listed,
    /// The list stays as it is.
    Unchanged,
}

/// An account that the sign-in page of a browser lists.
#[derive(Clone, Debug)]
pub struct ListedAccount {
    pub id: UserId,
    pub username: String,
}

/// Returns at most five accounts that the browser lists, the last used first.
pub async fn listed(
    tx: &mut Tx,
    realm: &RealmId,
    device: Digest,
    now: Timestamp,
) -> Result<Vec<ListedAccount>, StoreError> {
    let rows: Vec<(String, String)> = fetch_all!(tx, LISTED, [realm.as_str(), device.as_bytes(), now.as_millis()])?;
    let account = |(id, username)| ListedAccount { id: UserId::from_stored(id), username };
    Ok(rows.into_iter().map(account).collect())
}

/// Removes an account from the list of a browser.
pub async fn unlist(tx: &mut Tx, realm: &RealmId, device: Digest, user: &UserId) -> Result<(), StoreError> {
    execute!(tx, UNLIST, [realm.as_str(), device.as_bytes(), user.as_str()]).map(|_| ())
}

/// Records a sign-in. The last twenty browsers of a user are kept.
pub async fn put(
    tx: &mut Tx,
    realm: &RealmId,
    used: Used<'_>,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    let Used { device, user, network, listing } = used;
    let listed = i64::from(listing == Listing::Listed);
    let now = now.as_millis();
    let end = expires_at.as_millis();
    execute!(tx, PUT, [realm.as_str(), device.as_bytes(), user.as_str(), now, end, network, listed])?;
    execute!(tx, TRIM, [realm.as_str(), user.as_str()]).map(|_| ())
}

/// Replaces the cookie of a browser, for all users who have signed in with it.
pub async fn rename(tx: &mut Tx, realm: &RealmId, old: Digest, new: Digest) -> Result<(), StoreError> {
    execute!(tx, MOVE, [realm.as_str(), old.as_bytes(), new.as_bytes()]).map(|_| ())
}
