//! Public parts of removed signing keys. They verify ID tokens that are presented as logout hints, until no accepted
//! hint can name them.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO hint_keys (realm_id, kid, algorithm, public, expires_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (realm_id, kid) DO NOTHING
    ";
    LIST = "SELECT kid, algorithm, public, expires_at FROM hint_keys WHERE realm_id = $1";
    REMOVE = "DELETE FROM hint_keys WHERE realm_id = $1 AND kid = $2 RETURNING algorithm";
}

/// The public part of a key that no longer signs and is no longer published.
#[derive(Clone, Debug)]
pub struct HintKey {
    pub kid: KeyId,
    /// The JWS algorithm that it signed with.
    pub algorithm: String,
    pub public: String,
    /// Time from which it is not used.
    pub expires_at: Timestamp,
}

pub async fn insert(tx: &mut Tx, realm: &RealmId, key: &HintKey) -> Result<(), StoreError> {
    let expires_at = key.expires_at.as_millis();
    execute!(tx, INSERT, [realm.as_str(), key.kid.as_str(), &key.algorithm, &key.public, expires_at]).map(|_| ())
}

/// Removes a key. Returns its algorithm, or `None` if it was not stored.
pub async fn remove(tx: &mut Tx, realm: &RealmId, kid: &KeyId) -> Result<Option<String>, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, REMOVE, [realm.as_str(), kid.as_str()])?;
    Ok(row.map(|(algorithm,)| algorithm))
}

/// Returns all keys of a realm.
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
