//! The continuous review of rows that a checkpoint already covers: one batch at each upkeep, from the oldest row to the
//! newest checkpoint, then from the start. A change to these rows stops the signing of further checkpoints.

use std::sync::{Mutex, PoisonError};

use super::{AuditFault, vouched};
use crate::keys::KeySet;
use signet_protocol::events::audit_chain::{ChainFault, ChainVerifier, Link};
use signet_protocol::ids::RealmId;
use signet_store::Store;
use signet_store::events::audit_log;

/// The number of pages in a batch: 10,000 rows, so that a million rows take less than two hours.
const PAGES: usize = 20;

/// The position and the result of the review.
#[derive(Debug, Default)]
pub struct Review {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The last reviewed row; `None` before the first batch of a pass.
    at: Option<Link>,
    /// A fault found in this pass or the previous one. A pass without faults clears it.
    fault: Option<ChainFault>,
}

impl Review {
    /// Reviews the next batch. A fault is reported until a complete pass finds none.
    pub async fn proceed(&self, store: &Store, keys: &KeySet, realm: &RealmId) -> Result<(), AuditFault> {
        let mut state = *self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = state.read(store, keys, realm).await;
        if let Err(AuditFault::Broken(fault)) = &outcome {
            state = State { at: None, fault: Some(*fault) };
        }
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        outcome?;
        state.fault.map_or(Ok(()), |fault| Err(fault.into()))
    }
}

impl State {
    async fn read(&mut self, store: &Store, keys: &KeySet, realm: &RealmId) -> Result<(), AuditFault> {
        let mut tx = store.read().await?;
        if let Some(seq) = audit_log::stray(&mut tx, realm).await? {
            return Err(ChainFault::Stray(seq).into());
        }
        let checkpoints = audit_log::checkpoints(&mut tx, realm).await?;
        let Some(newest) = checkpoints.last() else { return Ok(()) };
        let newest = vouched(keys, realm, newest)?;
        // Retention may have deleted the row at which the last batch ended.
        let begin = self.at.filter(|at| at.seq >= newest.first.seq).unwrap_or(newest.first);
        let mut verifier =
            ChainVerifier::new(realm.clone(), begin, checkpoints.iter().map(|checkpoint| checkpoint.last));
        for _ in 0..PAGES {
            let rows = audit_log::after(&mut tx, realm, verifier.at().seq).await?;
            for (row, hash) in rows.iter().filter(|(row, _)| row.seq <= Some(newest.last.seq)) {
                verifier.step(row, *hash)?;
            }
            if rows.len() < audit_log::PAGE || verifier.at().seq >= newest.last.seq {
                verifier.finish(newest.last)?;
                *self = Self::default();
                return Ok(());
            }
        }
        self.at = Some(verifier.at());
        Ok(())
    }
}
