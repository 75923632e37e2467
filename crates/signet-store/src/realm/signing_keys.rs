//! Sealed signing keys with their public parts, and the times that determine their states.

use crate::engine::embedded::row;
use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::jose::key_schedule::KeyTimes;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO signing_keys (realm_id, kid, algorithm, generation, sealed, announced_at, activates_at,
            seen_active_at, public_jwk)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT DO NOTHING
    ";
    LIST = "
        SELECT kid, algorithm, generation, sealed, announced_at, activates_at, dropped_at, public_jwk
        FROM signing_keys
        WHERE realm_id = $1
        ORDER BY algorithm, generation
    ";
    LIST_PUBLIC = "
        SELECT kid, algorithm, generation, announced_at, activates_at, dropped_at, public_jwk
        FROM signing_keys
        WHERE realm_id = $1
        ORDER BY algorithm, generation
    ";
    SET_PUBLIC = "UPDATE signing_keys SET public_jwk = $3 WHERE realm_id = $1 AND kid = $2 AND public_jwk IS NULL";
    ACTIVATE = "
        UPDATE signing_keys
        SET activates_at = $3
        WHERE realm_id = $1 AND kid = $2 AND activates_at > $3 AND dropped_at IS NULL
    ";
    SEEN_ACTIVE = "
        UPDATE signing_keys
        SET seen_active_at = $2
        WHERE realm_id = $1 AND seen_active_at IS NULL AND activates_at <= $2 AND dropped_at IS NULL
        RETURNING kid
    ";
    DROP = "UPDATE signing_keys SET dropped_at = $3 WHERE realm_id = $1 AND kid = $2 AND dropped_at IS NULL";
    HOLD = "UPDATE signing_keys SET dropped_at = NULL WHERE realm_id = $1 AND kid = $2 AND dropped_at IS NULL";
    REMOVE = "DELETE FROM signing_keys WHERE realm_id = $1 AND kid = $2";
}

/// A signing key as stored.
pub struct StoredKey {
    /// Times and names for the key schedule.
    pub times: KeyTimes,
    /// Private key, sealed with the master key.
    pub sealed: Vec<u8>,
    /// Public key as a JWK; `None` if an earlier release has stored the key.
    pub public: Option<String>,
}

/// A stored key without its private part.
pub struct StoredPublicKey {
    /// Times and names for the key schedule.
    pub times: KeyTimes,
    /// Public key as a JWK; `None` if an earlier release has stored the key.
    pub public: Option<String>,
}

row! {
    /// A row of [`LIST`].
    struct Row {
        kid: String,
        algorithm: String,
        generation: i64,
        sealed: Vec<u8>,
        announced_at: i64,
        activates_at: i64,
        dropped_at: Option<i64>,
        public_jwk: Option<String>,
    }
}

row! {
    /// A row of [`LIST_PUBLIC`].
    struct PublicRow {
        kid: String,
        algorithm: String,
        generation: i64,
        announced_at: i64,
        activates_at: i64,
        dropped_at: Option<i64>,
        public_jwk: Option<String>,
    }
}

/// Stores a key. Returns false if another node has stored one of the same generation.
pub async fn insert(tx: &mut Tx, realm: &RealmId, key: &StoredKey) -> Result<bool, StoreError> {
    let announced_at = key.times.announced_at.as_millis();
    let activates_at = key.times.activates_at.as_millis();
    // A key that signs at once needs no later event about its activation.
    let seen_active_at = (activates_at <= announced_at).then_some(activates_at);
    execute!(
        tx,
        INSERT,
        [
            realm.as_str(),
            key.times.kid.as_str(),
            &key.times.algorithm,
            key.times.generation,
            &key.sealed,
            announced_at,
            activates_at,
            seen_active_at,
            key.public.as_deref()
        ]
    )
    .map(one)
}

/// Returns all keys of a realm.
pub async fn list(tx: &mut Tx, realm: &RealmId) -> Result<Vec<StoredKey>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, LIST, [realm.as_str()])?;
    let key = |row: Row| StoredKey {
        times: KeyTimes {
            kid: KeyId::from_stored(row.kid),
            algorithm: row.algorithm,
            generation: row.generation,
            announced_at: Timestamp::from_millis(row.announced_at),
            activates_at: Timestamp::from_millis(row.activates_at),
            dropped_at: row.dropped_at.map(Timestamp::from_millis),
        },
        sealed: row.sealed,
        public: row.public_jwk,
    };
    Ok(rows.into_iter().map(key).collect())
}

/// Returns all keys of a realm without reading their private parts.
pub async fn list_public(tx: &mut Tx, realm: &RealmId) -> Result<Vec<StoredPublicKey>, StoreError> {
    let rows: Vec<PublicRow> = fetch_all!(tx, LIST_PUBLIC, [realm.as_str()])?;
    let key = |row: PublicRow| StoredPublicKey {
        times: KeyTimes {
            kid: KeyId::from_stored(row.kid),
            algorithm: row.algorithm,
            generation: row.generation,
            announced_at: Timestamp::from_millis(row.announced_at),
            activates_at: Timestamp::from_millis(row.activates_at),
            dropped_at: row.dropped_at.map(Timestamp::from_millis),
        },
        public: row.public_jwk,
    };
    Ok(rows.into_iter().map(key).collect())
}

/// Stores the public part of a key that was stored without it.
pub async fn set_public(tx: &mut Tx, realm: &RealmId, kid: &KeyId, public: &str) -> Result<(), StoreError> {
    execute!(tx, SET_PUBLIC, [realm.as_str(), kid.as_str(), public]).map(|_| ())
}

/// Lets an announced key sign from an earlier time. Returns false if that time is not earlier.
pub async fn activate(tx: &mut Tx, realm: &RealmId, kid: &KeyId, at: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, ACTIVATE, [realm.as_str(), kid.as_str(), at.as_millis()]).map(one)
}

/// Drops a compromised key, which neither signs nor verifies from now on. Returns false if it was dropped before.
pub async fn drop_compromised(tx: &mut Tx, realm: &RealmId, kid: &KeyId, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, DROP, [realm.as_str(), kid.as_str(), now.as_millis()]).map(one)
}

/// Locks a key against [`drop_compromised`] until the transaction ends. Returns false if it was dropped.
pub async fn lock(tx: &mut Tx, realm: &RealmId, kid: &str) -> Result<bool, StoreError> {
    execute!(tx, HOLD, [realm.as_str(), kid]).map(one)
}

/// Deletes a key whose signatures have all expired.
pub async fn remove(tx: &mut Tx, realm: &RealmId, kid: &KeyId) -> Result<bool, StoreError> {
    execute!(tx, REMOVE, [realm.as_str(), kid.as_str()]).map(one)
}

/// Returns the ids of keys that have begun to sign since the last call, and records that.
pub async fn see_active(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<Vec<KeyId>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, SEEN_ACTIVE, [realm.as_str(), now.as_millis()])?;
    Ok(rows.into_iter().map(|(kid,)| KeyId::from_stored(kid)).collect())
}
