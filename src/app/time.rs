//! Setting a clock by the database's.

use crate::clock::{Clock, NodeClock};
use crate::store::{Store, StoreError};

/// The clock of a database, for a command.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn clock_of(store: &Store) -> Result<NodeClock, StoreError> {
    let clock = NodeClock::new(Clock::System);
    keep(&clock, store).await?;
    Ok(clock)
}

/// Sets a clock by the database's.
pub(super) async fn keep(clock: &NodeClock, store: &Store) -> Result<(), StoreError> {
    let asked = clock.ticks();
    let told = if clock.asks() { store.time().await? } else { clock.told_by_test() };
    match told {
        Some(told) => clock.hear(asked, told),
        None => clock.watch(),
    }
    Ok(())
}
