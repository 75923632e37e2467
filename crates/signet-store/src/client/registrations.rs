//! Dynamic client registrations and initial access tokens (RFC 7591). Of tokens only digests are stored.

use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO client_registrations (realm_id, client_id, token, created_at, last_used_at, expires_at)
        VALUES ($1, $2, $3, $4, $4, $5)
    ";
    FIND = "SELECT client_id, created_at FROM client_registrations WHERE realm_id = $1 AND token = $2";
    REPLACE_TOKEN = "UPDATE client_registrations SET token = $3 WHERE realm_id = $1 AND token = $2";
    COUNT = "SELECT count(*) AS clients FROM client_registrations WHERE realm_id = $1";
    TOUCH = "
        UPDATE client_registrations
        SET last_used_at = $3, expires_at = $4
        WHERE realm_id = $1 AND client_id = $2 AND last_used_at <= $5
    ";
    UNUSED = "
        SELECT client_id
        FROM client_registrations
        WHERE realm_id = $1 AND expires_at <= $2
        ORDER BY expires_at LIMIT 50
    ";
    ADD_INITIAL = "
        INSERT INTO initial_access_tokens (digest, realm_id, created_at, expires_at, uses_left)
        VALUES ($1, $2, $3, $4, $5)
    ";
    INITIAL = "
        SELECT uses_left
        FROM initial_access_tokens
        WHERE digest = $1 AND realm_id = $2 AND expires_at > $3 AND uses_left > 0
    ";
    USE_INITIAL = "
        UPDATE initial_access_tokens
        SET uses_left = uses_left - 1
        WHERE digest = $1 AND realm_id = $2 AND expires_at > $3 AND uses_left > 0
    ";
}

/// Limit of clients returned by [`unused`].
pub const PORTION: usize = 50;

/// A registration with its token.
#[derive(Clone, Debug)]
pub struct NewRegistration {
    pub client: ClientId,
    /// Digest of the registration access token (RFC 7592).
    pub token: Digest,
    /// Time at which the client is removed unless it is used; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// Stores the registration of a new client.
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

/// Returns the client that this token manages, and the time of its registration.
pub async fn find(tx: &mut Tx, realm: &RealmId, token: Digest) -> Result<Option<(ClientId, Timestamp)>, StoreError> {
    let row: Option<(String, i64)> = fetch_optional!(tx, FIND, [realm.as_str(), token.as_bytes()])?;
    Ok(row.map(|(client, created_at)| (ClientId::from_stored(client), Timestamp::from_millis(created_at))))
}

/// Replaces a registration access token. Returns false if the old one is no longer valid.
pub async fn replace_token(tx: &mut Tx, realm: &RealmId, old: Digest, new: Digest) -> Result<bool, StoreError> {
    execute!(tx, REPLACE_TOKEN, [realm.as_str(), old.as_bytes(), new.as_bytes()]).map(one)
}

/// Counts the dynamically registered clients.
pub async fn count(tx: &mut Tx, realm: &RealmId) -> Result<i64, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, COUNT, [realm.as_str()])?;
    Ok(count)
}

/// A use of a client.
#[derive(Clone, Copy, Debug)]
pub struct Use {
    pub at: Timestamp,
    /// Nothing is written if a use after this time is recorded.
    pub noted_before: Timestamp,
    /// Time at which the client is removed unless it is used again; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// Records a use. Returns false if a recent use is recorded.
pub async fn touch(tx: &mut Tx, realm: &RealmId, client: &ClientId, used: Use) -> Result<bool, StoreError> {
    let at = used.at.as_millis();
    let before = used.noted_before.as_millis();
    let expires_at = used.expires_at.map(Timestamp::as_millis);
    execute!(tx, TOUCH, [realm.as_str(), client.as_str(), at, expires_at, before]).map(one)
}

/// Returns some expired clients, the earliest end first.
pub async fn unused(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<Vec<ClientId>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, UNUSED, [realm.as_str(), now.as_millis()])?;
    Ok(rows.into_iter().map(|(client,)| ClientId::from_stored(client)).collect())
}

/// Limits of an initial access token.
#[derive(Clone, Copy, Debug)]
pub struct Allowance {
    /// Number of clients that it may register.
    pub uses: u32,
    pub expires_at: Timestamp,
}

pub async fn add_initial(
    tx: &mut Tx,
    realm: &RealmId,
    token: Digest,
    allowance: Allowance,
    now: Timestamp,
) -> Result<(), StoreError> {
    let expires_at = allowance.expires_at.as_millis();
    let uses = i64::from(allowance.uses);
    execute!(tx, ADD_INITIAL, [token.as_bytes(), realm.as_str(), now.as_millis(), expires_at, uses]).map(|_| ())
}

/// Returns true if an initial access token has uses left and has not expired.
pub async fn has_initial(tx: &mut Tx, realm: &RealmId, token: Digest, now: Timestamp) -> Result<bool, StoreError> {
    let row: Option<(i64,)> = fetch_optional!(tx, INITIAL, [token.as_bytes(), realm.as_str(), now.as_millis()])?;
    Ok(row.is_some())
}

/// Consumes one use of an initial access token. Returns false if it has none left or has expired.
pub async fn use_initial(tx: &mut Tx, realm: &RealmId, token: Digest, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, USE_INITIAL, [token.as_bytes(), realm.as_str(), now.as_millis()]).map(one)
}
