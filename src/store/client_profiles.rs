//! The security profiles that clients are registered with.

use super::tx::{fetch_one, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::RealmId;
use crate::protocol::profile::Profile;

statements! {
    WITH_MEMBER = "SELECT COUNT(*) AS clients FROM clients WHERE realm_id = $1 AND metadata LIKE $2";
}

/// Returns true if any client of the realm has this profile. All metadata is read for it: no part of a request.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn is_in_use(tx: &mut Tx, realm: &RealmId, profile: Profile) -> Result<bool, StoreError> {
    // Metadata is stored without white space, and a quotation mark within a text has a backslash before it.
    let member = format!("%\"profile\":\"{}\"%", profile.rules().name);
    let (clients,): (i64,) = fetch_one!(tx, WITH_MEMBER, [realm.as_str(), member.as_str()])?;
    Ok(clients > 0)
}
