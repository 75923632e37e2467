//! Dropping a compromised key: no node accepts anything that it signed when the command returns, and another key
//! vouches for the audit log.

use std::sync::Arc;

use super::{AdminError, checked_reason, record};
use crate::flows::audit::{self, AuditFault};
use crate::flows::{Context, FlowError};
use crate::keys::{Keyring, Succession};
use crate::protocol::ids::KeyId;
use crate::protocol::jwk::KeyAlgorithm;
use crate::store::audit::{self as audit_store, Event, Record};
use crate::store::audit_log::{self, StoredCheckpoint};
use crate::store::{Store, StoreError, changes, hint_keys, signing_keys};

/// How often it is tried where another node changes the keys at the same moment.
const TRIES: u32 = 5;

/// What has been done.
#[derive(Debug)]
pub struct Compromised {
    /// The algorithm of the dropped key.
    pub algorithm: KeyAlgorithm,
    /// The key that is used in its place from now on; nothing where the settings do not name the algorithm any more.
    pub successor: Option<KeyId>,
    /// Whether the successor was made now, so that nobody knows it who keeps an older key set.
    pub is_new: bool,
    /// What is wrong with the audit log, for which nothing could vouch therefore.
    pub audit_fault: Option<AuditFault>,
}

/// What is written at once.
struct Change {
    kid: KeyId,
    succession: Succession,
    checkpoint: Option<StoredCheckpoint>,
    record: Record,
}

/// Drops a key as compromised. A broken audit log does not keep it from being dropped: it stays as it is, to be looked into.
/// Of a key that rotation has removed, its public part is dropped, which verified logout hints.
///
/// # Errors
/// [`AdminError`] where there is no such key, the reason is too long, or the database fails.
pub async fn compromise_key(
    store: &Store,
    keyring: &Keyring,
    context: &Context,
    kid: &KeyId,
    reason: &str,
) -> Result<Compromised, AdminError> {
    let (realm, now) = (&context.realm.id, context.now);
    checked_reason(reason)?;
    for _ in 0..TRIES {
        keyring.reload(realm).await.map_err(FlowError::from)?;
        let succession = keyring.without(realm, kid, now).await.map_err(FlowError::from)?;
        let Some(succession) = succession else {
            return drop_hint_key(store, keyring, context, kid, reason).await;
        };
        let (held, algorithms) = (keyring.of(realm), keyring.algorithms());
        let vouched = audit::vouch_with(store, (&held, &succession.keys), algorithms, (realm, now)).await;
        let (checkpoint, audit_fault) = match vouched {
            Ok(checkpoint) => (Some(checkpoint), None),
            Err(AuditFault::Flow(error)) => return Err(error.into()),
            Err(fault) => (None, Some(fault)),
        };
        let record = record_of(context, kid, reason)?;
        let change = Arc::new(Change { kid: kid.clone(), succession, checkpoint, record });
        if write(store, context, change.clone()).await? {
            keyring.reload(realm).await.map_err(FlowError::from)?;
            return told(&change, audit_fault, context);
        }
    }
    Err(AdminError::Flow(StoreError::Conflict.into()))
}

/// Drops the public part of a key that neither signs nor is published any more, so that nothing of it is a hint.
async fn drop_hint_key(
    store: &Store,
    keyring: &Keyring,
    context: &Context,
    kid: &KeyId,
    reason: &str,
) -> Result<Compromised, AdminError> {
    let realm = &context.realm.id;
    let shared = Arc::new((context.clone(), kid.clone(), record_of(context, kid, reason)?));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, kid, record) = &*shared;
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

/// The record of a key that is dropped.
fn record_of(context: &Context, kid: &KeyId, reason: &str) -> Result<Record, FlowError> {
    let record = record(context, Event::KeyCompromised, None, None)?;
    Ok(Record { reason: format!("{kid}: {reason}"), ..record })
}

/// Drops the key, stores the one that follows, and vouches; not where the keys are not what they were.
async fn write(store: &Store, context: &Context, change: Arc<Change>) -> Result<bool, StoreError> {
    let (realm, now) = (context.realm.id.clone(), context.now);
    let written = store.write(move |tx| {
        let (realm, change) = (realm.clone(), change.clone());
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
                audit_log::vouch_anew(tx, &realm, checkpoint, now).await?;
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

/// What to tell the operator, and the log.
fn told(change: &Change, audit_fault: Option<AuditFault>, context: &Context) -> Result<Compromised, AdminError> {
    let Succession { keys, algorithm, made } = &change.succession;
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
