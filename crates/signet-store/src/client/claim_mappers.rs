use crate::engine::rows::{from_json, one, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::claims::mapper::ClaimMapper;
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO claim_mappers (realm_id, id, client_id, definition, created_at) VALUES ($1, $2, $3, $4, $5)";
    LIST = "SELECT realm_id, id, client_id, definition FROM claim_mappers ORDER BY realm_id, id";
    REMOVE = "DELETE FROM claim_mappers WHERE realm_id = $1 AND id = $2";
}

/// A mapper with its scope.
#[derive(Clone, Debug)]
pub struct StoredMapper {
    pub realm: RealmId,
    /// Name, unique within the realm.
    pub id: String,
    /// The client that it applies to; all clients of the realm if none.
    pub client: Option<ClientId>,
    pub mapper: ClaimMapper,
}

/// # Errors
/// [`StoreError::Conflict`] if the name is taken or the client does not exist.
pub async fn insert(tx: &mut Tx, stored: &StoredMapper, now: Timestamp) -> Result<(), StoreError> {
    let client = stored.client.as_ref().map(ClientId::as_str);
    let definition = to_json(&stored.mapper)?;
    execute!(tx, INSERT, [stored.realm.as_str(), stored.id.as_str(), client, definition, now.as_millis()]).map(|_| ())
}

/// Returns the mappers of all realms.
pub async fn list(tx: &mut Tx) -> Result<Vec<StoredMapper>, StoreError> {
    let rows: Vec<(String, String, Option<String>, String)> = fetch_all!(tx, LIST, [])?;
    let stored = rows.into_iter().map(|(realm, id, client, definition)| {
        Ok(StoredMapper {
            realm: RealmId::from_stored(realm),
            id,
            client: client.map(ClientId::from_stored),
            mapper: from_json(&definition, "claim mapper")?,
        })
    });
    stored.collect()
}

/// Removes a mapper. Returns false if there was none.
pub async fn remove(tx: &mut Tx, realm: &RealmId, id: &str) -> Result<bool, StoreError> {
    execute!(tx, REMOVE, [realm.as_str(), id]).map(one)
}
