//! The server as the use cases see it.

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use tokio::sync::Notify;

use super::authorize::pending;
use super::authorize::request_object::RequestUris;
use super::client::published_keys::ClientKeys;
use super::client::{profiles, register};
use super::defense::{rates, refusals};
use super::error::FlowError;
use super::lifetimes::{LONGEST_ACCESS_TOKEN, Lifetimes};
use super::sign_in::soft_lock;
use super::token::large_tokens::LargeTokens;
use super::token::verified_tokens;
use crate::fetch::Fetcher;
use crate::keys::Keyring;
use crate::mail::Mailer;
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use signet_crypto::TokenMac;
use signet_protocol::client::Client;
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;
use signet_store::Store;
use signet_store::node::view::View;

/// The server's shared state, as the use cases need it.
pub struct Provider {
    pub store: Store,
    /// The in-memory view of the database on this node.
    pub view: View,
    pub keys: Keyring,
    /// The cache of verified access tokens.
    pub verdicts: verified_tokens::VerifiedTokens,
    /// The worker pool that hashes passwords.
    pub passwords: Passwords,
    /// HTTP client for the servers of operators' clients, and for webhooks; see [`Provider::fetcher_of`].
    pub fetcher: Fetcher,
    /// HTTP client for servers named by strangers, with its own concurrency limit.
    pub stranger_fetcher: Fetcher,
    /// `None` if mail is not configured.
    pub mailer: Option<Mailer>,
    /// The cache of fetched request objects.
    pub request_uris: RequestUris,
    /// The cache of the key sets that clients publish.
    pub client_keys: ClientKeys,
    pub profiles: profiles::Profiles,
    /// The rules of dynamic client registration.
    pub registration: register::Rules,
    pub lifetimes: Lifetimes,
    /// Derives successors of refresh tokens, and their keyed hashes.
    pub token_mac: TokenMac,
    /// The HMAC key that binds forms to a browser.
    pub csrf_key: hmac::Key,
    pub rates: rates::Rates,
    /// The exchange of rate limits with other nodes.
    pub exchange: rates::Exchange,
    /// The rules about pauses after failed sign-ins.
    pub soft_locks: soft_lock::Rules,
    /// Enables OpenID Connect Session Management.
    pub session_management: bool,
    /// The HMAC key of the browser state in session management.
    pub browser_state_key: hmac::Key,
    /// Counts of pending authorization requests.
    pub waiting: pending::Counts,
    /// Counts of stored pushed requests.
    pub pushed: pending::Counts,
    /// Number of stored device authorizations.
    pub devices: pending::Counts,
    /// Notified after each insert into the outbox, so that delivery starts at once.
    pub announced: Notify,
    /// The clients with a recent log line about large tokens.
    pub large_tokens: LargeTokens,
    /// The change number at which the keys were last read.
    pub keys_read: AtomicU64,
    /// The queue of this node's refusals to log and store.
    pub refusals: refusals::Refusals,
    pub metrics: Metrics,
}

impl Provider {
    /// The HTTP client for requests to a client's servers. Self-registered clients share a separate concurrency limit,
    /// so that their slow servers cannot delay requests to the servers of other clients.
    pub fn fetcher_of(&self, client: &Client) -> &Fetcher {
        match client.registration {
            Some(_) => &self.stranger_fetcher,
            None => &self.fetcher,
        }
    }

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
    pub async fn vouch(&self, realm: &RealmId) -> Result<(), FlowError> {
        self.view.vouch().await?;
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
