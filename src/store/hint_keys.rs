//! The public parts of signing keys that are gone, which verify logout hints until no accepted hint can name them.

use super::tx::{execute, fetch_all, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{KeyId, RealmId};
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO hint_keys (realm_id, kid, algorithm, public, expires_at) VALUES ($1, $2, $3, $4, $5) \
              ON CONFLICT (realm_id, kid) DO NOTHING";
    LIST = "SELECT kid, algorithm, public, expires_at FROM hint_keys WHERE realm_id = $1";
    REMOVE = "DELETE FROM hint_keys WHERE realm_id = $1 AND kid = $2 RETURNING algorithm";
}

/// The public part of a key that neither signs nor is published any more.
#[derive(Clone, Debug)]
pub struct HintKey {
    /// The key's id.
    pub kid: KeyId,
    /// The one JWS algorithm that it signed with.
    pub algorithm: String,
    /// The public key as a JWK.
    pub public: String,
    /// The time from which it verifies nothing.
    pub expires_at: Timestamp,
}

/// Keeps the public part of a key.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn insert(tx: &mut Tx, realm: &RealmId, key: &HintKey) -> Result<(), StoreError> {
    let expires_at = key.expires_at.as_millis();
    execute!(tx, INSERT, [realm.as_str(), key.kid.as_str(), &key.algorithm, &key.public, expires_at]).map(|_| ())
}

/// Removes a key; the algorithm that it signed with, if it was kept.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn remove(tx: &mut Tx, realm: &RealmId, kid: &KeyId) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, REMOVE, [realm.as_str(), kid.as_str()])?;
    Ok(row.map(|(algorithm,)| algorithm))
}

/// All kept keys of a realm.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn list(tx: &mut Tx, realm: &RealmId) -> Result<Vec<HintKey>, StoreError> {
    let rows: Vec<(String, String, String, i64)> = fetch_all!(tx, LIST, [realm.as_str()])?;
    let key = |(kid, algorithm, public, expires_at)| HintKey {
        kid: KeyId::from_stored(kid),
        algorithm,
        public,
        expires_at: Timestamp::from_millis(expires_at),
    };
    Ok(rows.into_iter().map(key).collect())
}
