//! Clients of a browser session that want a logout message at its end.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId, SessionId};

statements! {
    JOIN = "
        INSERT INTO session_clients (realm_id, session_id, client_id)
        VALUES ($1, $2, $3)
        ON CONFLICT (realm_id, session_id, client_id) DO NOTHING
    ";
    LIST = "SELECT client_id FROM session_clients WHERE realm_id = $1 AND session_id = $2 ORDER BY client_id LIMIT 100";
}

/// Adds a client to a session unless it is there.
pub async fn join(tx: &mut Tx, realm: &RealmId, session: &SessionId, client: &ClientId) -> Result<(), StoreError> {
    execute!(tx, JOIN, [realm.as_str(), session.as_str(), client.as_str()]).map(|_| ())
}

/// Returns the clients of a session, at most 100.
pub async fn list(tx: &mut Tx, realm: &RealmId, session: &SessionId) -> Result<Vec<ClientId>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, LIST, [realm.as_str(), session.as_str()])?;
    Ok(rows.into_iter().map(|(id,)| ClientId::from_stored(id)).collect())
}
