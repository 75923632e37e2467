//! Refused requests with their private causes. Since strangers cause them, rows are limited per realm, client and
//! network: at its limit each loses its own oldest rows.

mod shares;

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use shares::{Eviction, Held, evictions};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO refusals (realm_id, request_id, at, endpoint, client_id, owner, network, status, error,
            description, cause, hint)
        VALUES ($1, $2, $3, $4, COALESCE((SELECT id FROM clients WHERE realm_id = $1 AND id = $5), $6),
            COALESCE((SELECT id FROM clients WHERE realm_id = $1 AND id = $5), ''), $7, $8, $9, $10, $11, $12)
        ON CONFLICT (realm_id, request_id) DO NOTHING
    ";
    COUNTS = "SELECT owner, network, count(*) AS held FROM refusals WHERE realm_id = $1 GROUP BY owner, network";
    EVICT = "
        DELETE FROM refusals
        WHERE realm_id = $1
            AND request_id IN (
                SELECT request_id
                FROM refusals
                WHERE realm_id = $1 AND owner = $2 AND network = $3
                ORDER BY at, request_id LIMIT $4
            )
    ";
    FIND = "
        SELECT request_id, at, endpoint, client_id, owner, status, error, description, cause, hint
        FROM refusals
        WHERE realm_id = $1 AND request_id = $2
    ";
    OF_CLIENT = "
        SELECT request_id, at, endpoint, client_id, owner, status, error, description, cause, hint
        FROM refusals
        WHERE realm_id = $1 AND client_id = $2
        ORDER BY at DESC, request_id LIMIT $3
    ";
}

/// Limit of description and hint in characters, as in the schema.
const MAX_SENTENCE: usize = 500;
/// Limit of the cause in characters.
const MAX_CAUSE: usize = 1000;

/// A refusal to be stored.
#[derive(Clone, Debug)]
pub struct NewRefusal {
    pub realm: RealmId,
    /// Request id, as in the answer.
    pub request_id: String,
    pub at: Timestamp,
    /// First segment of the path, such as `/token`.
    pub endpoint: String,
    /// Exact client id of the request, or empty. Stored only if the client exists.
    pub named: String,
    /// Displayable form of the client id, for a client that does not exist.
    pub shown: String,
    /// Network of the address, or empty.
    pub network: String,
    pub status: u16,
    pub error: &'static str,
    pub description: String,
    pub cause: String,
    /// A command that may help.
    pub hint: Option<&'static str>,
}

/// A stored refusal.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// Request id, as in the answer.
    pub request_id: String,
    pub at: Timestamp,
    /// First segment of the path.
    pub endpoint: String,
    /// Client of the request, or empty.
    pub client_id: String,
    /// True if that client existed when the refusal was stored.
    pub client_existed: bool,
    pub status: i64,
    pub error: String,
    pub description: String,
    pub cause: String,
    /// A command that may help, with `CLIENT` for the client's id.
    pub hint: Option<String>,
}

/// Stores refusals, and removes the oldest rows that exceed a limit.
pub async fn insert(tx: &mut Tx, realm: &RealmId, refusals: &[NewRefusal]) -> Result<(), StoreError> {
    for refusal in refusals {
        execute!(
            tx,
            INSERT,
            [
                realm.as_str(),
                &refusal.request_id,
                refusal.at.as_millis(),
                &refusal.endpoint,
                &refusal.named,
                &refusal.shown,
                &refusal.network,
                i64::from(refusal.status),
                refusal.error,
                cut(&refusal.description, MAX_SENTENCE),
                cut(&refusal.cause, MAX_CAUSE),
                refusal.hint
            ]
        )?;
    }
    let rows: Vec<(String, String, i64)> = fetch_all!(tx, COUNTS, [realm.as_str()])?;
    let held = rows.into_iter().map(|(owner, network, rows)| Held { owner, network, rows }).collect();
    for Eviction { owner, network, rows } in evictions(held) {
        execute!(tx, EVICT, [realm.as_str(), &owner, &network, rows])?;
    }
    Ok(())
}

/// Returns the refusal of the request with this id.
pub async fn find(tx: &mut Tx, realm: &RealmId, request_id: &str) -> Result<Option<Refusal>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), request_id])?;
    Ok(row.map(read))
}

/// Returns the latest refusals of requests with this client, the latest first.
pub async fn of_client(tx: &mut Tx, realm: &RealmId, client: &str, most: i64) -> Result<Vec<Refusal>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, OF_CLIENT, [realm.as_str(), client, most])?;
    Ok(rows.into_iter().map(read).collect())
}

type Row = (String, i64, String, String, String, i64, String, String, String, Option<String>);

fn read(row: Row) -> Refusal {
    let (request_id, at, endpoint, client_id, owner, status, error, description, cause, hint) = row;
    Refusal {
        request_id,
        at: Timestamp::from_millis(at),
        endpoint,
        client_id,
        client_existed: !owner.is_empty(),
        status,
        error,
        description,
        cause,
        hint,
    }
}

/// Truncates a text to this number of characters.
fn cut(text: &str, most: usize) -> &str {
    text.char_indices().nth(most).and_then(|(end, _)| text.get(..end)).unwrap_or(text)
}
