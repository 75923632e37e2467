//! Export and import of keys. Keys are exported sealed, as stored, with the times that determine their states, so that
//! their signatures can be verified with another database too (RFC 7517 §5). The master key, which opens them, is not
//! part of the export.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{AdminError, record};
use crate::flows::{Context, FlowError};
use crate::keys::Keyring;
use signet_protocol::ids::KeyId;
use signet_protocol::jose::key_schedule::KeyTimes;
use signet_protocol::time::Timestamp;
use signet_store::events::audit::{self, Event, Record};
use signet_store::node::changes;
use signet_store::realm::signing_keys::{self, StoredKey};
use signet_store::{Store, StoreError, Tx};

/// The only export format of this version.
const FORMAT: u32 = 1;

/// All keys of a realm, including dropped ones, which must not sign again elsewhere.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedKeys {
    format: u32,
    realm: String,
    keys: Vec<ExportedKey>,
}

/// A key, with times in milliseconds.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportedKey {
    kid: String,
    algorithm: String,
    generation: i64,
    announced_at: i64,
    activates_at: i64,
    dropped_at: Option<i64>,
    /// The private key in base64url, sealed with the master key for this realm, `kid` and use.
    sealed: String,
}

impl ExportedKeys {
    pub const fn count(&self) -> usize {
        self.keys.len()
    }
}

impl ExportedKey {
    fn of(key: &StoredKey) -> Self {
        let times = &key.times;
        Self {
            kid: times.kid.as_str().to_owned(),
            algorithm: times.algorithm.clone(),
            generation: times.generation,
            announced_at: times.announced_at.as_millis(),
            activates_at: times.activates_at.as_millis(),
            dropped_at: times.dropped_at.map(Timestamp::as_millis),
            sealed: URL_SAFE_NO_PAD.encode(&key.sealed),
        }
    }

    fn into_stored(self) -> Option<StoredKey> {
        let sealed = URL_SAFE_NO_PAD.decode(self.sealed).ok()?;
        let times = KeyTimes {
            kid: KeyId::from_stored(self.kid),
            algorithm: self.algorithm,
            generation: self.generation,
            announced_at: Timestamp::from_millis(self.announced_at),
            activates_at: Timestamp::from_millis(self.activates_at),
            dropped_at: self.dropped_at.map(Timestamp::from_millis),
        };
        Some(StoredKey { times, sealed, public: None })
    }
}

/// Exports the keys of the realm.
pub async fn export_keys(store: &Store, context: &Context) -> Result<ExportedKeys, AdminError> {
    let record = record(context, Event::KeysExported, None, None)?;
    let listed = store.write_with((context.clone(), record), |given, tx| {
        Box::pin(async move {
            let (context, record) = given;
            let keys = signing_keys::list(tx, &context.realm.id).await?;
            if !keys.is_empty() {
                audit::append(tx, &context.realm.id, record, context.now).await?;
            }
            Ok::<_, StoreError>(keys)
        })
    });
    let keys: Vec<ExportedKey> = listed.await?.iter().map(ExportedKey::of).collect();
    let realm = context.realm.id.as_str().to_owned();
    if keys.is_empty() { Err(AdminError::NoKeys) } else { Ok(ExportedKeys { format: FORMAT, realm, keys }) }
}

/// Imports keys into a realm without any, and returns their number. Each key is opened first, so that no unusable key
/// is stored.
pub async fn import_keys(
    store: &Store,
    keyring: &Keyring,
    context: &Context,
    exported: ExportedKeys,
) -> Result<usize, AdminError> {
    let realm = &context.realm.id;
    if exported.format != FORMAT || exported.realm != realm.as_str() || exported.keys.is_empty() {
        return Err(AdminError::KeyFile);
    }
    let mut keys = Vec::with_capacity(exported.count());
    for key in exported.keys {
        let key = keyring.complete(realm, key.into_stored().ok_or(AdminError::KeyFile)?)?;
        let record = record(context, Event::KeyImported, None, None)?;
        let record = Record { reason: key.times.kid.as_str().to_owned(), ..record };
        keys.push(Imported { key, record });
    }
    let count = keys.len();
    let import = Import { context: context.clone(), keys };
    let written = store.write_with(import, |import, tx| Box::pin(async move { carry_out(tx, import).await }));
    match written.await {
        Ok(true) => {}
        Ok(false) => return Err(AdminError::HasKeys),
        // Two keys in the file have the same id, or the same position in the succession.
        Err(StoreError::Conflict) => return Err(AdminError::KeyFile),
        Err(error) => return Err(error.into()),
    }
    keyring.reload(realm).await.map_err(FlowError::from)?;
    Ok(count)
}

/// The rows of an import, written in one transaction.
struct Import {
    context: Context,
    keys: Vec<Imported>,
}

struct Imported {
    key: StoredKey,
    record: Record,
}

/// Stores the keys, unless the realm has any.
async fn carry_out(tx: &mut Tx, import: &Import) -> Result<bool, StoreError> {
    let realm = &import.context.realm.id;
    let now = import.context.now;
    if !signing_keys::list(tx, realm).await?.is_empty() {
        return Ok(false);
    }
    for Imported { key, record } in &import.keys {
        if !signing_keys::insert(tx, realm, key).await? {
            return Err(StoreError::Conflict);
        }
        if let Some(dropped_at) = key.times.dropped_at {
            signing_keys::drop_compromised(tx, realm, &key.times.kid, dropped_at).await?;
        }
        audit::append(tx, realm, record, now).await?;
    }
    changes::publish(tx, realm, changes::Kind::Key, "", now).await?;
    Ok(true)
}
