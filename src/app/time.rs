//! Synchronization of a node's clock with the database's.

use signet_store::clock::{Clock, NodeClock};
use signet_store::{Store, StoreError};

/// Returns a clock synchronized with the database, for a command.
pub async fn clock_of(store: &Store) -> Result<NodeClock, StoreError> {
    let clock = NodeClock::new(Clock::System);
    keep(&clock, store).await?;
    Ok(clock)
}

/// Synchronizes a clock with the database's.
pub(super) async fn keep(clock: &NodeClock, store: &Store) -> Result<(), StoreError> {
    let sent = clock.ticks();
    let received = if clock.asks() { store.time().await? } else { clock.test_time() };
    match received {
        Some(time) => clock.synchronize(sent, time),
        None => clock.watch(),
    }
    Ok(())
}
