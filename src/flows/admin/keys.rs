//! Dropping a compromised key. By the time the command returns, no node accepts anything that it signed, and the audit
//! log has a checkpoint signed with another key.

use std::sync::Arc;

use super::{AdminError, checked_reason, record};
use crate::flows::events::audit::{self, AuditFault};
use crate::flows::{Context, FlowError};
use crate::keys::{KeyReplacement, Keyring};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::jwk::KeyAlgorithm;
use signet_store::events::audit as audit_store;
use signet_store::events::audit::{Event, Record};
use signet_store::events::audit_log::{self, StoredCheckpoint};
use signet_store::node::changes;
use signet_store::realm::{hint_keys, signing_keys};
use signet_store::{Store, StoreError};

/// The number of attempts if another node changes the keys concurrently.
const TRIES: u32 = 5;

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

/// The rows of the change, written in one transaction.
struct Change {
    kid: KeyId,
    succession: KeyReplacement,
    checkpoint: Option<StoredCheckpoint>,
    record: Record,
}

/// Drops a key as compromised, even if the audit log is broken, which is then reported. If rotation has already removed
/// the key, its public part, which verified logout hints, is dropped.
pub async fn compromise_key(
    store: &Store,
    keyring: &Keyring,
    context: &Context,
    kid: &KeyId,
    reason: &str,
) -> Result<Compromised, AdminError> {
    let realm = &context.realm.id;
    let now = context.now;
    checked_reason(reason)?;
    for _ in 0..TRIES {
        keyring.reload(realm).await.map_err(FlowError::from)?;
        let succession = keyring.without(realm, kid, now).await.map_err(FlowError::from)?;
        let Some(succession) = succession else {
            return drop_hint_key(store, keyring, context, kid, reason).await;
        };
        let held = keyring.of(realm);
        let signer = audit::Signer { keys: &succession.keys, algorithms: keyring.algorithms() };
        let vouched = audit::sign_with(store, realm, &held, signer, now).await;
        let (checkpoint, audit_fault) = match vouched {
            Ok(checkpoint) => (Some(checkpoint), None),
            Err(AuditFault::Flow(error)) => return Err(error.into()),
            Err(fault) => (None, Some(fault)),
        };
        let record = record_of(context, kid, reason)?;
        let change = Arc::new(Change { kid: kid.clone(), succession, checkpoint, record });
        if write(store, context, change.clone()).await? {
            keyring.reload(realm).await.map_err(FlowError::from)?;
            return report(&change, audit_fault, context);
        }
    }
    Err(AdminError::Flow(StoreError::Conflict.into()))
}

/// Drops the public part of a removed key, so that its signatures are no longer accepted as logout hints.
async fn drop_hint_key(
    store: &Store,
    keyring: &Keyring,
    context: &Context,
    kid: &KeyId,
    reason: &str,
) -> Result<Compromised, AdminError> {
    let realm = &context.realm.id;
    let given = (context.clone(), kid.clone(), record_of(context, kid, reason)?);
    let written = store.write_with(given, move |given, tx| {
        Box::pin(async move {
            let (context, kid, record) = given;
            let realm = &context.realm.id;
            let dropped = hint_keys::remove(tx, realm, kid).await?;
            if dropped.is_some() {
                audit_store::append(tx, realm, record, context.now).await?;
                changes::publish(tx, realm, changes::Kind::Key, "", context.now).await?;
            }
            Ok::<_, FlowError>(dropped)
        })
    });
    let signed_with = written.await?.ok_or(AdminError::Unknown("key"))?;
    keyring.reload(realm).await.map_err(FlowError::from)?;
    let algorithm = known(&signed_with)?;
    let alg = algorithm.as_str();
    tracing::warn!(target: "security", event = "key_compromised", kid = kid.as_str(), alg, "dropped a compromised key");
    let status = keyring.of(realm).status(context.now);
    let used = status.into_iter().find(|key| key.algorithm == signed_with && key.is_active());
    Ok(Compromised { algorithm, successor: used.map(|used| used.kid), is_new: false, audit_fault: None })
}

fn known(algorithm: &str) -> Result<KeyAlgorithm, FlowError> {
    KeyAlgorithm::named(algorithm).ok_or_else(|| FlowError::Internal("an unknown algorithm".into()))
}

fn record_of(context: &Context, kid: &KeyId, reason: &str) -> Result<Record, FlowError> {
    let record = record(context, Event::KeyCompromised, None, None)?;
    Ok(Record { reason: format!("{kid}: {reason}"), ..record })
}

/// Drops the key, stores its successor and the checkpoint. Returns false if the keys were changed concurrently.
async fn write(store: &Store, context: &Context, change: Arc<Change>) -> Result<bool, StoreError> {
    let realm = context.realm.id.clone();
    let now = context.now;
    let written = store.write(move |tx| {
        let realm = realm.clone();
        let change = change.clone();
        Box::pin(async move {
            if !signing_keys::drop_compromised(tx, &realm, &change.kid, now).await? {
                return Err(StoreError::Conflict);
            }
            if let Some(made) = &change.succession.made
                && !signing_keys::insert(tx, &realm, made).await?
            {
                return Err(StoreError::Conflict);
            }
            if let Some(checkpoint) = &change.checkpoint {
                audit_log::replace_checkpoints(tx, &realm, checkpoint, now).await?;
            }
            audit_store::append(tx, &realm, &change.record, now).await?;
            changes::publish(tx, &realm, changes::Kind::Key, "", now).await?;
            Ok(())
        })
    });
    match written.await {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Logs the result and returns it for the operator.
fn report(change: &Change, audit_fault: Option<AuditFault>, context: &Context) -> Result<Compromised, AdminError> {
    let KeyReplacement { keys, algorithm, made } = &change.succession;
    let algorithm = known(algorithm)?;
    let kid = change.kid.as_str();
    let alg = algorithm.as_str();
    tracing::warn!(target: "security", event = "key_compromised", kid, alg, "dropped a compromised key");
    if let Some(checkpoint) = &change.checkpoint {
        audit::announce(checkpoint.last);
    }
    let used = keys.status(context.now).into_iter().find(|key| key.algorithm == algorithm.as_str() && key.is_active());
    let is_new = made.as_ref().is_some_and(|made| used.as_ref().is_some_and(|used| used.kid == made.times.kid));
    Ok(Compromised { algorithm, successor: used.map(|used| used.kid), is_new, audit_fault })
}
