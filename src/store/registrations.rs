//! The registrations of clients that have registered themselves, and the tokens that let somebody begin with that.
//! Of tokens only digests are held.

use super::rows::one;
use super::tx::{execute, fetch_all, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO client_registrations (realm_id, client_id, token, created_at, last_used_at, expires_at) VALUES ($1, $2, $3, $4, $4, $5)";
    FIND = "SELECT client_id, created_at FROM client_registrations WHERE realm_id = $1 AND token = $2";
    REPLACE_TOKEN = "UPDATE client_registrations SET token = $3 WHERE realm_id = $1 AND token = $2";
    COUNT = "SELECT count(*) AS clients FROM client_registrations WHERE realm_id = $1";
    TOUCH = "UPDATE client_registrations SET last_used_at = $3, expires_at = $4 WHERE realm_id = $1 AND client_id = $2 AND last_used_at <= $5";
    UNUSED = "SELECT client_id FROM client_registrations WHERE realm_id = $1 AND expires_at <= $2 ORDER BY expires_at LIMIT 50";
    ADD_INITIAL = "INSERT INTO initial_access_tokens (digest, realm_id, created_at, expires_at, uses_left) VALUES ($1, $2, $3, $4, $5)";
    INITIAL = "SELECT uses_left FROM initial_access_tokens WHERE digest = $1 AND realm_id = $2 AND expires_at > $3 AND uses_left > 0";
    USE_INITIAL = "UPDATE initial_access_tokens SET uses_left = uses_left - 1 WHERE digest = $1 AND realm_id = $2 AND expires_at > $3 AND uses_left > 0";
}

/// How many clients [`unused`] names at most.
pub const PORTION: usize = 50;

/// A registration and the token that manages it.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    /// The client.
    pub client: ClientId,
    /// The digest of the registration access token.
    pub token: Digest,
    /// When the client is removed unless it is used; nothing for never.
    pub expires_at: Option<Timestamp>,
}

/// Notes that a client has registered itself.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn insert(
    tx: &mut Tx,
    realm: &RealmId,
    registration: &NewRegistration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let NewRegistration { client, token, expires_at } = registration;
    let expires_at = expires_at.map(Timestamp::as_millis);
    execute!(tx, INSERT, [realm.as_str(), client.as_str(), token.as_bytes(), now.as_millis(), expires_at]).map(|_| ())
}

/// The client that this token manages, and when it was registered.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(tx: &mut Tx, realm: &RealmId, token: Digest) -> Result<Option<(ClientId, Timestamp)>, StoreError> {
    let row: Option<(String, i64)> = fetch_optional!(tx, FIND, [realm.as_str(), token.as_bytes()])?;
    Ok(row.map(|(client, created_at)| (ClientId::from_stored(client), Timestamp::from_millis(created_at))))
}

/// Puts another token in the place of one; whether it was still there.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn replace_token(tx: &mut Tx, realm: &RealmId, old: Digest, new: Digest) -> Result<bool, StoreError> {
    execute!(tx, REPLACE_TOKEN, [realm.as_str(), old.as_bytes(), new.as_bytes()]).map(one)
}

/// How many clients have registered themselves.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn count(tx: &mut Tx, realm: &RealmId) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, COUNT, [realm.as_str()])?;
    Ok(count)
}

/// When a client was used, and until when it is kept for that.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// Now.
    pub at: Timestamp,
    /// A use that was noted after this is late enough.
    pub noted_before: Timestamp,
    /// When the client is removed unless it is used again; nothing for never.
    pub expires_at: Option<Timestamp>,
}

/// Notes that a client is used; whether nobody else has just done so.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn touch(tx: &mut Tx, realm: &RealmId, client: &ClientId, used: Use) -> Result<bool, StoreError> {
    let (at, before) = (used.at.as_millis(), used.noted_before.as_millis());
    let expires_at = used.expires_at.map(Timestamp::as_millis);
    execute!(tx, TOUCH, [realm.as_str(), client.as_str(), at, expires_at, before]).map(one)
}

/// Some of the clients that have not been used for too long, the longest first.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn unused(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<Vec<ClientId>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, UNUSED, [realm.as_str(), now.as_millis()])?;
    Ok(rows.into_iter().map(|(client,)| ClientId::from_stored(client)).collect())
}

/// How often, and until when, an initial access token may be used.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// How many clients it may register.
    pub uses: u32,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// Stores an initial access token.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn add_initial(
    tx: &mut Tx,
    realm: &RealmId,
    token: Digest,
    allowance: Allowance,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (expires_at, uses) = (allowance.expires_at.as_millis(), i64::from(allowance.uses));
    execute!(tx, ADD_INITIAL, [token.as_bytes(), realm.as_str(), now.as_millis(), expires_at, uses]).map(|_| ())
}

/// Whether an initial access token is worth anything.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn knows_initial(tx: &mut Tx, realm: &RealmId, token: Digest, now: Timestamp) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = fetch_optional!(tx, INITIAL, [token.as_bytes(), realm.as_str(), now.as_millis()])?;
    Ok(row.is_some())
}

/// Uses an initial access token once; whether it could be.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn use_initial(tx: &mut Tx, realm: &RealmId, token: Digest, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, USE_INITIAL, [token.as_bytes(), realm.as_str(), now.as_millis()]).map(one)
}
