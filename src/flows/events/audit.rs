//! Maintenance and verification of the audit log: checkpoints signed by a key of the realm, retention, and the walk
//! that finds rows changed outside the server.

mod review;

pub use review::Review;

use crate::flows::FlowError;
use crate::keys::{KeySet, Keyring};
use signet_protocol::events::audit_chain::{ChainFault, ChainVerifier, Checkpoint, Link, TYP};
use signet_protocol::ids::RealmId;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_protocol::jose::jws::UnverifiedJws;
use signet_protocol::time::{Span, Timestamp};
use signet_store::events::audit_log::{self, StoredCheckpoint};
use signet_store::realm::signing_keys;
use signet_store::{Store, StoreError, Tx};

/// The time for which older checkpoints are kept. The newest one covers all rows before it.
const CHECKPOINTS_KEPT: Span = Span::from_days(7);
/// The age at which a checkpoint is renewed even without new rows, so that its signing key is always still held.
const RENEWED_AFTER: Span = Span::from_hours(12);
/// The number of times that a verification restarts because retention interfered.
const TRIES: u32 = 3;

/// The result of a successful verification.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Checked {
    /// The number of intact rows.
    pub rows: i64,
    /// The number of rows that are older than the chain.
    pub unchained: i64,
    /// The number of the last row.
    pub last: i64,
    /// The newest checkpoint; `None` before the first run of a server.
    pub checkpoint: Option<Checkpoint>,
    #[serde(skip)]
    ends: (Link, Link),
}

/// A failed verification.
#[derive(Debug, thiserror::Error)]
pub enum AuditFault {
    #[error("the audit log is broken: {0}")]
    Broken(#[from] ChainFault),
    /// The newest checkpoint has no signature by a key of the realm, or contradicts its row.
    #[error("the audit log is broken: checkpoint {0} (up to row {1}) is not signed by a key of this server")]
    Checkpoint(i64, i64),
    /// There are rows without numbers that the checkpoint does not count.
    #[error("the audit log is broken: {0} rows have no number, {1} at the last checkpoint")]
    Unchained(i64, i64),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

impl From<StoreError> for AuditFault {
    fn from(error: StoreError) -> Self {
        Self::Flow(error.into())
    }
}

/// Signs a checkpoint if there are new rows, and deletes rows older than `retention`. If the log does not follow from
/// the last checkpoint, it is neither signed nor shortened.
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
    follow(&mut tx, ChainVerifier::new(realm.clone(), known, [known]), last).await?;
    let unchained = audit_log::unchained(&mut tx, realm).await?;
    drop(tx);
    let first = cut.unwrap_or(first);
    let is_due = |held: &Checkpoint| (held.first, held.last) != (first, last) || now.since(held.at) >= RENEWED_AFTER;
    if held.as_ref().is_none_or(is_due) {
        let number = newest.map_or(0, |newest| newest.number).saturating_add(1);
        sign_checkpoint(store, keys, number, Checkpoint { realm: realm.clone(), at: now, first, last, unchained })
            .await?;
    }
    shorten(store, realm, first.seq, before).await
}

/// Deletes the rows up to this number, and old rows without a number.
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

/// Signs a checkpoint and stores it, unless its key has been dropped as compromised meanwhile.
async fn sign_checkpoint(store: &Store, keys: &Keyring, number: i64, checkpoint: Checkpoint) -> Result<(), FlowError> {
    let realm = checkpoint.realm.clone();
    let now = checkpoint.at;
    let last = checkpoint.last;
    let signer = Signer { keys: &keys.of(&realm), algorithms: keys.algorithms() };
    let (kid, stored) = sign(signer, number, &checkpoint)?;
    let written = store.write_with((realm, kid, stored), move |given, tx| {
        Box::pin(async move {
            let (realm, kid, stored) = given;
            let held = signing_keys::lock(tx, realm, kid).await?;
            if held {
                audit_log::insert_checkpoint(tx, realm, stored, now, now.minus(CHECKPOINTS_KEPT)).await?;
            }
            Ok::<_, FlowError>(held)
        })
    });
    if written.await? {
        announce(last);
    }
    Ok(())
}

/// Keys that can sign a checkpoint, with their algorithms in order of preference, the newest last.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub keys: &'a KeySet,
    pub algorithms: &'a [SigningAlgorithm],
}

/// A signed checkpoint, and the id of the key that has signed it.
fn sign(signer: Signer<'_>, number: i64, checkpoint: &Checkpoint) -> Result<(String, StoredCheckpoint), FlowError> {
    let algorithm = signer.algorithms.last().copied().ok_or_else(|| FlowError::Internal("no signing key".into()))?;
    let signed = signer.keys.sign_jwt(checkpoint, TYP, algorithm, checkpoint.at)?;
    let unreadable = || FlowError::Internal("a checkpoint cannot be read".into());
    let jws = UnverifiedJws::parse(&signed).map_err(|_| unreadable())?;
    let kid = jws.kid().ok_or_else(unreadable)?.to_owned();
    Ok((kid, StoredCheckpoint { number, last: checkpoint.last, signed }))
}

/// Logs the end of the chain as well, because the log may be stored out of reach of the database's administrators.
pub(crate) fn announce(last: Link) {
    let hash = serde_json::to_value(last.hash).unwrap_or_default();
    tracing::info!(seq = last.seq, hash = hash.as_str().unwrap_or_default(), "signed audit log checkpoint");
}

/// Verifies the whole log with the old keys and signs a checkpoint of it with new ones. Used when an old key is no
/// longer trusted.
pub(crate) async fn sign_with(
    store: &Store,
    realm: &RealmId,
    old: &KeySet,
    new: Signer<'_>,
    now: Timestamp,
) -> Result<StoredCheckpoint, AuditFault> {
    let Checked { unchained, ends: (first, last), .. } = verify(store, old, realm).await?;
    let number = newest(store, realm).await?.unwrap_or(0).saturating_add(1);
    let checkpoint = Checkpoint { realm: realm.clone(), at: now, first, last, unchained };
    Ok(sign(new, number, &checkpoint)?.1)
}

/// Deletes in batches, so that other writes can run in between.
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

/// Verifies the whole log: every row, every checkpoint, and that no row is missing at either end.
pub async fn verify(store: &Store, keys: &KeySet, realm: &RealmId) -> Result<Checked, AuditFault> {
    let mut tries = 0;
    loop {
        let newest = newest(store, realm).await?;
        let checked = walk(store, keys, realm).await;
        tries += 1;
        // Retention may have deleted rows during the verification.
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
    let verifier = ChainVerifier::new(realm.clone(), first, stored.iter().map(|checkpoint| checkpoint.last));
    follow(&mut tx, verifier, end).await?;
    if let Some(seq) = stray {
        return Err(ChainFault::Stray(seq).into());
    }
    let rows = end.seq.saturating_sub(first.seq);
    Ok(Checked { rows, unchained, last: end.seq, checkpoint: newest, ends: (first, end) })
}

/// Verifies the stored rows up to the end of the chain.
async fn follow(tx: &mut Tx, mut verifier: ChainVerifier, end: Link) -> Result<(), AuditFault> {
    loop {
        let rows = audit_log::after(tx, verifier.realm(), verifier.at().seq).await?;
        for (row, hash) in rows.iter().filter(|(row, _)| row.seq <= Some(end.seq)) {
            verifier.step(row, *hash)?;
        }
        if rows.len() < audit_log::PAGE || verifier.at().seq >= end.seq {
            return Ok(verifier.finish(end)?);
        }
    }
}

/// The contents of a checkpoint that is signed by a key of the realm and agrees with its row.
fn vouched(keys: &KeySet, realm: &RealmId, stored: &StoredCheckpoint) -> Result<Checkpoint, AuditFault> {
    let fault = || AuditFault::Checkpoint(stored.number, stored.last.seq);
    let jws = UnverifiedJws::parse(&stored.signed).map_err(|_| fault())?;
    keys.verify_own(&stored.signed, &jws).map_err(|_| fault())?;
    let said = claims(stored).filter(|said| said.realm == *realm && said.last == stored.last);
    said.filter(|_| jws.typ() == Some(TYP)).ok_or_else(fault)
}

/// The contents of a checkpoint, unverified.
fn claims(stored: &StoredCheckpoint) -> Option<Checkpoint> {
    let jws = UnverifiedJws::parse(&stored.signed).ok()?;
    serde_json::from_value(serde_json::Value::Object(jws.payload().clone())).ok()
}
