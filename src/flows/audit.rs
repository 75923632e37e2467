//! Keeping and checking the audit log: checkpoints signed by a key of the realm, retention, and the walk that finds
//! what somebody has changed behind the server's back.

mod review;

pub use review::Review;

use std::sync::Arc;

use super::FlowError;
use crate::keys::{KeySet, Keyring};
use crate::protocol::audit_chain::{Broken, Checkpoint, Link, TYP, Walk};
use crate::protocol::ids::RealmId;
use crate::protocol::jwk::SigningAlgorithm;
use crate::protocol::jws::UnverifiedJws;
use crate::protocol::time::{Span, Timestamp};
use crate::store::audit_log::{self, StoredCheckpoint};
use crate::store::{Store, StoreError, Tx, signing_keys};

/// How long checkpoints are kept beside the newest, which vouches for all before it.
const CHECKPOINTS_KEPT: Span = Span::from_days(7);
/// When a checkpoint is made though nothing has happened, so that its key is always one that is held.
const RENEWED_AFTER: Span = Span::from_hours(12);
/// How often a check begins anew because retention came in between.
const TRIES: u32 = 3;

/// What a check has found.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Checked {
    /// How many rows hold.
    pub rows: i64,
    /// How many rows are older than the chain.
    pub unchained: i64,
    /// The number of the last row.
    pub last: i64,
    /// The newest checkpoint, or nothing where no server has run yet.
    pub checkpoint: Option<Checkpoint>,
    #[serde(skip)]
    ends: (Link, Link),
}

/// Why the log is not to be believed.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    /// The chain is broken.
    #[error("the audit log is broken: {0}")]
    Broken(#[from] Broken),
    /// The newest checkpoint was not signed by a key of the realm, or does not say what its row says.
    #[error("the audit log is broken: checkpoint {0} (up to row {1}) is not signed by a key of this server")]
    Checkpoint(i64, i64),
    /// There are rows without numbers that no checkpoint knows.
    #[error("the audit log is broken: {0} rows have no number, {1} at the last checkpoint")]
    Unchained(i64, i64),
    /// It could not be looked at.
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<StoreError> for AuditFault {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Vouches for the log as it is now, if there is anything new, and takes away what is older than `retention`. A log
/// that does not follow from the last checkpoint is neither vouched for nor shortened.
///
/// # Errors
/// [`AuditFault`] where the log is broken, or the database or the key fails.
pub async fn keep(
    store: &Store,
    keys: &Keyring,
    realm: &RealmId,
    retention: Span,
    now: Timestamp,
) -> Result<(), AuditFault> {
    let before = now.minus(retention);
    let mut tx = store.read().await?;
    let newest = audit_log::checkpoints(&mut tx, realm).await?.pop();
    let held = newest.as_ref().map(|newest| vouched(&keys.of(realm), realm, newest)).transpose()?;
    let (first, known) = held.as_ref().map_or((Link::beginning(), Link::beginning()), |held| (held.first, held.last));
    let cut = audit_log::last_before(&mut tx, realm, before).await?.filter(|cut| cut.seq > first.seq);
    let last = audit_log::head(&mut tx, realm).await?;
    follow(&mut tx, Walk::new(realm.clone(), known, [known]), last).await?;
    let unchained = audit_log::unchained(&mut tx, realm).await?;
    drop(tx);
    let first = cut.unwrap_or(first);
    let is_due = |held: &Checkpoint| (held.first, held.last) != (first, last) || now.since(held.at) >= RENEWED_AFTER;
    if held.as_ref().is_none_or(is_due) {
        let number = newest.map_or(0, |newest| newest.number).saturating_add(1);
        vouch(store, keys, number, Checkpoint { realm: realm.clone(), at: now, first, last, unchained }).await?;
    }
    shorten(store, realm, first.seq, before).await
}

/// Deletes the rows up to this one, and those without a number that are old enough.
async fn shorten(store: &Store, realm: &RealmId, seq: i64, before: Timestamp) -> Result<(), AuditFault> {
    let dropped = realm.clone();
    drop_all(store, move |tx| {
        let realm = dropped.clone();
        Box::pin(async move { audit_log::drop_up_to(tx, &realm, seq).await })
    })
    .await?;
    let dropped = realm.clone();
    drop_all(store, move |tx| {
        let realm = dropped.clone();
        Box::pin(async move { audit_log::drop_unchained(tx, &realm, before).await })
    })
    .await
}

/// Signs a checkpoint and stores it, unless its key is dropped as compromised meanwhile.
async fn vouch(store: &Store, keys: &Keyring, number: i64, checkpoint: Checkpoint) -> Result<(), FlowError> {
    let (realm, now, last) = (checkpoint.realm.clone(), checkpoint.at, checkpoint.last);
    let (kid, stored) = sign(&keys.of(&realm), keys.algorithms(), number, &checkpoint)?;
    let shared = Arc::new((realm, kid, stored));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (realm, kid, stored) = &*shared;
            let held = signing_keys::hold(tx, realm, kid).await?;
            if held {
                audit_log::vouch(tx, realm, stored, now, now.minus(CHECKPOINTS_KEPT)).await?;
            }
            Ok::<_, FlowError>(held)
        })
    });
    if written.await? {
        announce(last);
    }
    Ok(())
}

/// A signed checkpoint, and the key that has signed it.
fn sign(
    keys: &KeySet,
    algorithms: &[SigningAlgorithm],
    number: i64,
    checkpoint: &Checkpoint,
) -> Result<(String, StoredCheckpoint), FlowError> {
    let algorithm = algorithms.last().copied().ok_or_else(|| FlowError::Internal("no signing key".into()))?;
    let signed = keys.sign_jwt(checkpoint, TYP, algorithm, checkpoint.at)?;
    let unreadable = || FlowError::Internal("a checkpoint cannot be read".into());
    let jws = UnverifiedJws::parse(&signed).map_err(|_| unreadable())?;
    let kid = jws.kid().ok_or_else(unreadable)?.to_owned();
    Ok((kid, StoredCheckpoint { number, last: checkpoint.last, signed }))
}

/// Says the end of the chain in the log too, which may be kept where whoever changes the database cannot reach.
pub(super) fn announce(last: Link) {
    let hash = serde_json::to_value(last.hash).unwrap_or_default();
    tracing::info!(seq = last.seq, hash = hash.as_str().unwrap_or_default(), "signed audit log checkpoint");
}

/// A checkpoint by which other keys vouch for the whole log, as it was found with the old ones: for when one of those is
/// not to be believed any more.
///
/// # Errors
/// [`AuditFault`] where the log is broken, or the database or the key fails.
pub(super) async fn vouch_with(
    store: &Store,
    (old, new): (&KeySet, &KeySet),
    algorithms: &[SigningAlgorithm],
    (realm, now): (&RealmId, Timestamp),
) -> Result<StoredCheckpoint, AuditFault> {
    let Checked { unchained, ends: (first, last), .. } = verify(store, old, realm).await?;
    let number = newest(store, realm).await?.unwrap_or(0).saturating_add(1);
    let checkpoint = Checkpoint { realm: realm.clone(), at: now, first, last, unchained };
    Ok(sign(new, algorithms, number, &checkpoint)?.1)
}

/// Deletes portion by portion, so that other writes come in between.
async fn drop_all<F>(store: &Store, portion: F) -> Result<(), AuditFault>
where
    F: for<'t> Fn(&'t mut Tx) -> futures_util::future::BoxFuture<'t, Result<u64, StoreError>>
        + Clone
        + Send
        + Sync
        + 'static,
{
    while store.write(portion.clone()).await? == audit_log::PORTION {}
    Ok(())
}

/// Checks the whole log: every row, every checkpoint, and that nothing is missing at either end.
///
/// # Errors
/// [`AuditFault`] with the first thing that is wrong.
pub async fn verify(store: &Store, keys: &KeySet, realm: &RealmId) -> Result<Checked, AuditFault> {
    let mut tries = 0;
    loop {
        let newest = newest(store, realm).await?;
        let checked = walk(store, keys, realm).await;
        tries += 1;
        // Retention may have taken rows away while they were looked at.
        if checked.is_ok() || tries >= TRIES || newest == self::newest(store, realm).await? {
            return checked;
        }
    }
}

async fn newest(store: &Store, realm: &RealmId) -> Result<Option<i64>, StoreError> {
    let stored = audit_log::checkpoints(&mut store.read().await?, realm).await?;
    Ok(stored.last().map(|checkpoint| checkpoint.number))
}

async fn walk(store: &Store, keys: &KeySet, realm: &RealmId) -> Result<Checked, AuditFault> {
    let mut tx = store.read().await?;
    let stored = audit_log::checkpoints(&mut tx, realm).await?;
    let newest = stored.last().map(|newest| vouched(keys, realm, newest)).transpose()?;
    let unchained = audit_log::unchained(&mut tx, realm).await?;
    if let Some(newest) = newest.as_ref().filter(|newest| unchained > newest.unchained) {
        return Err(AuditFault::Unchained(unchained, newest.unchained));
    }
    let stray = audit_log::stray(&mut tx, realm).await?;
    let first = newest.as_ref().map_or_else(Link::beginning, |newest| newest.first);
    let end = audit_log::head(&mut tx, realm).await?;
    let walk = Walk::new(realm.clone(), first, stored.iter().map(|checkpoint| checkpoint.last));
    follow(&mut tx, walk, end).await?;
    if let Some(seq) = stray {
        return Err(Broken::Stray(seq).into());
    }
    let rows = end.seq.saturating_sub(first.seq);
    Ok(Checked { rows, unchained, last: end.seq, checkpoint: newest, ends: (first, end) })
}

/// Walks along the stored rows to the end of the chain.
async fn follow(tx: &mut Tx, mut walk: Walk, end: Link) -> Result<(), AuditFault> {
    loop {
        let rows = audit_log::after(tx, walk.realm(), walk.at().seq).await?;
        for (row, hash) in rows.iter().filter(|(row, _)| row.seq <= Some(end.seq)) {
            walk.step(row, *hash)?;
        }
        if rows.len() < audit_log::PAGE || walk.at().seq >= end.seq {
            return Ok(walk.finish(end)?);
        }
    }
}

/// What a checkpoint says, where a key of the realm has signed it and its row says the same.
fn vouched(keys: &KeySet, realm: &RealmId, stored: &StoredCheckpoint) -> Result<Checkpoint, AuditFault> {
    let fault = || AuditFault::Checkpoint(stored.number, stored.last.seq);
    let jws = UnverifiedJws::parse(&stored.signed).map_err(|_| fault())?;
    keys.verify_own(&stored.signed, &jws).map_err(|_| fault())?;
    let said = claims(stored).filter(|said| said.realm == *realm && said.last == stored.last);
    said.filter(|_| jws.typ() == Some(TYP)).ok_or_else(fault)
}

/// What a checkpoint says, unverified.
fn claims(stored: &StoredCheckpoint) -> Option<Checkpoint> {
    let jws = UnverifiedJws::parse(&stored.signed).ok()?;
    serde_json::from_value(serde_json::Value::Object(jws.payload().clone())).ok()
}
