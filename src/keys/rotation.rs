//! Execution of the key schedule: generating due keys, promoting announced ones, deleting those that are gone. If
//! several nodes generate the same generation of a key, the first insert wins and the others use that key.

use std::sync::Arc;

use super::key_set::Key;
use super::{Keyring, KeyringError, public_part};
use signet_crypto::KeyError;
use signet_crypto::{encryption_key, signing_key};
use signet_protocol::ids::{KeyId, RealmId};
use signet_protocol::jose::jwk::{KeyAlgorithm, PublicJwk};
use signet_protocol::jose::key_schedule::{self, Generation, KeyTimes, Rotation};
use signet_protocol::time::Timestamp;
use signet_store::StoreError;
use signet_store::events::audit::{self, Event, Outcome, Record};
use signet_store::node::changes;
use signet_store::realm::signing_keys::StoredKey;
use signet_store::realm::{hint_keys, signing_keys};

/// The result of a rotation by command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// The key that will sign, or that clients will encrypt to.
    pub kid: KeyId,
    pub algorithm: KeyAlgorithm,
    /// The time from which it is used.
    pub signs_from: Timestamp,
    /// True if this command generated it.
    pub announced_now: bool,
}

/// The actor of changes made by the schedule.
const SYSTEM: &str = "system";

/// The audit record of a promotion.
#[derive(Clone)]
struct Promoted {
    record: Record,
    now: Timestamp,
}

impl Keyring {
    /// Generates due keys and deletes those that are gone.
    pub async fn apply_schedule(&self, realm: &RealmId, now: Timestamp) -> Result<(), KeyringError> {
        let names: Vec<&str> = self.algorithms_of(realm).into_iter().map(KeyAlgorithm::as_str).collect();
        self.make_due(realm, &names, now).await?;
        self.see_active(realm, now).await?;
        let gone = key_schedule::removable(self.of(realm).times(), now, &self.policy.schedule);
        for kid in &gone {
            self.remove(realm, kid, now).await?;
        }
        if gone.is_empty() { Ok(()) } else { self.reload(realm).await }
    }

    /// Generates due signing keys, which a server needs before its first response. Encryption keys are generated once
    /// it listens, and nothing is deleted before a newer key has signed the audit log. A node that only verifies
    /// generates none.
    pub async fn create_due_signing_keys(&self, realm: &RealmId, now: Timestamp) -> Result<(), KeyringError> {
        if self.require_private().is_err() {
            return Ok(());
        }
        self.store_public_parts(realm).await?;
        let names: Vec<&str> = self.policy.algorithms.iter().map(|algorithm| algorithm.as_str()).collect();
        self.make_due(realm, &names, now).await
    }

    async fn make_due(&self, realm: &RealmId, names: &[&str], now: Timestamp) -> Result<(), KeyringError> {
        let due = key_schedule::due(self.of(realm).times(), names, now, &self.policy.schedule);
        let made = due.iter().map(|generation| self.announce(realm, generation, SYSTEM, now));
        for outcome in futures_util::future::join_all(made).await {
            outcome?;
        }
        if due.is_empty() { Ok(()) } else { self.reload(realm).await }
    }

    /// Announces the next key of an algorithm, or promotes one that has been announced long enough, by command.
    pub async fn rotate(
        &self,
        realm: &RealmId,
        algorithm: impl Into<KeyAlgorithm>,
        now: Timestamp,
    ) -> Result<Rotated, KeyringError> {
        self.rotate_by("command", realm, algorithm.into(), now).await
    }

    /// Rotates as [`Keyring::rotate`] does, on behalf of this actor.
    pub async fn rotate_by(
        &self,
        actor: &str,
        realm: &RealmId,
        algorithm: KeyAlgorithm,
        now: Timestamp,
    ) -> Result<Rotated, KeyringError> {
        self.require_private()?;
        let set = self.of(realm);
        let decided = key_schedule::rotate(set.times(), algorithm.as_str(), now, &self.policy.schedule);
        match decided {
            Rotation::Promote { kid, at } | Rotation::Waiting { kid, at } => {
                let record = record(Event::KeyPromoted, &kid, actor, now);
                self.promote(realm, &kid, at, Promoted { record, now }).await?;
                self.reload(realm).await?;
                Ok(Rotated { kid, algorithm, signs_from: at, announced_now: false })
            }
            Rotation::Announce(generation) => {
                let announced_now = self.announce(realm, &generation, actor, now).await?;
                self.reload(realm).await?;
                // The key of this generation may come from another node.
                let set = self.of(realm);
                let key = set.times().iter().find(|key| generation.is_of(key)).ok_or(KeyError::Generation)?;
                Ok(Rotated { kid: key.kid.clone(), algorithm, signs_from: key.activates_at, announced_now })
            }
        }
    }

    /// Generates and stores a key unless another node has stored the same generation. Returns true if this node did.
    async fn announce(
        &self,
        realm: &RealmId,
        generation: &Generation,
        actor: &str,
        now: Timestamp,
    ) -> Result<bool, KeyringError> {
        let key = self.generate(realm, generation, now).await?;
        let kid = key.times.kid.clone();
        let algorithm = key.times.algorithm.clone();
        let record = record(Event::KeyAnnounced, &kid, actor, now);
        let stored = self.store.write_with((realm.clone(), key, record), move |given, tx| {
            Box::pin(async move {
                let (realm, key, record) = given;
                let first = signing_keys::insert(tx, realm, key).await?;
                if first {
                    audit::append(tx, realm, record, now).await?;
                    changes::publish(tx, realm, changes::Kind::Key, "", now).await?;
                }
                Ok::<_, StoreError>(first)
            })
        });
        let first = stored.await?;
        if first {
            tracing::info!(kid = kid.as_str(), alg = algorithm, "announced a key");
        }
        Ok(first)
    }

    /// Generates and seals a key of this generation.
    pub(super) async fn generate(
        &self,
        realm: &RealmId,
        generation: &Generation,
        now: Timestamp,
    ) -> Result<StoredKey, KeyringError> {
        let master = &self.secrets()?.master;
        let algorithm = KeyAlgorithm::named(&generation.algorithm).ok_or(KeyError::Algorithm)?;
        let bits = self.policy.rsa_bits;
        let made = tokio::task::spawn_blocking(move || make(algorithm, bits)).await;
        let NewKey { kid, public, der } = made.map_err(|_| KeyError::Generation)??;
        let sealed = master.seal(&der, &place(realm, &kid, algorithm)).ok_or(KeyError::Generation)?;
        let times = KeyTimes {
            kid,
            algorithm: generation.algorithm.clone(),
            generation: generation.generation,
            announced_at: now,
            activates_at: generation.activates_at,
            dropped_at: None,
        };
        Ok(StoredKey { times, sealed, public: Some(public) })
    }

    async fn promote(&self, realm: &RealmId, kid: &KeyId, at: Timestamp, promoted: Promoted) -> Result<(), StoreError> {
        let realm = realm.clone();
        let kid = kid.clone();
        self.store
            .write(move |tx| {
                let realm = realm.clone();
                let kid = kid.clone();
                let promoted = promoted.clone();
                Box::pin(async move {
                    let Promoted { record, now } = promoted;
                    if signing_keys::activate(tx, &realm, &kid, at).await? {
                        audit::append(tx, &realm, &record, now).await?;
                        changes::publish(tx, &realm, changes::Kind::Key, "", now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Records which announced keys have become active, which happens just by the passing of time.
    async fn see_active(&self, realm: &RealmId, now: Timestamp) -> Result<(), StoreError> {
        let realm = realm.clone();
        self.store
            .write(move |tx| {
                let realm = realm.clone();
                Box::pin(async move {
                    for kid in signing_keys::see_active(tx, &realm, now).await? {
                        audit::append(tx, &realm, &record(Event::KeyActivated, &kid, SYSTEM, now), now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Removes a key with its private part. The public part of a signing key is kept for logout hints.
    async fn remove(&self, realm: &RealmId, kid: &KeyId, now: Timestamp) -> Result<(), StoreError> {
        let kept = self.of(realm).hint_key(kid, now.plus(self.policy.hint_retention));
        let removal = Arc::new((realm.clone(), kid.clone(), kept));
        self.store
            .write(move |tx| {
                let removal = removal.clone();
                Box::pin(async move {
                    let (realm, kid, kept) = &*removal;
                    if signing_keys::remove(tx, realm, kid).await? {
                        if let Some(kept) = kept {
                            hint_keys::insert(tx, realm, kept).await?;
                        }
                        audit::append(tx, realm, &record(Event::KeyRemoved, kid, SYSTEM, now), now).await?;
                        changes::publish(tx, realm, changes::Kind::Key, "", now).await?;
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Opens a stored key.
    pub(super) fn open_key(&self, realm: &RealmId, stored: &StoredKey) -> Result<Key, KeyringError> {
        let kid = stored.times.kid.clone();
        let algorithm = KeyAlgorithm::named(&stored.times.algorithm).ok_or(KeyError::Algorithm)?;
        let master = &self.secrets()?.master;
        let der = master.open(&stored.sealed, &place(realm, &kid, algorithm)).ok_or(KeyringError::Sealed)?;
        Ok(Key::from_pkcs8(kid, algorithm, &der)?)
    }
}

/// A generated key that is neither sealed nor stored yet.
struct NewKey {
    /// The thumbprint of the public part (RFC 7638).
    kid: KeyId,
    /// The public part as it is stored.
    public: String,
    der: zeroize::Zeroizing<Vec<u8>>,
}

fn make(algorithm: KeyAlgorithm, bits: u32) -> Result<NewKey, KeyError> {
    let der = match algorithm {
        KeyAlgorithm::Signing(algorithm) => signing_key::generate(algorithm, bits)?,
        KeyAlgorithm::Encryption(algorithm) => encryption_key::generate(algorithm, bits)?,
    };
    let scratch = Key::from_pkcs8(KeyId::from_stored("new".to_owned()), algorithm, &der)?;
    let kid = KeyId::from_stored(scratch.public().thumbprint());
    let public = PublicJwk { kid: Some(kid.as_str().to_owned()), ..scratch.public().clone() };
    Ok(NewKey { kid, public: public_part::encode(&public), der })
}

/// Returns the context that a sealed key is bound to, so that rows cannot be swapped and an encryption key never signs.
fn place(realm: &RealmId, kid: &KeyId, algorithm: KeyAlgorithm) -> String {
    let purpose = match algorithm {
        KeyAlgorithm::Signing(_) => "signing",
        KeyAlgorithm::Encryption(_) => "encryption",
    };
    format!("{realm}|{kid}|{purpose}")
}

fn record(event: Event, kid: &KeyId, actor: &str, now: Timestamp) -> Record {
    Record {
        id: format!("{}-{}-{}", event.as_str(), kid, now.as_millis()),
        event,
        outcome: Outcome::Success,
        actor: actor.to_owned(),
        user: None,
        client: None,
        session: None,
        origin: audit::Origin::default(),
        reason: kid.as_str().to_owned(),
        details: None,
        mailed: false,
    }
}
