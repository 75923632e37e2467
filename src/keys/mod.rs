//! L1: the keys of each realm, for signing and decryption, in memory and parsed once; the master key that seals them in
//! the database; and the keyed hashes derived from it. `protocol::key_schedule` computes the state of a key from its
//! stored times.

mod decryption;
mod key_set;
mod public_part;
mod rotation;
mod succession;
#[cfg(test)]
mod tests;

pub use decryption::Decryption;
pub use key_set::{Jwks, KeySet, KeyStatus, VerifyError};
pub use rotation::Rotated;
pub use succession::KeyReplacement;

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use self::decryption::Decrypters;
use self::key_set::Key;
use crate::fair_queue;
use signet_crypto::{DecryptError, KeyError, MasterKey, PairwiseKey};
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::jose::encryption::KeyManagement;
use signet_protocol::jose::jwk::{KeyAlgorithm, SigningAlgorithm};
use signet_protocol::jose::key_schedule::{KeyTimes, Policy};
use signet_protocol::time::{Span, Timestamp};
use signet_store::engine::lanes::Lane;
use signet_store::realm::signing_keys::{StoredKey, StoredPublicKey};
use signet_store::realm::{hint_keys, signing_keys};
use signet_store::{Store, StoreError};

/// Settings for the generation and rotation of keys.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    /// Algorithms with a signing key.
    pub algorithms: Vec<SigningAlgorithm>,
    /// Algorithms with a key that clients encrypt to; empty if encrypted tokens are not accepted.
    pub encryption: Vec<KeyManagement>,
    /// The size of new RSA keys: 3072 or 4096 bits.
    pub rsa_bits: u32,
    /// The schedule of announcement, retirement and removal.
    pub schedule: Policy,
    /// The time for which the public part of a removed key verifies logout hints.
    pub hint_retention: Span,
}

pub struct Keyring {
    store: Store,
    /// `None` on a node that only verifies.
    secrets: Option<Secrets>,
    policy: KeyPolicy,
    sets: ArcSwap<HashMap<RealmId, Arc<KeySet>>>,
    decrypters: Decrypters,
    reloading: Mutex<()>,
}

/// The master key and a key derived from it.
struct Secrets {
    master: MasterKey,
    pairwise: Arc<PairwiseKey>,
}

impl Secrets {
    fn of(master: MasterKey) -> Self {
        let pairwise = Arc::new(master.pairwise_key());
        Self { master, pairwise }
    }
}

/// The stored keys of a realm. A node that only verifies does not read the private parts.
enum StoredKeys {
    Sealed(Vec<StoredKey>),
    Public(Vec<StoredPublicKey>),
}

/// The parsed keys of a realm.
#[derive(Default)]
struct ParsedKeys {
    keys: Vec<(KeyTimes, Key)>,
    /// Keys that are stored without their public part.
    incomplete: Vec<KeyId>,
}

/// The reason why the keyring cannot be loaded or changed.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored key cannot be opened: the master key is a different one, or the row was changed.
    #[error("a stored key cannot be opened: the master key is not the one it was sealed with, or the key is corrupt")]
    Sealed,
    /// The public part in a row is malformed or belongs to a different key.
    #[error("the public part of a stored key is not that of the key: the row was changed")]
    Public,
    /// An earlier release has stored the key, and this node cannot derive its public part.
    #[error("a stored key has no public part yet: first start a server of this version that has the master key")]
    NoPublic,
    /// A key does not match its row, or could not be generated.
    #[error("a stored key is unusable: {0}")]
    Key(#[from] KeyError),
}

impl Keyring {
    /// Loads the keys of these realms, without generating any. A key that cannot be opened is an error and is never
    /// replaced silently. Without the master key only the public parts are read: the keyring verifies, and nothing else.
    pub async fn load(
        store: Store,
        master: Option<MasterKey>,
        policy: KeyPolicy,
        realms: &[RealmId],
    ) -> Result<Self, KeyringError> {
        signet_crypto::provider::install();
        let keyring = Self {
            store,
            secrets: master.map(Secrets::of),
            policy,
            sets: ArcSwap::default(),
            decrypters: Decrypters::default(),
            reloading: Mutex::default(),
        };
        for realm in realms {
            keyring.reload(realm).await?;
        }
        Ok(keyring)
    }

    /// Checks that this node has the master key. Otherwise it only verifies: [`KeyError::VerifyOnly`].
    pub fn require_private(&self) -> Result<(), KeyError> {
        self.secrets().map(drop)
    }

    fn secrets(&self) -> Result<&Secrets, KeyError> {
        self.secrets.as_ref().ok_or(KeyError::VerifyOnly)
    }

    pub fn of(&self, realm: &RealmId) -> Arc<KeySet> {
        self.sets.load().get(realm).cloned().unwrap_or_default()
    }

    /// Returns the algorithms with a signing key.
    pub fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.policy.algorithms
    }

    /// Returns the encryption algorithms of the settings.
    pub fn encryption_algorithms(&self) -> &[KeyManagement] {
        &self.policy.encryption
    }

    /// Returns the algorithms that clients may use to encrypt to this realm: those of the settings, and those of
    /// existing keys from earlier settings, which clients may have registered.
    pub fn decrypts(&self, realm: &RealmId) -> Vec<KeyManagement> {
        let held = self.of(realm);
        let is_used = |algorithm: &KeyManagement| {
            self.policy.encryption.contains(algorithm) || held.has_key_of(algorithm.as_str())
        };
        KeyManagement::ALL.into_iter().filter(is_used).collect()
    }

    /// Returns the algorithms, of any use, that this realm has or needs keys for.
    pub fn algorithms_of(&self, realm: &RealmId) -> Vec<KeyAlgorithm> {
        let signing = self.policy.algorithms.iter().copied().map(KeyAlgorithm::Signing);
        signing.chain(self.decrypts(realm).into_iter().map(KeyAlgorithm::Encryption)).collect()
    }

    /// Returns true if the settings include the algorithm, so that a dropped key of it gets a successor.
    fn names(&self, algorithm: &str) -> bool {
        let signs = self.policy.algorithms.iter().any(|held| held.as_str() == algorithm);
        signs || self.policy.encryption.iter().any(|held| held.as_str() == algorithm)
    }

    /// Decrypts a token from this network with a key of this realm; see [`KeySet::decryption`]. [`DecryptError::Busy`]
    /// means that too many tokens are being decrypted.
    pub async fn decrypt(
        &self,
        realm: &RealmId,
        token: &str,
        lane: fair_queue::Lane,
        now: Timestamp,
    ) -> Result<Zeroizing<String>, DecryptError> {
        let decryption = self.of(realm).decryption(token, now)?;
        self.decrypters.run(lane, || decryption.run()).await
    }

    /// Returns the rules of rotation.
    pub fn schedule(&self) -> &Policy {
        &self.policy.schedule
    }

    /// Seals a secret that must be readable again, such as the secret of a client that signs with it. `place`
    /// identifies the row (`realm|client|client-secret`), and it can be opened for that place alone.
    pub fn seal(&self, plain: &[u8], place: &str) -> Result<Vec<u8>, KeyError> {
        self.secrets()?.master.seal(plain, place).ok_or(KeyError::Encryption)
    }

    /// Opens a value sealed for this place. Returns `None` if it was sealed for another place or was changed, or if this
    /// node only verifies.
    pub fn open(&self, sealed: &[u8], place: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.secrets.as_ref()?.master.open(sealed, place)
    }

    /// Returns the key of pairwise subjects, which is derived from the master key.
    pub fn pairwise(&self) -> Result<&Arc<PairwiseKey>, KeyError> {
        Ok(&self.secrets()?.pairwise)
    }

    /// Reloads the keys of a realm. Known keys are not parsed again. On an error the keys in memory are kept.
    pub async fn reload(&self, realm: &RealmId) -> Result<(), KeyringError> {
        // The lock keeps two concurrent reloads in order; otherwise a key dropped in between could come back.
        let _turn = self.reloading.lock().await;
        // Every request waits for this reload, so it uses a reserved connection that a flood of pages cannot take.
        let mut tx = Lane::Reserved.run(self.store.read()).await?;
        let stored = match self.secrets {
            Some(_) => StoredKeys::Sealed(signing_keys::list(&mut tx, realm).await?),
            None => StoredKeys::Public(signing_keys::list_public(&mut tx, realm).await?),
        };
        let hint_keys = hint_keys::list(&mut tx, realm).await?;
        drop(tx);
        let ParsedKeys { keys, incomplete } = self.parse(realm, stored)?;
        let set = KeySet::new(keys, self.policy.schedule).with_hint_keys(hint_keys).with_incomplete(incomplete);
        let set = Arc::new(set);
        self.sets.rcu(|sets| {
            let mut next = HashMap::clone(sets);
            next.insert(realm.clone(), set.clone());
            next
        });
        Ok(())
    }

    /// Parses stored keys, except those that this node knows already.
    fn parse(&self, realm: &RealmId, stored: StoredKeys) -> Result<ParsedKeys, KeyringError> {
        let known = self.of(realm);
        let mut parsed = ParsedKeys::default();
        match stored {
            StoredKeys::Sealed(stored) => {
                for row in stored {
                    let key = match known.find(&row.times.kid) {
                        Some(key) => key,
                        None => self.open_key(realm, &row)?,
                    };
                    key.check_public(row.public.as_deref())?;
                    parsed.incomplete.extend(row.public.is_none().then(|| row.times.kid.clone()));
                    parsed.keys.push((row.times, key));
                }
            }
            StoredKeys::Public(stored) => {
                for row in stored {
                    let key = match known.find(&row.times.kid) {
                        Some(key) => key,
                        None => Key::from_stored_public(&row)?,
                    };
                    key.check_public(row.public.as_deref())?;
                    parsed.keys.push((row.times, key));
                }
            }
        }
        Ok(parsed)
    }

    /// Opens a key of this realm that is not stored yet, and returns it with its public part.
    pub fn complete(&self, realm: &RealmId, key: StoredKey) -> Result<StoredKey, KeyringError> {
        let public = public_part::encode(self.open_key(realm, &key)?.public());
        Ok(StoredKey { public: Some(public), ..key })
    }

    pub fn status(&self, realm: &RealmId, now: Timestamp) -> Vec<KeyStatus> {
        self.of(realm).status(now)
    }
}
