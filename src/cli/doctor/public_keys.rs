//! Check that the stored keys have their public parts, which nodes with `keys.verify_only` read.

use super::finding::Finding;
use crate::config::Settings;
use signet_store::realm::{realms, signing_keys};
use signet_store::{Store, StoreError};

const CHECK: &str = "public-keys";

/// Counts keys of an earlier release, to which no node with the master key has added the public part.
pub(super) async fn examine(store: &Store, settings: &Settings) -> Finding {
    match count_incomplete(store).await {
        Err(error) => Finding::fail(CHECK, error.to_string()),
        Ok(0) => Finding::ok(CHECK, ""),
        Ok(count) if settings.keys.verify_only => Finding::fail(
            CHECK,
            format!("{count} keys have no public part, so this node cannot verify; start a server with the master key"),
        ),
        Ok(count) => Finding::warn(CHECK, format!("{count} keys have no public part yet; start the server")),
    }
}

async fn count_incomplete(store: &Store) -> Result<usize, StoreError> {
    let mut tx = store.read().await?;
    let Some(realm) = realms::find(&mut tx, realms::DEFAULT).await? else { return Ok(0) };
    let stored = signing_keys::list_public(&mut tx, &realm).await?;
    Ok(stored.iter().filter(|key| key.public.is_none()).count())
}
