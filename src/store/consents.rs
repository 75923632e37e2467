//! What people have granted to clients, remembered so that they are not asked twice.

use super::rows;
use super::tx::{execute, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{ClientId, RealmId, UserId};
use crate::protocol::scope::Scope;
use crate::protocol::time::Timestamp;

statements! {
    FIND = "SELECT scope FROM consents WHERE realm_id = $1 AND user_id = $2 AND client_id = $3";
    GRANT = "INSERT INTO consents (realm_id, user_id, client_id, scope, granted_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (realm_id, user_id, client_id) DO UPDATE SET scope = excluded.scope, granted_at = excluded.granted_at";
}

/// The scope that this user has granted to this client.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(tx: &mut Tx, realm: &RealmId, user: &UserId, client: &ClientId) -> Result<Option<Scope>, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, FIND, [realm.as_str(), user.as_str(), client.as_str()])?;
    row.map(|(scope,)| rows::scope(&scope)).transpose()
}

/// Remembers a grant in place of the one before.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn grant(
    tx: &mut Tx,
    realm: &RealmId,
    (user, client): (&UserId, &ClientId),
    scope: &Scope,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, GRANT, [realm.as_str(), user.as_str(), client.as_str(), scope.to_string(), now.as_millis()])
        .map(|_| ())
}
