//! Export and import of keys. Keys are exported sealed, as stored, with the times that determine their states, so that
//! their signatures can be verified with another database too (RFC 7517 §5). The master key, which opens them, is not
//! part of the export.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::keys::{Keys, KeysError};
use super::operator::Change;
use crate::flows::Concerning;
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::jose::key_schedule::KeyTimes;
use signet_protocol::time::Timestamp;
use signet_store::events::audit::Event;
use signet_store::node::changes;
use signet_store::realm::signing_keys::{self, StoredKey};
use signet_store::{StoreError, Tx};

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

impl Keys<'_> {
    /// Exports the keys of the realm.
    pub async fn export(&self) -> Result<ExportedKeys, KeysError> {
        let change = self.operator.change(Event::KeysExported, Concerning::default(), "")?;
        let listed = self.operator.write(change, (), |given, tx| {
            Box::pin(async move {
                let keys = signing_keys::list(tx, given.realm()).await?;
                Ok::<_, StoreError>((!keys.is_empty()).then_some(keys))
            })
        });
        let keys = listed.await?.ok_or(KeysError::NoKeys)?;
        let realm = self.operator.realm().as_str().to_owned();
        Ok(ExportedKeys { format: FORMAT, realm, keys: keys.iter().map(ExportedKey::of).collect() })
    }

    /// Imports keys into a realm without any, and returns their number. Each key is opened first, so that no unusable
    /// key is stored.
    pub async fn import(&self, exported: ExportedKeys) -> Result<usize, KeysError> {
        let realm = self.operator.realm();
        if exported.format != FORMAT || exported.realm != realm.as_str() || exported.keys.is_empty() {
            return Err(KeysError::File);
        }
        let mut keys = Vec::with_capacity(exported.count());
        let mut records = Vec::with_capacity(exported.count());
        for key in exported.keys {
            let key = self.keyring.complete(realm, key.into_stored().ok_or(KeysError::File)?)?;
            records.push(self.operator.record(Event::KeyImported, Concerning::default(), key.times.kid.as_str())?);
            keys.push(key);
        }
        let count = keys.len();
        let change = Change::of(records).publishing(changes::Kind::Key, "");
        let written = self
            .operator
            .write(change, keys, |given, tx| Box::pin(async move { store_all(tx, given.realm(), &given.data).await }));
        match written.await {
            Ok(true) => {}
            Ok(false) => return Err(KeysError::HasKeys),
            // Two keys in the file have the same id, or the same position in the succession.
            Err(StoreError::Conflict) => return Err(KeysError::File),
            Err(error) => return Err(error.into()),
        }
        self.reload().await?;
        Ok(count)
    }
}

/// Stores the keys, unless the realm has any.
async fn store_all(tx: &mut Tx, realm: &RealmId, keys: &[StoredKey]) -> Result<bool, StoreError> {
    if !signing_keys::list(tx, realm).await?.is_empty() {
        return Ok(false);
    }
    for key in keys {
        if !signing_keys::insert(tx, realm, key).await? {
            return Err(StoreError::Conflict);
        }
        if let Some(dropped_at) = key.times.dropped_at {
            signing_keys::drop_compromised(tx, realm, &key.times.kid, dropped_at).await?;
        }
    }
    Ok(true)
}
