//! L1: the keys of each realm, for signing and for decrypting, in memory and parsed once; the master key that seals
//! them in the database; and the keyed hashes derived from it. States follow from stored times by `protocol::key_schedule`.

mod decryption;
mod encryption_key;
mod jwe;
mod key_set;
mod pairwise;
mod provider;
mod rotation;
mod seal;
mod signing_key;
mod succession;
mod symmetric;
#[cfg(test)]
mod tests;

pub use decryption::Decryption;
pub use jwe::{DecryptError, encrypt};
pub use key_set::{IdTokenHashes, Jwks, KeySet, KeyStatus, VerifyError};
pub use pairwise::PairwiseKey;
pub use rotation::Rotated;
pub use seal::{MasterKey, MasterKeyError, TokenMac};
pub use signing_key::{KeyError, check_client_key, verify_with};
pub use succession::Succession;
pub use symmetric::{MIN_SECRET, sign_hs256, sign_id_token_hs256, verify_hs256};

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use self::decryption::Decrypters;
use crate::fair_queue;
use crate::protocol::ids::RealmId;
use crate::protocol::jwe::KeyManagement;
use crate::protocol::jwk::{KeyAlgorithm, SigningAlgorithm};
use crate::protocol::key_schedule::Policy;
use crate::protocol::time::{Span, Timestamp};
use crate::store::lanes::Lane;
use crate::store::signing_keys::StoredKey;
use crate::store::{Store, StoreError, hint_keys, signing_keys};

/// How keys are made and rotated.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    /// The algorithms to hold a signing key for.
    pub algorithms: Vec<SigningAlgorithm>,
    /// The algorithms to hold a key for that clients encrypt to; none where nothing encrypted is taken.
    pub encryption: Vec<KeyManagement>,
    /// The size of new RSA keys: 3072 or 4096 bits.
    pub rsa_bits: u32,
    /// When keys are announced, retired and removed.
    pub schedule: Policy,
    /// The time for which the public part of a removed key verifies logout hints.
    pub hint_retention: Span,
}

/// The keys of all realms.
pub struct Keyring {
    store: Store,
    master: MasterKey,
    pairwise: Arc<PairwiseKey>,
    policy: KeyPolicy,
    sets: ArcSwap<HashMap<RealmId, Arc<KeySet>>>,
    decrypters: Decrypters,
    reloading: Mutex<()>,
}

/// Why the keyring cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored key cannot be opened: the master key is another one, or the row was changed.
    #[error("a stored key cannot be opened: the master key is not the one it was sealed with, or the key is corrupt")]
    Sealed,
    /// A key is not what its row says, or could not be made.
    #[error("a stored key is unusable: {0}")]
    Key(#[from] KeyError),
}

impl Keyring {
    /// Loads the keys of these realms, none of which is made here.
    ///
    /// # Errors
    /// [`KeyringError`] where a key cannot be opened: nothing is replaced in silence.
    pub async fn load(
        store: Store,
        master: MasterKey,
        policy: KeyPolicy,
        realms: &[RealmId],
    ) -> Result<Self, KeyringError> {
        provider::install();
        let pairwise = Arc::new(master.pairwise_key());
        let keyring = Self {
            store,
            master,
            pairwise,
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

    /// The keys of a realm.
    pub fn of(&self, realm: &RealmId) -> Arc<KeySet> {
        self.sets.load().get(realm).cloned().unwrap_or_default()
    }

    /// The algorithms that signing keys are held for.
    pub fn algorithms(&self) -> &[SigningAlgorithm] {
        &self.policy.algorithms
    }

    /// The algorithms that the settings name for clients to encrypt with.
    pub fn encryption_algorithms(&self) -> &[KeyManagement] {
        &self.policy.encryption
    }

    /// The algorithms that clients may encrypt with to this realm: those of the settings, and those that it holds a key
    /// of since the settings named them, which clients may have registered.
    pub fn decrypts(&self, realm: &RealmId) -> Vec<KeyManagement> {
        let held = self.of(realm);
        let is_used = |algorithm: &KeyManagement| {
            self.policy.encryption.contains(algorithm) || held.has_key_of(algorithm.as_str())
        };
        KeyManagement::ALL.into_iter().filter(is_used).collect()
    }

    /// The algorithms that this realm holds keys of any use for, or is to hold them.
    pub fn algorithms_of(&self, realm: &RealmId) -> Vec<KeyAlgorithm> {
        let signing = self.policy.algorithms.iter().copied().map(KeyAlgorithm::Signing);
        signing.chain(self.decrypts(realm).into_iter().map(KeyAlgorithm::Encryption)).collect()
    }

    /// Returns true if the settings name the algorithm, so that a key of it that is dropped gets a successor.
    fn names(&self, algorithm: &str) -> bool {
        let signs = self.policy.algorithms.iter().any(|held| held.as_str() == algorithm);
        signs || self.policy.encryption.iter().any(|held| held.as_str() == algorithm)
    }

    /// Decrypts a token from this network that was encrypted to a key of this realm; see [`KeySet::decryption`].
    ///
    /// # Errors
    /// [`DecryptError::Busy`] where too many are being decrypted, else one that does not tell why it cannot be.
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

    /// The rules of rotation.
    pub fn schedule(&self) -> &Policy {
        &self.policy.schedule
    }

    /// Seals a secret that has to be read again, such as that of a client which signs with it. `place` says where it is
    /// stored (`realm|client|client-secret`), and it opens nowhere else.
    ///
    /// # Errors
    /// [`KeyError::Encryption`] where aws-lc-rs fails.
    pub fn seal(&self, plain: &[u8], place: &str) -> Result<Vec<u8>, KeyError> {
        self.master.seal(plain, place).ok_or(KeyError::Encryption)
    }

    /// Opens what was sealed for this place, or nothing where it was sealed for another or changed.
    pub fn open(&self, sealed: &[u8], place: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.master.open(sealed, place)
    }

    /// The key of pairwise subjects.
    pub fn pairwise(&self) -> &Arc<PairwiseKey> {
        &self.pairwise
    }

    /// Reads the keys of a realm again. Keys that are known already are not parsed again.
    ///
    /// # Errors
    /// [`KeyringError`] where a key cannot be opened; what is in memory stays.
    pub async fn reload(&self, realm: &RealmId) -> Result<(), KeyringError> {
        // Of two readings the later one stays, or a key that was dropped in between would come back.
        let _turn = self.reloading.lock().await;
        // All wait for the one that reads, so that no flood of pages may keep it waiting for a connection.
        let mut tx = Lane::Reserved.run(self.store.read()).await?;
        let stored = signing_keys::list(&mut tx, realm).await?;
        let hint_keys = hint_keys::list(&mut tx, realm).await?;
        drop(tx);
        let known = self.of(realm);
        let mut keys = Vec::with_capacity(stored.len());
        for key in stored {
            let parsed = match known.find(&key.times.kid) {
                Some(parsed) => parsed,
                None => self.open_key(realm, &key)?,
            };
            keys.push((key.times, parsed));
        }
        let set = Arc::new(KeySet::new(keys, self.policy.schedule).with_hint_keys(hint_keys));
        self.sets.rcu(|sets| {
            let mut next = HashMap::clone(sets);
            next.insert(realm.clone(), set.clone());
            next
        });
        Ok(())
    }

    /// Checks that a key of this realm, which is not stored here yet, can be opened and used.
    ///
    /// # Errors
    /// [`KeyringError`] where it was sealed with another master key, or is not what it is said to be.
    pub fn check(&self, realm: &RealmId, key: &StoredKey) -> Result<(), KeyringError> {
        self.open_key(realm, key).map(|_| ())
    }

    /// The state of every key of a realm.
    pub fn status(&self, realm: &RealmId, now: Timestamp) -> Vec<KeyStatus> {
        self.of(realm).status(now)
    }
}
