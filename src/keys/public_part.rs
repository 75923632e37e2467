//! The public parts of keys, stored beside the sealed ones. Nodes with the master key write and check them; nodes that
//! only verify read nothing else. A `kid` is the thumbprint of its public key (RFC 7638), so that a different key under
//! the same `kid` is detected without the private part.

use serde_json::Value;

use super::key_set::Key;
use super::{Keyring, KeyringError};
use signet_crypto::KeyError;
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::jose::jwk::{KeyAlgorithm, PublicJwk};
use signet_store::StoreError;
use signet_store::realm::signing_keys::{self, StoredPublicKey};

/// Encodes a public key as it is stored.
pub(super) fn encode(public: &PublicJwk) -> String {
    Value::Object(public.to_json()).to_string()
}

fn decode(text: &str) -> Result<PublicJwk, KeyringError> {
    let json: Value = serde_json::from_str(text).map_err(|_| KeyringError::Public)?;
    PublicJwk::from_json(&json).map_err(|_| KeyringError::Public)
}

impl Key {
    /// Parses a stored public part, on a node that cannot open the private one. The `kid` must be its thumbprint.
    pub(super) fn from_stored_public(stored: &StoredPublicKey) -> Result<Self, KeyringError> {
        let public = decode(stored.public.as_deref().ok_or(KeyringError::NoPublic)?)?;
        let algorithm = KeyAlgorithm::named(&stored.times.algorithm).ok_or(KeyError::Algorithm)?;
        let kid = stored.times.kid.clone();
        if public.thumbprint() != kid.as_str() {
            return Err(KeyringError::Public);
        }
        Self::from_public(kid, algorithm, public.material).map_err(|_| KeyringError::Public)
    }

    /// Checks that a stored public part belongs to this key, which was opened with the master key. The key itself is
    /// compared, not the text, which another release may write differently.
    pub(super) fn check_public(&self, stored: Option<&str>) -> Result<(), KeyringError> {
        match stored.map(decode).transpose()? {
            Some(public) if public.material != self.public().material => Err(KeyringError::Public),
            Some(_) | None => Ok(()),
        }
    }
}

impl Keyring {
    /// Stores the public parts that are missing because an earlier release has stored the key. No change is published:
    /// a node that only verifies reads the keys again until all are complete.
    pub async fn store_public_parts(&self, realm: &RealmId) -> Result<(), KeyringError> {
        let held = self.of(realm);
        if self.require_private().is_err() || held.incomplete().is_empty() {
            return Ok(());
        }
        let encoded = |kid: &KeyId| held.find(kid).map(|key| (kid.clone(), encode(key.public())));
        let parts: Vec<_> = held.incomplete().iter().filter_map(encoded).collect();
        let written = self.store.write_with((realm.clone(), parts), |given, tx| {
            Box::pin(async move {
                let (realm, parts) = given;
                for (kid, public) in parts {
                    signing_keys::set_public(tx, realm, kid, public).await?;
                }
                Ok::<_, StoreError>(())
            })
        });
        written.await?;
        self.reload(realm).await
    }
}
