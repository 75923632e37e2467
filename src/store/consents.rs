//! What people have granted to clients, remembered so that they are not asked twice.

use super::rows;
use super::tx::{execute, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::consent::Consent;
use crate::protocol::ids::{ClientId, RealmId, UserId};
use crate::protocol::time::Timestamp;

statements! {
    FIND = "SELECT scope, claims FROM consents WHERE realm_id = $1 AND user_id = $2 AND client_id = $3";
    HOLD = "INSERT INTO consents (realm_id, user_id, client_id, scope, claims, granted_at) VALUES ($1, $2, $3, '', '', $4) ON CONFLICT (realm_id, user_id, client_id) DO UPDATE SET granted_at = excluded.granted_at RETURNING scope, claims";
    KEEP = "UPDATE consents SET scope = $4, claims = $5 WHERE realm_id = $1 AND user_id = $2 AND client_id = $3";
}

/// What this user has granted to this client.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    client: &ClientId,
) -> Result<Option<Consent>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), user.as_str(), client.as_str()])?;
    row.map(read).transpose()
}

/// Remembers a grant beside what was granted before. The row is held from the reading to the end of the job: of two
/// grants at the same moment neither is lost.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn add(
    tx: &mut Tx,
    realm: &RealmId,
    (user, client): (&UserId, &ClientId),
    more: &Consent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let held: Row = fetch_one!(tx, HOLD, [realm.as_str(), user.as_str(), client.as_str(), now.as_millis()])?;
    let all = read(held)?.union(more);
    let (scope, claims) = (all.scope.to_string(), all.claims.join(" "));
    execute!(tx, KEEP, [realm.as_str(), user.as_str(), client.as_str(), scope, claims]).map(|_| ())
}

/// Scope and claims.
type Row = (String, String);

fn read((scope, claims): Row) -> Result<Consent, StoreError> {
    let claims = claims.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Consent { scope: rows::scope(&scope)?, claims })
}
