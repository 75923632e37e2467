//! Check of the master key: it must exist and be readable by its owner only.

use super::finding::Finding;
use crate::app;
use crate::config::{Mode, Settings};
use signet_crypto::{MasterKey, MasterKeyError};
use signet_store::realm::realms;
use signet_store::{Store, StoreError};

const CHECK: &str = "master-key";

/// Checks the master key of an existing database.
pub(super) async fn examine(store: &Store, settings: &Settings) -> Finding {
    if settings.keys.verify_only {
        return absent(settings);
    }
    // An error means another schema, which another check reports.
    let needed = has_sealed_keys(store).await.unwrap_or(true);
    match (app::existing_master_key(settings), needed) {
        (Ok(_), _) => Finding::ok(CHECK, ""),
        (Err(MasterKeyError::Missing(_)), false) => not_there_yet(settings.mode),
        (Err(error), _) => Finding::fail(CHECK, error.to_string()),
    }
}

/// Checks that a node that only verifies has no file with the master key.
fn absent(settings: &Settings) -> Finding {
    let file = settings.keys.dir.join("master.key");
    if file.exists() {
        let detail = format!("keys.verify_only is set, but {} is on this host; remove it", file.display());
        return Finding::warn(CHECK, detail);
    }
    Finding::ok(CHECK, "none, because keys.verify_only is set")
}

fn not_there_yet(mode: Mode) -> Finding {
    match mode {
        Mode::Development => Finding::ok(CHECK, "none yet; the server creates it at its first start"),
        Mode::Production => Finding::fail(CHECK, "there is none yet; run `signet init`, or set keys.master_key_file"),
    }
}

async fn has_sealed_keys(store: &Store) -> Result<bool, StoreError> {
    let realm = realms::find(&mut store.read().await?, realms::DEFAULT).await?;
    match realm {
        Some(realm) => app::has_sealed_keys(store, &realm).await,
        None => Ok(false),
    }
}

/// Reads the master key, which must exist.
pub(super) fn master_key(settings: &Settings) -> Result<MasterKey, String> {
    app::existing_master_key(settings).map_err(|error| error.to_string())
}
