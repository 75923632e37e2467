//! What is to be told to other servers: written with the change that it tells of, so that neither is there without
//! the other, and deleted when it has been told. A claim is guarded, so that one node of many delivers.

use super::rows::one;
use super::tx::{execute, fetch_all, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{ClientId, RealmId, SessionId, UserId};
use crate::protocol::time::{Span, Timestamp};

statements! {
    SESSION_ENDS = "INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at, expires_at) SELECT s.realm_id || ' ' || s.id || ' ' || c.client_id, s.realm_id, 'backchannel_logout', c.client_id, s.id, s.user_id, 0, $3, $3, $4 FROM sessions s JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id WHERE s.realm_id = $1 AND s.id = $2 AND s.ended_at IS NULL ON CONFLICT (id) DO NOTHING";
    ALL_SESSIONS_END = "INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at, expires_at) SELECT s.realm_id || ' ' || s.id || ' ' || c.client_id, s.realm_id, 'backchannel_logout', c.client_id, s.id, s.user_id, 0, $3, $3, $4 FROM sessions s JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id WHERE s.realm_id = $1 AND s.user_id = $2 AND s.ended_at IS NULL ON CONFLICT (id) DO NOTHING";
    REALM_ENDS = "INSERT INTO outbox (id, realm_id, kind, client_id, session_id, user_id, attempts, next_at, created_at, expires_at) SELECT s.realm_id || ' ' || s.id || ' ' || c.client_id, s.realm_id, 'backchannel_logout', c.client_id, s.id, s.user_id, 0, $2, $2, $3 FROM sessions s JOIN session_clients c ON c.realm_id = s.realm_id AND c.session_id = s.id WHERE s.realm_id = $1 AND s.ended_at IS NULL ON CONFLICT (id) DO NOTHING";
    DUE = "SELECT id, client_id, session_id, user_id, attempts, next_at, expires_at FROM (SELECT id, client_id, session_id, user_id, attempts, next_at, expires_at, ROW_NUMBER() OVER (PARTITION BY client_id ORDER BY next_at, id) AS turn FROM outbox WHERE realm_id = $1 AND kind = 'backchannel_logout' AND next_at <= $2) AS due WHERE turn <= $3 ORDER BY next_at, id LIMIT 200";
    CLAIM = "UPDATE outbox SET attempts = attempts + 1, next_at = $4 WHERE id = $1 AND attempts = $2 AND next_at = $3";
    POSTPONE = "UPDATE outbox SET next_at = $3 WHERE id = $1 AND attempts = $2";
    REMOVE = "DELETE FROM outbox WHERE id = $1";
}

/// How long it is tried to tell a client of the end of a session.
pub const KEPT: Span = Span::from_hours(24);

/// A client that is to be told of the end of a session.
#[derive(Clone, Debug)]
pub struct Message {
    /// The row.
    pub id: String,
    /// Whom to tell.
    pub client: ClientId,
    /// Of which session.
    pub session: SessionId,
    /// Whose session it was.
    pub user: UserId,
    /// How often it has been tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// Announces the end of a live session to its clients. Called before the session is ended, in the same transaction.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn session_ends(
    tx: &mut Tx,
    realm: &RealmId,
    session: &SessionId,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let (at, end) = (now.as_millis(), now.plus(KEPT).as_millis());
    execute!(tx, SESSION_ENDS, [realm.as_str(), session.as_str(), at, end])
}

/// Announces the end of all live sessions of a user to their clients. Called before these are ended, in the same
/// transaction.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn all_sessions_end(tx: &mut Tx, realm: &RealmId, user: &UserId, now: Timestamp) -> Result<u64, StoreError> {
    let (at, end) = (now.as_millis(), now.plus(KEPT).as_millis());
    execute!(tx, ALL_SESSIONS_END, [realm.as_str(), user.as_str(), at, end])
}

/// Announces the end of all live sessions of a realm to their clients. Called before these are ended, in the same
/// transaction.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn realm_ends(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<u64, StoreError> {
    let (at, end) = (now.as_millis(), now.plus(KEPT).as_millis());
    execute!(tx, REALM_ENDS, [realm.as_str(), at, end])
}

/// The logouts that are due, the oldest first, at most this much for each client, so that one that does not answer keeps nobody
/// else waiting.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn due(tx: &mut Tx, realm: &RealmId, per_client: i64, now: Timestamp) -> Result<Vec<Message>, StoreError> {
    type Row = (String, String, String, String, i64, i64, i64);
    let rows: Vec<Row> = fetch_all!(tx, DUE, [realm.as_str(), now.as_millis(), per_client])?;
    let message = |(id, client, session, user, attempts, next_at, expires_at): Row| Message {
        id,
        client: ClientId::from_stored(client),
        session: SessionId::from_stored(session),
        user: UserId::from_stored(user),
        attempts,
        next_at: Timestamp::from_millis(next_at),
        expires_at: Timestamp::from_millis(expires_at),
    };
    Ok(rows.into_iter().map(message).collect())
}

/// Takes a message until `until`, when it is due again unless it has been settled; whether nobody else has taken it.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn claim(tx: &mut Tx, message: &Message, until: Timestamp) -> Result<bool, StoreError> {
    let Message { id, attempts, next_at, .. } = message;
    execute!(tx, CLAIM, [id.as_str(), *attempts, next_at.as_millis(), until.as_millis()]).map(one)
}

/// Puts a message off that could not be delivered, unless another node has taken it meanwhile.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn postpone(tx: &mut Tx, message: &Message, until: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, POSTPONE, [message.id.as_str(), message.attempts, until.as_millis()]).map(one)
}

/// Removes a message; whether it was still there.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn remove(tx: &mut Tx, message: &Message) -> Result<bool, StoreError> {
    execute!(tx, REMOVE, [message.id.as_str()]).map(one)
}
