//! Opening of the database, its realm and the master key, for the server and for commands. No command creates a
//! database by accident: only `signet init`, `signet migrate`, `signet restore`, and a server in development do.

use std::path::Path;

use super::StartError;
use crate::config::{Mode, Settings};
use signet_crypto::entropy::Entropy;
use signet_crypto::{MasterKey, MasterKeyError};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;
use signet_store::realm::{realms, signing_keys};
use signet_store::{LossyCommits, Setup, Store, StoreError};

/// Opens the database and its schema. An embedded one is migrated, PostgreSQL only if the settings say so.
/// [`StoreError::Schema`] explains the next step to the operator.
pub async fn open_store(settings: &Settings) -> Result<Store, StoreError> {
    see_to_schema(connect(settings).await?, settings).await
}

/// Opens an existing database as [`open_store`] does. An empty one is [`StoreError::Schema`].
pub async fn open_existing_store(settings: &Settings) -> Result<Store, StoreError> {
    let store = connect(settings).await?;
    store.refuse_empty().await?;
    see_to_schema(store, settings).await
}

async fn connect(settings: &Settings) -> Result<Store, StoreError> {
    Store::open_with(settings.database.url.expose(), &setup(settings)).await
}

async fn see_to_schema(store: Store, settings: &Settings) -> Result<Store, StoreError> {
    if store.is_embedded() || settings.database.migrate {
        store.migrate().await?;
    } else {
        store.check_schema().await?;
    }
    Ok(store)
}

/// Builds the connection limits. Only development tolerates lossy commits without a setting that allows them.
fn setup(settings: &Settings) -> Setup {
    let database = &settings.database;
    let may_lose = settings.mode == Mode::Development || database.allow_lossy_commits;
    Setup {
        max_connections: database.max_connections,
        reserved_connections: database.reserved_connections,
        statement_timeout: database.statement_timeout.into(),
        lock_timeout: database.lock_timeout.into(),
        idle_in_transaction_timeout: database.idle_in_transaction_timeout.into(),
        lossy_commits: if may_lose { LossyCommits::Warned } else { LossyCommits::Refused },
    }
}

/// Returns the id of the realm at the base URL, and creates the realm if it is missing.
pub async fn ensure_realm(store: &Store, now: Timestamp) -> Result<RealmId, StoreError> {
    let mut tx = store.read().await?;
    if let Some(realm) = realms::find(&mut tx, realms::DEFAULT).await? {
        return Ok(realm);
    }
    drop(tx);
    store.write(move |tx| Box::pin(async move { realms::ensure_default(tx, now).await })).await
}

/// Loads the master key, from the settings or the file in `keys.dir`. Development creates the file as long as no key
/// has been sealed with one; production leaves that to `signet init`, since a directory that is not mounted looks the
/// same.
pub async fn master_key(
    settings: &Settings,
    store: &Store,
    realm: &RealmId,
    entropy: &Entropy,
) -> Result<MasterKey, StartError> {
    refuse_verify_only(settings)?;
    if settings.mode == Mode::Development {
        return create_master_key(settings, store, realm, entropy).await;
    }
    if settings.keys.master_key.is_some() || has_sealed_keys(store, realm).await? {
        return Ok(existing_master_key(settings)?);
    }
    let directory = Path::new(&settings.keys.dir);
    Ok(MasterKey::read(directory)?.ok_or_else(|| MasterKeyError::not_created(directory))?)
}

/// Loads the master key as [`master_key`] does; `None` on a node that only verifies, which does not look for one.
pub async fn node_master_key(
    settings: &Settings,
    store: &Store,
    realm: &RealmId,
    entropy: &Entropy,
) -> Result<Option<MasterKey>, StartError> {
    if settings.keys.verify_only {
        return Ok(None);
    }
    master_key(settings, store, realm, entropy).await.map(Some)
}

/// Loads the master key as [`master_key`] does, but creates a missing file in both modes as long as no key has been
/// sealed with one.
pub async fn create_master_key(
    settings: &Settings,
    store: &Store,
    realm: &RealmId,
    entropy: &Entropy,
) -> Result<MasterKey, StartError> {
    refuse_verify_only(settings)?;
    if settings.keys.master_key.is_some() || has_sealed_keys(store, realm).await? {
        return Ok(existing_master_key(settings)?);
    }
    Ok(MasterKey::read_or_create(Path::new(&settings.keys.dir), entropy)?)
}

/// Loads the master key from the settings or the file in `keys.dir`, which must exist.
pub fn existing_master_key(settings: &Settings) -> Result<MasterKey, MasterKeyError> {
    refuse_verify_only(settings)?;
    match &settings.keys.master_key {
        Some(key) => Ok(MasterKey::new(*key.expose())),
        None => MasterKey::require(Path::new(&settings.keys.dir)),
    }
}

/// Refuses to read the master key where the settings say that this host must not have it.
fn refuse_verify_only(settings: &Settings) -> Result<(), MasterKeyError> {
    if settings.keys.verify_only { Err(MasterKeyError::VerifyOnly) } else { Ok(()) }
}

/// Returns true if a master key has sealed anything in this realm, so that no new one may be created.
pub async fn has_sealed_keys(store: &Store, realm: &RealmId) -> Result<bool, StoreError> {
    Ok(!signing_keys::list_public(&mut store.read().await?, realm).await?.is_empty())
}
