//! Realms. The realm `default` is served at the base URL.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;

statements! {
    ENSURE = "INSERT INTO realms (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    CHAIN = "INSERT INTO audit_chains (realm_id, seq) VALUES ($1, 0) ON CONFLICT (realm_id) DO NOTHING";
    FIND = "SELECT id FROM realms WHERE name = $1";
    CUT_OFF = "UPDATE realms SET valid_from = $2 WHERE id = $1 AND valid_from < $2";
}

pub const DEFAULT: &str = "default";

/// Creates the default realm if it is missing and returns its id. Several nodes may start at once, so the insert yields
/// to every constraint: on PostgreSQL one that yields to the name alone could meet the other node's row at the primary
/// key first, and fail.
pub async fn ensure_default(tx: &mut Tx, now: Timestamp) -> Result<RealmId, StoreError> {
    execute!(tx, ENSURE, [DEFAULT, DEFAULT, now.as_millis()])?;
    let realm = find(tx, DEFAULT).await?.ok_or(StoreError::Corrupt("realm"))?;
    execute!(tx, CHAIN, [realm.as_str()])?;
    Ok(realm)
}

/// Returns the id of the realm with this name.
pub async fn find(tx: &mut Tx, name: &str) -> Result<Option<RealmId>, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, FIND, [name])?;
    Ok(row.map(|(id,)| RealmId::from_stored(id)))
}

/// Voids the sessions, codes and grants of all logins before now.
pub async fn cut_off(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, CUT_OFF, [realm.as_str(), now.as_millis()]).map(|_| ())
}
