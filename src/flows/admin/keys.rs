//! Rotating keys, and dropping compromised ones. By the time a key is dropped, no node accepts anything that it signed,
//! and the audit log has a checkpoint signed with another key.

use std::sync::Arc;

use super::error::{Kind, NotFound, RoomError, from_store};
use super::operator::{Change, Operator};
use crate::flows::events::audit::{self, AuditFault};
use crate::flows::{Concerning, FlowError};
use crate::keys::{KeyReplacement, KeyStatus, Keyring, KeyringError, Rotated};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::jwk::KeyAlgorithm;
use signet_store::StoreError;
use signet_store::events::audit::Event;
use signet_store::events::audit_log::{self, StoredCheckpoint};
use signet_store::node::changes;
use signet_store::realm::{hint_keys, signing_keys};

/// The number of attempts if another node changes the keys concurrently.
const TRIES: u32 = 5;

/// The reason why an order about keys fails.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    #[error("there are no keys yet; the server generates them when it starts")]
    NoKeys,
    /// Keys can only be imported into a database without keys.
    #[error("the database has keys already; import keys into a database without any")]
    HasKeys,
    #[error("the file is not an export of keys that this version reads, for this realm")]
    File,
    #[error(transparent)]
    Key(KeyringError),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(KeysError);

impl From<KeyringError> for KeysError {
    fn from(error: KeyringError) -> Self {
        match error {
            KeyringError::Store(error) => error.into(),
            other => Self::Key(other),
        }
    }
}

impl RoomError for KeysError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::File | Self::Key(_) => Kind::Invalid,
            Self::NoKeys | Self::HasKeys => Kind::Conflict,
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// The result of dropping a key.
#[derive(Debug)]
pub struct Compromised {
    pub algorithm: KeyAlgorithm,
    /// The key that replaces it; `None` if the settings no longer list the algorithm.
    pub successor: Option<KeyId>,
    /// True if the successor was generated now, so that it is missing from cached key sets.
    pub is_new: bool,
    /// Set if the audit log is broken; no checkpoint was signed.
    pub audit_fault: Option<AuditFault>,
}

/// A compromised key with its replacement.
struct Loss {
    kid: KeyId,
    succession: KeyReplacement,
    checkpoint: Option<StoredCheckpoint>,
}

impl Operator<'_> {
    pub const fn keys<'k>(&'k self, keyring: &'k Keyring) -> Keys<'k> {
        Keys { operator: self, keyring }
    }
}

/// The keys of the realm: those that sign, and those that clients encrypt to.
pub struct Keys<'a> {
    pub(super) operator: &'a Operator<'a>,
    pub(super) keyring: &'a Keyring,
}

impl Keys<'_> {
    pub fn list(&self) -> Vec<KeyStatus> {
        self.keyring.status(self.operator.realm(), self.operator.now())
    }

    /// Announces the next key, or activates one that every cached key set has.
    pub async fn rotate(&self, algorithm: KeyAlgorithm) -> Result<Rotated, KeysError> {
        let actor = self.operator.actor();
        Ok(self.keyring.rotate_by(&actor, self.operator.realm(), algorithm, self.operator.now()).await?)
    }

    /// Drops a key as compromised, even if the audit log is broken, which is then reported. If rotation has already
    /// removed the key, its public part, which verified logout hints, is dropped.
    pub async fn compromise(&self, kid: &KeyId) -> Result<Compromised, KeysError> {
        let realm = self.operator.realm();
        let now = self.operator.now();
        for _ in 0..TRIES {
            self.reload().await?;
            let succession = self.keyring.without(realm, kid, now).await.map_err(FlowError::from)?;
            let Some(succession) = succession else { return self.drop_hint_key(kid).await };
            let held = self.keyring.of(realm);
            let signer = audit::Signer { keys: &succession.keys, algorithms: self.keyring.algorithms() };
            let vouched = audit::sign_with(self.operator.store, realm, &held, signer, now).await;
            let (checkpoint, audit_fault) = match vouched {
                Ok(checkpoint) => (Some(checkpoint), None),
                Err(AuditFault::Flow(error)) => return Err(error.into()),
                Err(fault) => (None, Some(fault)),
            };
            let loss = Arc::new(Loss { kid: kid.clone(), succession, checkpoint });
            if self.replace(loss.clone()).await? {
                self.reload().await?;
                return self.report(&loss, audit_fault);
            }
        }
        Err(StoreError::Conflict.into())
    }

    pub(super) async fn reload(&self) -> Result<(), FlowError> {
        Ok(self.keyring.reload(self.operator.realm()).await?)
    }

    /// The change of a compromised key.
    fn compromised(&self, kid: &KeyId) -> Result<Change, FlowError> {
        let change = self.operator.change(Event::KeyCompromised, Concerning::default(), kid.as_str())?;
        Ok(change.publishing(changes::Kind::Key, ""))
    }

    /// Drops the public part of a removed key, so that its signatures are no longer accepted as logout hints.
    async fn drop_hint_key(&self, kid: &KeyId) -> Result<Compromised, KeysError> {
        let written = self.operator.write(self.compromised(kid)?, kid.clone(), |given, tx| {
            Box::pin(async move { hint_keys::remove(tx, given.realm(), &given.data).await })
        });
        let signed_with = written.await?.ok_or(NotFound::Name("key"))?;
        self.reload().await?;
        let algorithm = known(&signed_with)?;
        log(kid, algorithm);
        let used = self.list().into_iter().find(|key| key.algorithm == signed_with && key.is_active());
        Ok(Compromised { algorithm, successor: used.map(|used| used.kid), is_new: false, audit_fault: None })
    }

    /// Drops the key, stores its successor and the checkpoint. Returns false if the keys were changed concurrently.
    async fn replace(&self, loss: Arc<Loss>) -> Result<bool, KeysError> {
        let written = self.operator.write(self.compromised(&loss.kid)?, loss, |given, tx| {
            Box::pin(async move {
                let Loss { kid, succession, checkpoint } = &*given.data;
                if !signing_keys::drop_compromised(tx, given.realm(), kid, given.now()).await? {
                    return Err(StoreError::Conflict);
                }
                if let Some(made) = &succession.made
                    && !signing_keys::insert(tx, given.realm(), made).await?
                {
                    return Err(StoreError::Conflict);
                }
                match checkpoint {
                    Some(checkpoint) => {
                        audit_log::replace_checkpoints(tx, given.realm(), checkpoint, given.now()).await
                    }
                    None => Ok(()),
                }
            })
        });
        match written.await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Logs the result and returns it for the operator.
    fn report(&self, loss: &Loss, audit_fault: Option<AuditFault>) -> Result<Compromised, KeysError> {
        let KeyReplacement { keys, algorithm, made } = &loss.succession;
        let algorithm = known(algorithm)?;
        log(&loss.kid, algorithm);
        if let Some(checkpoint) = &loss.checkpoint {
            audit::announce(checkpoint.last);
        }
        let status = keys.status(self.operator.now());
        let used = status.into_iter().find(|key| key.algorithm == algorithm.as_str() && key.is_active());
        let is_new = made.as_ref().is_some_and(|made| used.as_ref().is_some_and(|used| used.kid == made.times.kid));
        Ok(Compromised { algorithm, successor: used.map(|used| used.kid), is_new, audit_fault })
    }
}

fn known(algorithm: &str) -> Result<KeyAlgorithm, FlowError> {
    KeyAlgorithm::named(algorithm).ok_or_else(|| FlowError::Internal("an unknown algorithm".into()))
}

fn log(kid: &KeyId, algorithm: KeyAlgorithm) {
    let kid = kid.as_str();
    let alg = algorithm.as_str();
    tracing::warn!(target: "security", event = "key_compromised", kid, alg, "dropped a compromised key");
}
