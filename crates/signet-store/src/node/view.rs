//! The rows that a node holds in memory: clients and users by id, and every registered origin, claim mapper, chosen
//! token header, address block and revocation in force. It follows the change sequence, so that it sees the changes of
//! every process within a second. A view that cannot follow becomes stale and fails.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::changes::{self, Change, Kind};
use crate::account::users;
use crate::account::users::User;
use crate::client::claim_mappers::{self, StoredMapper};
use crate::client::origins::{self, OriginSet};
use crate::client::{clients, resources};
use crate::defense::address_blocks;
use crate::engine::lanes::Lane;
use crate::engine::row_cache::RowCache;
use crate::token::revocations;
use crate::{Store, StoreError};
use signet_protocol::claims::mapper::ClaimMapper;
use signet_protocol::client::Client;
use signet_protocol::defense::address_block::{Blocks, Reach};
use signet_protocol::ids::{ClientId, RealmId, UserId};
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::access_token::TokenFacts;
use signet_protocol::token::revocation::Revocations;

/// Age of the last successful poll from which the view is stale.
pub const STALE_AFTER: Duration = Duration::from_secs(3);
/// Largest step back of the clock that is tolerated without a reload.
const CLOCKS_DIFFER: Span = Span::from_secs(1);
/// Size of the client cache in bytes: ten thousand or more clients with metadata of usual size.
const CLIENT_BYTES: u64 = 64 * 1024 * 1024;
/// Size of the user cache in bytes: twenty thousand or more users with claims of usual size.
const USER_BYTES: u64 = 32 * 1024 * 1024;

/// The in-memory view of one node.
pub struct View {
    store: Store,
    clients: RowCache<(RealmId, ClientId), Arc<Client>>,
    users: RowCache<(RealmId, UserId), Arc<User>>,
    origins: RwLock<OriginSet>,
    revocations: RwLock<Revocations>,
    mappers: ArcSwap<Vec<StoredMapper>>,
    resources: ArcSwap<resources::Headers>,
    blocks: ArcSwap<Blocks>,
    applied: AtomicI64,
    /// Time of the last poll, in milliseconds.
    polled_at: AtomicI64,
    key_changes: AtomicU64,
    /// Start of the last poll that succeeded.
    fresh_at: Mutex<Instant>,
    following: tokio::sync::Mutex<()>,
    /// Time of the last failed poll.
    failed: Mutex<Option<Instant>>,
}

impl View {
    pub async fn load(store: Store, now: Timestamp) -> Result<Self, StoreError> {
        let view = Self {
            store,
            clients: RowCache::new(CLIENT_BYTES, |client| clients::weight(client)),
            users: RowCache::new(USER_BYTES, |user| User::weight(user)),
            origins: RwLock::default(),
            revocations: RwLock::default(),
            mappers: ArcSwap::default(),
            resources: ArcSwap::default(),
            blocks: ArcSwap::default(),
            applied: AtomicI64::new(0),
            polled_at: AtomicI64::new(now.as_millis()),
            key_changes: AtomicU64::new(0),
            fresh_at: Mutex::new(Instant::now()),
            following: tokio::sync::Mutex::new(()),
            failed: Mutex::default(),
        };
        view.reload(now).await?;
        Ok(view)
    }

    /// Applies the changes since the last call and returns the number of the last one. If `now` is earlier than at the
    /// last call, the clock was set back, and everything is reloaded.
    pub async fn follow(&self, now: Timestamp) -> Result<i64, StoreError> {
        let _one_at_a_time = self.following.lock().await;
        self.poll(now).await?;
        Ok(self.applied.load(Ordering::Acquire))
    }

    /// Ensures that the view is current: polls for changes unless the lease lasts. Returns
    /// [`StoreError::Unavailable`] if the poll fails.
    pub async fn ensure_current(&self) -> Result<(), StoreError> {
        if self.store.membership().has_lease() {
            return self.check_fresh();
        }
        // Boxed, since few requests get here.
        Box::pin(self.catch_up()).await
    }

    /// Polls for changes, unless a poll of another request has started after this call. Uses the time of the last poll:
    /// the time of a slow request could look like a clock that was set back.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let arrived = Instant::now();
        let _one_at_a_time = self.following.lock().await;
        if self.last_poll() >= arrived {
            return Ok(());
        }
        // Requests that waited for a failed poll fail with it: each would wait as long again.
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|failed| failed >= arrived) {
            return Err(StoreError::Unavailable("the poll for changes failed".into()));
        }
        let now = Timestamp::from_millis(self.polled_at.load(Ordering::Acquire));
        self.poll(now).await
    }

    /// Polls for changes in the reserved lane, even for a page, since the whole node waits for the poll.
    async fn poll(&self, now: Timestamp) -> Result<(), StoreError> {
        let outcome = Lane::Reserved.run(self.read_changes(now)).await;
        if outcome.is_err() {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        outcome
    }

    async fn read_changes(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = Timestamp::from_millis(self.polled_at.swap(now.as_millis(), Ordering::AcqRel));
        if before.since(now) > CLOCKS_DIFFER {
            // Rows that had expired by the old time are valid again.
            return self.reload(now).await;
        }
        let mut has_retried = false;
        loop {
            let applied = self.applied.load(Ordering::Acquire);
            let started_at = Instant::now();
            let mut tx = self.store.read().await?;
            tx.cap_timeout();
            let changes = changes::since(&mut tx, applied).await?;
            let Some(last) = changes.last().map(|change| change.seq) else {
                // Nothing new, unless the new changes were swept already, or the database was replaced.
                let newest = changes::last(&mut tx).await?;
                if newest == applied {
                    self.record_poll(started_at);
                    return Ok(());
                }
                if newest > applied && !has_retried {
                    has_retried = true;
                    continue;
                }
                drop(tx);
                return self.reload(now).await;
            };
            let gap = changes.first().is_some_and(|first| first.seq != applied.saturating_add(1));
            if gap || changes.iter().any(|change| change.kind == Kind::Unknown) {
                drop(tx);
                return self.reload(now).await;
            }
            self.apply(&mut tx, &changes, now).await?;
            self.applied.store(last, Ordering::Release);
            if changes.len() < changes::PAGE {
                // Later changes are read by the next poll; a busy sequence must not make the view stale.
                self.record_poll(started_at);
                return Ok(());
            }
        }
    }

    fn record_poll(&self, started_at: Instant) {
        *self.fresh_at.lock().unwrap_or_else(PoisonError::into_inner) = started_at;
    }

    /// Returns the number of key changes that this node has applied. The holder of the keys compares it with the number
    /// at the time of its last load, so that it misses no change.
    pub fn key_changes(&self) -> u64 {
        self.key_changes.load(Ordering::Acquire)
    }

    /// Returns [`StoreError::Unavailable`] if the last successful poll is older than [`STALE_AFTER`].
    pub fn check_fresh(&self) -> Result<(), StoreError> {
        if self.age() <= STALE_AFTER {
            Ok(())
        } else {
            Err(StoreError::Unavailable("the last poll of the database is too long ago".into()))
        }
    }

    fn last_poll(&self) -> Instant {
        *self.fresh_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the age of the last successful poll.
    pub fn age(&self) -> Duration {
        self.last_poll().elapsed()
    }

    /// Returns the numbers of revocations and address blocks.
    pub fn held(&self) -> (usize, usize) {
        (self.revocations().len(), self.blocks.load().len())
    }

    fn revocations(&self) -> RwLockReadGuard<'_, Revocations> {
        self.revocations.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns true if a revocation covers this token. Fails if the view is stale.
    pub fn is_revoked(&self, token: &TokenFacts) -> Result<bool, StoreError> {
        self.check_fresh()?;
        Ok(self.revocations().cover(token))
    }

    /// Returns the end of the block of an address. Works on a stale view too: a block only reduces load, and no
    /// decision about a token depends on it.
    pub fn blocked_until(&self, realm: &RealmId, address: IpAddr, reach: Reach, now: Timestamp) -> Option<Timestamp> {
        self.blocks.load().until(realm, address, reach, now)
    }

    /// Returns true if any realm has a claim mapper.
    pub fn has_mappers(&self) -> bool {
        !self.mappers.load().is_empty()
    }

    /// Returns the claim mappers of the realm and of the client.
    pub fn mappers(&self, realm: &RealmId, client: &ClientId) -> Vec<ClaimMapper> {
        let applies =
            |stored: &&StoredMapper| stored.realm == *realm && stored.client.as_ref().is_none_or(|only| only == client);
        self.mappers.load().iter().filter(applies).map(|stored| stored.mapper.clone()).collect()
    }

    /// Returns the access token headers that resources have chosen.
    pub fn resource_headers(&self) -> Arc<resources::Headers> {
        self.resources.load_full()
    }

    /// Returns the client with this id, enabled or not. Fails if the view is stale.
    pub async fn client(&self, realm: &RealmId, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        self.check_fresh()?;
        let read = async |(realm, id): (RealmId, ClientId)| {
            let client = clients::find(&mut self.store.read().await?, &realm, &id).await?;
            if let Some(warning) = client.as_ref().and_then(|client| client.metadata.profile.rules().warning) {
                tracing::warn!(client_id = id.as_str(), warning, "a client with a weak profile is in use");
            }
            Ok(client.map(Arc::new))
        };
        self.clients.get((realm.clone(), id.clone()), read).await
    }

    /// Returns true if the client is in memory, as it is after [`Self::client`] has found it.
    pub fn holds_client(&self, realm: &RealmId, id: &ClientId) -> bool {
        self.clients.peek(&(realm.clone(), id.clone())).is_some()
    }

    /// Returns the user with this id, enabled or not. Fails if the view is stale.
    pub async fn user(&self, realm: &RealmId, id: &UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.check_fresh()?;
        let read = async |(realm, id): (RealmId, UserId)| {
            Ok(users::find(&mut self.store.read().await?, &realm, &id).await?.map(Arc::new))
        };
        self.users.get((realm.clone(), id.clone()), read).await
    }

    /// Returns true if an enabled client has registered this origin. All origins are in memory, so that lookups by
    /// strangers cost no query.
    pub fn knows_origin(&self, realm: &RealmId, origin: &str) -> bool {
        self.origins.read().unwrap_or_else(PoisonError::into_inner).contains(realm, origin)
    }

    async fn apply(&self, tx: &mut crate::Tx, changes: &[Change], now: Timestamp) -> Result<(), StoreError> {
        let mut added = Vec::new();
        for change in changes {
            match change.kind {
                Kind::Client => {
                    let client = ClientId::from_stored(change.subject.clone());
                    let registered = origins::of_client(tx, &change.realm, &client).await?;
                    let mut known = self.origins.write().unwrap_or_else(PoisonError::into_inner);
                    known.replace(&change.realm, &client, registered);
                    drop(known);
                    self.clients.invalidate(&(change.realm.clone(), client));
                }
                Kind::User => {
                    self.users.invalidate(&(change.realm.clone(), UserId::from_stored(change.subject.clone())));
                }
                Kind::Key => {
                    self.key_changes.fetch_add(1, Ordering::AcqRel);
                }
                // `read_changes` has reloaded instead.
                Kind::Unknown => {}
                Kind::Resource => self.resources.store(Arc::new(resources::headers(tx).await?)),
                Kind::Mapper => self.mappers.store(Arc::new(claim_mappers::list(tx).await?)),
                Kind::Block => {
                    let mut next = Blocks::clone(&self.blocks.load());
                    address_blocks::apply(tx, &change.realm, &change.subject, &mut next).await?;
                    next.sweep(now);
                    self.blocks.store(Arc::new(next));
                }
                Kind::Revocation => added.extend(revocations::find(tx, &change.realm, &change.subject).await?),
            }
        }
        if !added.is_empty() {
            let mut all = self.revocations.write().unwrap_or_else(PoisonError::into_inner);
            added.into_iter().for_each(|revocation| all.add(revocation));
            all.sweep_if_grown(now);
        }
        Ok(())
    }

    /// Clears the caches and reads everything else again.
    async fn reload(&self, now: Timestamp) -> Result<(), StoreError> {
        let started_at = Instant::now();
        let mut tx = self.store.read().await?;
        // The number first: changes committed in between are applied twice, which is harmless.
        let last = changes::last(&mut tx).await?;
        let mut all = Revocations::default();
        revocations::in_force(&mut tx, now).await?.into_iter().for_each(|revocation| all.add(revocation));
        self.clients.invalidate_all();
        self.users.invalidate_all();
        *self.revocations.write().unwrap_or_else(PoisonError::into_inner) = all;
        let registered = origins::of_all(&mut tx).await?;
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = registered;
        self.mappers.store(Arc::new(claim_mappers::list(&mut tx).await?));
        self.resources.store(Arc::new(resources::headers(&mut tx).await?));
        self.blocks.store(Arc::new(address_blocks::in_force(&mut tx, now).await?));
        self.key_changes.fetch_add(1, Ordering::AcqRel);
        self.applied.store(last, Ordering::Release);
        self.record_poll(started_at);
        Ok(())
    }
}
