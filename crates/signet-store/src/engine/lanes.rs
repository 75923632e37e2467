//! Shares of the connections. A flood of pages and registrations, which anyone can cause, must leave connections for
//! the token endpoint, revocation, introspection and the node's own jobs.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::StoreError;

tokio::task_local! {
    static LANE: Lane;
}

/// The share that a task may use. Set once per request by middleware, so it need not be threaded through every call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// May use every connection. The default: jobs, readiness, commands.
    Reserved,
    /// May use the connections that are not reserved.
    Shared,
}

impl Lane {
    /// Runs a future in this lane. Tasks that it spawns are in the default lane.
    pub async fn run<F: Future>(self, work: F) -> F::Output {
        LANE.scope(self, work).await
    }

    /// Returns the lane of the current task.
    pub(crate) fn current() -> Self {
        LANE.try_with(|lane| *lane).unwrap_or(Self::Reserved)
    }
}

/// Permit for a connection, released on drop. `None` for [`Lane::Reserved`], which needs none.
pub(crate) type Permit = Option<OwnedSemaphorePermit>;

/// Limits the number of connections in [`Lane::Shared`].
#[derive(Clone)]
pub(crate) struct Lanes {
    shared: Arc<Semaphore>,
}

impl Lanes {
    /// Shares `connections` less the reserved ones, but at least one.
    pub(crate) fn new(connections: u32, reserved: u32) -> Self {
        let shared = connections.saturating_sub(reserved).max(1);
        Self { shared: Arc::new(Semaphore::new(usize::try_from(shared).unwrap_or(1))) }
    }

    /// Waits for a permit.
    pub(crate) async fn enter(&self, lane: Lane) -> Result<Permit, StoreError> {
        match lane {
            Lane::Reserved => Ok(None),
            Lane::Shared => match self.shared.clone().acquire_owned().await {
                Ok(permit) => Ok(Some(permit)),
                Err(_) => Err(StoreError::Unavailable("the pool is closed".into())),
            },
        }
    }
}
