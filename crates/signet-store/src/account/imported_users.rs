//! The people that imports have created, by their id in the other system.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    FIND = "
        SELECT user_id, digest
        FROM imported_users
        WHERE realm_id = $1 AND source = $2 AND external_id = $3
    ";
    PUT = "
        INSERT INTO imported_users (realm_id, source, external_id, user_id, digest, imported_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, source, external_id)
        DO UPDATE SET digest = excluded.digest, imported_at = excluded.imported_at
    ";
}

/// An id in another system.
#[derive(Clone, Copy, Debug)]
pub struct External<'a> {
    /// Name of the system.
    pub source: &'a str,
    pub id: &'a str,
}

/// What an import says about a person.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub external: External<'a>,
    pub user: &'a UserId,
    /// Digest of the row.
    pub digest: Digest,
}

/// A person who was imported before.
#[derive(Clone, Debug)]
pub struct Imported {
    pub user: UserId,
    /// Digest of what the last import said about the person.
    pub digest: Vec<u8>,
}

pub async fn find(tx: &mut Tx, realm: &RealmId, external: External<'_>) -> Result<Option<Imported>, StoreError> {
    let row: Option<(String, Vec<u8>)> = fetch_optional!(tx, FIND, [realm.as_str(), external.source, external.id])?;
    Ok(row.map(|(user, digest)| Imported { user: UserId::from_stored(user), digest }))
}

/// Records what an import has said about a person. The person of an id does not change.
pub async fn put(tx: &mut Tx, realm: &RealmId, said: Said<'_>, now: Timestamp) -> Result<(), StoreError> {
    let Said { external: External { source, id }, user, digest } = said;
    execute!(tx, PUT, [realm.as_str(), source, id, user.as_str(), digest.as_bytes(), now.as_millis()]).map(|_| ())
}
