//! Replacement of a lost key: the remaining keys and the successor.

use super::key_set::KeySet;
use super::{Keyring, KeyringError};
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::jose::key_schedule;
use signet_protocol::time::Timestamp;
use signet_store::realm::signing_keys::StoredKey;

/// The keys of a realm after one has been dropped. Nothing of it is stored yet.
pub struct KeyReplacement {
    /// The remaining keys and the new one.
    pub keys: KeySet,
    /// The algorithm of the dropped key.
    pub algorithm: String,
    /// A new key, if none was left or the next was due.
    pub made: Option<StoredKey>,
}

impl Keyring {
    /// Computes the keys after this one is dropped, or `None` if it is unknown or was dropped before. An older key that
    /// is still published signs again until caches have the next one; without an older key, a new one signs at once.
    pub async fn without(
        &self,
        realm: &RealmId,
        kid: &KeyId,
        now: Timestamp,
    ) -> Result<Option<KeyReplacement>, KeyringError> {
        self.require_private()?;
        let held = self.of(realm);
        let Some(times) = key_schedule::without(held.times(), kid, now) else { return Ok(None) };
        let lost = times.iter().find(|key| key.kid == *kid);
        let algorithm = lost.map(|key| key.algorithm.clone()).unwrap_or_default();
        let due = key_schedule::due(&times, &[&algorithm], now, &self.policy.schedule);
        let made = match due.first().filter(|_| self.names(&algorithm)) {
            Some(generation) => Some(self.generate(realm, generation, now).await?),
            None => None,
        };
        let parsed = match &made {
            Some(stored) => Some((stored.times.clone(), self.open_key(realm, stored)?)),
            None => None,
        };
        let left = times.into_iter().filter_map(|times| held.find(&times.kid).map(|key| (times, key)));
        let keys = KeySet::new(left.chain(parsed).collect(), self.policy.schedule);
        Ok(Some(KeyReplacement { keys, algorithm, made }))
    }
}
