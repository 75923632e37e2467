//! Security profiles of registered clients.

use crate::engine::statement::statements;
use crate::engine::tx::fetch_one;
use crate::{StoreError, Tx};
use signet_protocol::client::profile::Profile;
use signet_protocol::ids::RealmId;

statements! {
    WITH_MEMBER = "SELECT COUNT(*) AS clients FROM clients WHERE realm_id = $1 AND metadata LIKE $2";
}

/// Returns true if any client of the realm has this profile. Scans all metadata, so it must not be part of a request.
pub async fn is_in_use(tx: &mut Tx, realm: &RealmId, profile: Profile) -> Result<bool, StoreError> {
    // Metadata is stored without white space, and quotation marks within strings are escaped.
    let member = format!("%\"profile\":\"{}\"%", profile.rules().name);
    let (clients,): (i64,) = fetch_one!(tx, WITH_MEMBER, [realm.as_str(), member.as_str()])?;
    Ok(clients > 0)
}
