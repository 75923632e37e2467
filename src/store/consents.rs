//! What people have granted to clients, remembered so that they are not asked twice.

use super::rows;
use super::tx::{execute, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::consent::Consent;
use crate::protocol::ids::{ClientId, RealmId, UserId};

use crate::protocol::time::Timestamp;

statements! {
    FIND = "SELECT scope, claims FROM consents WHERE realm_id = $1 AND user_id = $2 AND client_id = $3";
    GRANT = "INSERT INTO consents (realm_id, user_id, client_id, scope, claims, granted_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (realm_id, user_id, client_id) DO UPDATE SET scope = excluded.scope, claims = excluded.claims, granted_at = excluded.granted_at";
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
    let row: Option<(String, String)> = fetch_optional!(tx, FIND, [realm.as_str(), user.as_str(), client.as_str()])?;
    row.map(|(scope, claims)| {
        let claims = claims.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        Ok(Consent { scope: rows::scope(&scope)?, claims })
    })
    .transpose()
}

/// Remembers a grant in place of the one before.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn grant(
    tx: &mut Tx,
    realm: &RealmId,
    (user, client): (&UserId, &ClientId),
    consent: &Consent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (scope, claims) = (consent.scope.to_string(), consent.claims.join(" "));
    execute!(tx, GRANT, [realm.as_str(), user.as_str(), client.as_str(), scope, claims, now.as_millis()]).map(|_| ())
}
