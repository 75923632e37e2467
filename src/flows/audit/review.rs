//! The review of rows that a checkpoint vouches for already: a portion at each upkeep, from the oldest row to the newest
//! checkpoint and again, so that a change to them stops the signing of further checkpoints.

use std::sync::{Mutex, PoisonError};

use super::{AuditFault, vouched};
use crate::keys::KeySet;
use crate::protocol::audit_chain::{Broken, Link, Walk};
use crate::protocol::ids::RealmId;
use crate::store::{Store, audit_log};

/// The pages of rows that are read at once: 10,000 rows, so that a million takes less than two hours.
const PAGES: usize = 20;

/// The position of the review and what it has found.
#[derive(Debug, Default)]
pub struct Review {
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// The last row of the portions so far; nothing where the next portion is the first.
    at: Option<Link>,
    /// The fault of this pass or the one before, until a whole pass finds none.
    fault: Option<Broken>,
}

impl Review {
    /// Reads the next portion. A fault that was found stays one until the review has gone through all rows without it.
    ///
    /// # Errors
    /// [`AuditFault`] where the log is broken, or the database fails.
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
            return Err(Broken::Stray(seq).into());
        }
        let checkpoints = audit_log::checkpoints(&mut tx, realm).await?;
        let Some(newest) = checkpoints.last() else { return Ok(()) };
        let newest = vouched(keys, realm, newest)?;
        // Retention may have taken the row away that the last portion ended with.
        let begin = self.at.filter(|at| at.seq >= newest.first.seq).unwrap_or(newest.first);
        let mut walk = Walk::new(realm.clone(), begin, checkpoints.iter().map(|checkpoint| checkpoint.last));
        for _ in 0..PAGES {
            let rows = audit_log::after(&mut tx, realm, walk.at().seq).await?;
            for (row, hash) in rows.iter().filter(|(row, _)| row.seq <= Some(newest.last.seq)) {
                walk.step(row, *hash)?;
            }
            if rows.len() < audit_log::PAGE || walk.at().seq >= newest.last.seq {
                walk.finish(newest.last)?;
                *self = Self::default();
                return Ok(());
            }
        }
        self.at = Some(walk.at());
        Ok(())
    }
}
