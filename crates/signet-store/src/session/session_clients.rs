//! Clients of a browser session that want a logout message at its end.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all};
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId, SessionId, UserId};

statements! {
    JOIN = "
        INSERT INTO session_clients (realm_id, session_id, client_id)
        VALUES ($1, $2, $3)
        ON CONFLICT (realm_id, session_id, client_id) DO NOTHING
    ";
    LIST = "SELECT client_id FROM session_clients WHERE realm_id = $1 AND session_id = $2 ORDER BY client_id LIMIT 100";
    OF_USER = "
        SELECT c.session_id, c.client_id
        FROM sessions s
        JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id
        WHERE s.realm_id = $1 AND s.user_id = $2 AND s.ended_at IS NULL
        ORDER BY c.session_id, c.client_id LIMIT 1000
    ";
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

/// A client that takes part in a session.
#[derive(Clone, Debug)]
pub struct Participant {
    pub session: SessionId,
    pub client: ClientId,
}

/// Returns the clients of a user's sessions that have not ended, at most 1000.
pub async fn of_user(tx: &mut Tx, realm: &RealmId, user: &UserId) -> Result<Vec<Participant>, StoreError> {
    let rows: Vec<(String, String)> = fetch_all!(tx, OF_USER, [realm.as_str(), user.as_str()])?;
    let participant = |(session, client)| Participant {
        session: SessionId::from_stored(session),
        client: ClientId::from_stored(client),
    };
    Ok(rows.into_iter().map(participant).collect())
}
