//! Who may have how many connections. A flood of pages and registrations, which anybody can cause, must not take the
//! last connection from those who hold tokens already: the token endpoint, revocation, introspection, and the node's
//! own work.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::StoreError;

tokio::task_local! {
    static LANE: Lane;
}

/// What a task works for. It is told once, at the door, for all that is done for a request; a parameter of every
/// function between there and the store would say it no better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// May use every connection. Whoever says nothing is here: jobs, readiness, commands.
    Reserved,
    /// May use those that are not reserved.
    Shared,
}

impl Lane {
    /// Does some work in this lane. Tasks that it spawns are not in it.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        LANE.scope(self, work).await
    }

    /// The lane of the present task.
    pub(super) fn current() -> Self {
        LANE.try_with(|lane| *lane).unwrap_or(Self::Reserved)
    }
}

/// The right to a connection, given back when it is dropped.
pub(super) type Permit = Option<OwnedSemaphorePermit>;

/// The connections of a pool as the lanes share them.
#[derive(Clone)]
pub(super) struct Lanes {
    shared: Arc<Semaphore>,
}

impl Lanes {
    /// Lanes over this many connections, of which some are reserved; at least one is shared.
    pub(super) fn new(connections: u32, reserved: u32) -> Self {
        let shared = connections.saturating_sub(reserved).max(1);
        Self { shared: Arc::new(Semaphore::new(usize::try_from(shared).unwrap_or(1))) }
    }

    /// Waits until a lane has a connection to spare.
    pub(super) async fn enter(&self, lane: Lane) -> Result<Permit, StoreError> {
        match lane {
            Lane::Reserved => Ok(None),
            Lane::Shared => match self.shared.clone().acquire_owned().await {
                Ok(permit) => Ok(Some(permit)),
                Err(_) => Err(StoreError::Unavailable("the pool is closed".into())),
            },
        }
    }
}
