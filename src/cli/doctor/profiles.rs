//! Check for clients whose security profile the settings no longer allow.

use super::finding::Finding;
use crate::config::Settings;
use signet_store::client::clients;
use signet_store::realm::realms;
use signet_store::{Store, StoreError};

/// Limit of clients named in the finding.
const NAMED: usize = 10;

/// Lists clients with a profile that new clients cannot have.
pub(super) async fn examine(store: &Store, settings: &Settings) -> Finding {
    match kept(store, settings).await {
        Err(error) => Finding::fail("client-profiles", error.to_string()),
        Ok(kept) if kept.is_empty() => Finding::ok("client-profiles", ""),
        Ok(kept) => {
            let shown = kept.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
            let more = match kept.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            let remedy = "they keep working; add the profile to the setting, or move them to oauth21";
            Finding::warn("client-profiles", format!("outside profiles.allowed: {shown}{more}; {remedy}"))
        }
    }
}

/// Returns the clients outside of `profiles.allowed` with their profiles.
async fn kept(store: &Store, settings: &Settings) -> Result<Vec<String>, StoreError> {
    let mut tx = store.read().await?;
    let Some(realm) = realms::find(&mut tx, realms::DEFAULT).await? else { return Ok(Vec::new()) };
    let clients = clients::list(&mut tx, &realm).await?;
    let outside = clients.iter().filter(|client| !settings.profiles.allowed.contains(&client.metadata.profile));
    Ok(outside.map(|client| format!("{} ({})", client.id, client.metadata.profile.rules().name)).collect())
}
