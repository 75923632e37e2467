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
use crate::store::{Store, StoreError, changes, signing_keys};

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
        let succession = succession.ok_or(AdminError::Unknown("key"))?;
        let (held, algorithms) = (keyring.of(realm), keyring.algorithms());
        let vouched = audit::vouch_with(store, (&held, &succession.keys), algorithms, (realm, now)).await;
        let (checkpoint, audit_fault) = match vouched {
            Ok(checkpoint) => (Some(checkpoint), None),
            Err(AuditFault::Flow(error)) => return Err(error.into()),
            Err(fault) => (None, Some(fault)),
        };
        let mut record = record(context, Event::KeyCompromised, None, None)?;
        record.reason = format!("{kid}: {reason}");
        let change = Arc::new(Change { kid: kid.clone(), succession, checkpoint, record });
        if write(store, context, change.clone()).await? {
            keyring.reload(realm).await.map_err(FlowError::from)?;
            return told(&change, audit_fault, context);
        }
    }
    Err(AdminError::Flow(StoreError::Conflict.into()))
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
    let algorithm = KeyAlgorithm::named(algorithm).ok_or_else(|| FlowError::Internal("an unknown algorithm".into()))?;
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
