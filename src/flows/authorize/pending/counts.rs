//! Approximate per-realm row counts, in memory; upkeep corrects them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::flows::FlowError;
use signet_protocol::ids::RealmId;
use signet_store::StoreError;

/// The maximum number of rows of one kind in a realm. Strangers can create such rows, so their number is bounded.
pub const CAP: i64 = 100_000;
/// Rows removed at once, so that trimming runs rarely.
const BATCH: i64 = 2_000;

/// The row counts of one kind.
#[derive(Default)]
pub struct Counts {
    of: Mutex<HashMap<RealmId, i64>>,
    /// Held by the request that is trimming.
    trimming: tokio::sync::Mutex<()>,
}

impl Counts {
    pub fn of(&self, realm: &RealmId) -> i64 {
        self.lock().get(realm).copied().unwrap_or_default()
    }

    pub fn total(&self) -> i64 {
        self.lock().values().sum()
    }

    /// Replaces the counts with those from the database.
    pub fn set(&self, counted: Vec<(RealmId, i64)>) {
        *self.lock() = counted.into_iter().collect();
    }

    /// Adds to the count of a realm; `rows` may be negative.
    pub fn add(&self, realm: &RealmId, rows: i64) {
        let mut of = self.lock();
        match of.get_mut(realm) {
            Some(count) => *count = count.saturating_add(rows).max(0),
            None => drop(of.insert(realm.clone(), rows.max(0))),
        }
    }

    /// Trims a realm that has reached the cap by `trim`, which gets the number of rows to keep and returns how many are
    /// left. One request trims; concurrent ones proceed, and exceed the cap by at most their number.
    pub async fn make_room<F>(&self, realm: &RealmId, trim: impl FnOnce(i64) -> F) -> Result<(), FlowError>
    where
        F: Future<Output = Result<i64, StoreError>>,
    {
        if self.of(realm) < CAP {
            return Ok(());
        }
        let Ok(_turn) = self.trimming.try_lock() else { return Ok(()) };
        let before = self.of(realm);
        if before < CAP {
            return Ok(());
        }
        let left = trim(CAP - BATCH).await?;
        tracing::warn!(target: "security", event = "requests_evicted", before, left, "made room for new requests");
        self.add(realm, left.saturating_sub(before));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<RealmId, i64>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
