//! The server as the use cases see it.

use std::sync::atomic::{AtomicU64, Ordering};

use super::authorize::Requests;
use super::client::Clients;
use super::defense::Limits;
use super::error::FlowError;
use super::lifetimes::{LONGEST_ACCESS_TOKEN, Lifetimes};
use super::outbound::Outbound;
use super::session::Browsers;
use super::sign_in::SignIns;
use super::token::Tokens;
use crate::keys::Keyring;
use crate::metrics::Metrics;
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;
use signet_store::Store;
use signet_store::node::view::View;

/// The server's shared state, by the room that owns it.
pub struct Provider {
    pub store: Store,
    /// The in-memory view of the database on this node.
    pub view: View,
    pub keys: Keyring,
    /// The change number at which the keys were last read.
    pub keys_read: AtomicU64,
    pub lifetimes: Lifetimes,
    pub requests: Requests,
    pub tokens: Tokens,
    pub clients: Clients,
    pub sign_ins: SignIns,
    pub browsers: Browsers,
    pub limits: Limits,
    pub outbound: Outbound,
    pub metrics: Metrics,
}

impl Provider {
    /// The time until which a revocation must be kept to outlast everything that it revokes.
    pub fn revocation_horizon(&self, now: Timestamp) -> Timestamp {
        now.plus(LONGEST_ACCESS_TOKEN).plus(self.lifetimes.skew)
    }

    /// Applies this node's own writes to its view at once.
    pub async fn catch_up(&self) -> Result<(), FlowError> {
        // Boxed, because requests that end something are rare.
        Box::pin(self.view.catch_up()).await?;
        Ok(())
    }

    /// Ensures that this node may answer from its in-memory view: it has acknowledged every reported revocation, or it
    /// checks with the database now.
    ///
    /// # Errors
    /// [`FlowError::Unavailable`] if it can do neither.
    pub async fn ensure_current(&self, realm: &RealmId) -> Result<(), FlowError> {
        self.view.ensure_current().await?;
        self.follow_keys(realm).await
    }

    /// Reads the keys again if they have changed since the last read.
    pub async fn follow_keys(&self, realm: &RealmId) -> Result<(), FlowError> {
        let changes = self.view.key_changes();
        if self.keys_read.load(Ordering::Acquire) != changes {
            Box::pin(self.keys.reload(realm)).await?;
            self.keys_read.fetch_max(changes, Ordering::AcqRel);
        }
        Ok(())
    }
}
