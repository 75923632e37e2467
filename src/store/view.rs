//! The rows that a node holds in memory: clients and users by id, and every registered origin, claim mapper, chosen
//! token header, address block and revocation in force. It follows the change sequence, so that a change made by any process is seen here
//! within a second; when it cannot, it says so.

use std::net::IpAddr;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::changes::{self, Change, Kind};
use super::claim_mappers::{self, StoredMapper};
use super::kept::Kept;
use super::lanes::Lane;
use super::origins::{self, OriginSet};
use super::users::User;
use super::{Store, StoreError, address_blocks, clients, resources, revocations, users};
use crate::protocol::access_token::TokenFacts;
use crate::protocol::address_block::{Blocks, Reach};
use crate::protocol::claim_mapper::ClaimMapper;
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, RealmId, UserId};
use crate::protocol::revocation::Revocations;
use crate::protocol::time::{Span, Timestamp};

/// How long the view is believed after it last heard of the database.
pub const STALE_AFTER: Duration = Duration::from_secs(3);
/// How far back time may go without anything having ended too early.
const CLOCKS_DIFFER: Span = Span::from_secs(1);
/// The memory for clients, in bytes: ten thousand or more with metadata of usual size.
const CLIENT_BYTES: u64 = 64 * 1024 * 1024;
/// The memory for users, in bytes: twenty thousand or more with claims of usual size.
const USER_BYTES: u64 = 32 * 1024 * 1024;

/// The in-memory view of one node.
pub struct View {
    store: Store,
    clients: Kept<(RealmId, ClientId), Arc<Client>>,
    users: Kept<(RealmId, UserId), Arc<User>>,
    origins: RwLock<OriginSet>,
    revocations: RwLock<Revocations>,
    mappers: ArcSwap<Vec<StoredMapper>>,
    resources: ArcSwap<resources::Headers>,
    blocks: ArcSwap<Blocks>,
    applied: AtomicI64,
    /// When it was last looked at, in milliseconds.
    followed_at: AtomicI64,
    key_changes: AtomicU64,
    heard: Mutex<Instant>,
    following: tokio::sync::Mutex<()>,
    /// When it was last asked in vain.
    failed: Mutex<Option<Instant>>,
}

impl View {
    /// Loads the view.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
    pub async fn load(store: Store, now: Timestamp) -> Result<Self, StoreError> {
        let view = Self {
            store,
            clients: Kept::new(CLIENT_BYTES, |client| Client::weight(client)),
            users: Kept::new(USER_BYTES, |user| User::weight(user)),
            origins: RwLock::default(),
            revocations: RwLock::default(),
            mappers: ArcSwap::default(),
            resources: ArcSwap::default(),
            blocks: ArcSwap::default(),
            applied: AtomicI64::new(0),
            followed_at: AtomicI64::new(now.as_millis()),
            key_changes: AtomicU64::new(0),
            heard: Mutex::new(Instant::now()),
            following: tokio::sync::Mutex::new(()),
            failed: Mutex::default(),
        };
        view.reload(now).await?;
        Ok(view)
    }

    /// Applies the changes that have been committed since the last call; the number of the last one. Where `now` is
    /// earlier than at the last call, the clock has been set back, and everything is read again.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails; the view grows stale until it answers again.
    pub async fn follow(&self, now: Timestamp) -> Result<i64, StoreError> {
        let _one_at_a_time = self.following.lock().await;
        self.ask(now).await?;
        Ok(self.applied.load(Ordering::Acquire))
    }

    /// Ensures that the view is current: while the lease lasts it is; after that, polls for changes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where that is not possible.
    pub async fn vouch(&self) -> Result<(), StoreError> {
        if self.store.membership().holds() {
            return self.fresh();
        }
        // Boxed, since hardly any request comes here.
        Box::pin(self.catch_up()).await
    }

    /// Asks for changes, unless another request has begun to ask after this was called. A request that has taken long is
    /// no clock that was set back, so that it brings no time of its own.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
    pub async fn catch_up(&self) -> Result<(), StoreError> {
        let arrived = Instant::now();
        let _one_at_a_time = self.following.lock().await;
        if self.heard() >= arrived {
            return Ok(());
        }
        // Those who wait together fail together: each would wait as long again.
        if self.failed.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|failed| failed >= arrived) {
            return Err(StoreError::Unavailable("the changes could not be asked for".into()));
        }
        let now = Timestamp::from_millis(self.followed_at.load(Ordering::Acquire));
        self.ask(now).await
    }

    /// Asks for changes. The whole node waits for the one that asks, so that it has the right to every connection, also
    /// where it is a page.
    async fn ask(&self, now: Timestamp) -> Result<(), StoreError> {
        let asked = Lane::Reserved.run(self.take_in(now)).await;
        if asked.is_err() {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        asked
    }

    async fn take_in(&self, now: Timestamp) -> Result<(), StoreError> {
        let before = Timestamp::from_millis(self.followed_at.swap(now.as_millis(), Ordering::AcqRel));
        if before.since(now) > CLOCKS_DIFFER {
            // What was over by a clock that has been set back holds again.
            return self.reload(now).await;
        }
        let mut looked_again = false;
        loop {
            let applied = self.applied.load(Ordering::Acquire);
            let asked_at = Instant::now();
            let mut tx = self.store.read().await?;
            tx.hurry();
            let changes = changes::since(&mut tx, applied).await?;
            let Some(last) = changes.last().map(|change| change.seq) else {
                // Nothing new, unless what was new has been swept already, or the database is another one now.
                let newest = changes::last(&mut tx).await?;
                if newest == applied {
                    self.hear(asked_at);
                    return Ok(());
                }
                if newest > applied && !looked_again {
                    looked_again = true;
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
                // What comes from now on is seen next time; a busy sequence must not make the view seem stale.
                self.hear(asked_at);
                return Ok(());
            }
        }
    }

    fn hear(&self, asked_at: Instant) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = asked_at;
    }

    /// How often the signing keys have changed, as far as this node has followed. Whoever holds the keys compares it
    /// with the number at which they were last read, so that no change is lost, whoever it was that followed.
    pub fn key_changes(&self) -> u64 {
        self.key_changes.load(Ordering::Acquire)
    }

    /// Whether the view is fresh enough to take a decision by.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the database has not been heard of for [`STALE_AFTER`].
    pub fn fresh(&self) -> Result<(), StoreError> {
        if self.age() <= STALE_AFTER {
            Ok(())
        } else {
            Err(StoreError::Unavailable("the database has not been heard of lately".into()))
        }
    }

    fn heard(&self) -> Instant {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long ago the database was heard of.
    pub fn age(&self) -> Duration {
        self.heard().elapsed()
    }

    /// How many revocations and address blocks are held.
    pub fn held(&self) -> (usize, usize) {
        (self.revocations().len(), self.blocks.load().len())
    }

    fn revocations(&self) -> RwLockReadGuard<'_, Revocations> {
        self.revocations.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this token has been revoked.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where the view is stale: nobody can tell then.
    pub fn is_revoked(&self, token: &TokenFacts) -> Result<bool, StoreError> {
        self.fresh()?;
        Ok(self.revocations().cover(token))
    }

    /// Until when an address is blocked, or nothing where it is not. A stale view is believed: a block keeps trouble
    /// away, and no decision about a token hangs on it.
    pub fn blocked_until(&self, realm: &RealmId, address: IpAddr, reach: Reach, now: Timestamp) -> Option<Timestamp> {
        self.blocks.load().until(realm, address, reach, now)
    }

    /// Whether there are claim mappers at all.
    pub fn has_mappers(&self) -> bool {
        !self.mappers.load().is_empty()
    }

    /// The claim mappers that hold for a client: its realm's and its own.
    pub fn mappers(&self, realm: &RealmId, client: &ClientId) -> Vec<ClaimMapper> {
        let holds =
            |stored: &&StoredMapper| stored.realm == *realm && stored.client.as_ref().is_none_or(|only| only == client);
        self.mappers.load().iter().filter(holds).map(|stored| stored.mapper.clone()).collect()
    }

    /// The headers that resources have chosen for their access tokens.
    pub fn resource_headers(&self) -> Arc<resources::Headers> {
        self.resources.load_full()
    }

    /// The client with this id, enabled or not.
    ///
    /// # Errors
    /// [`StoreError`] where the view is stale or the database fails.
    pub async fn client(&self, realm: &RealmId, id: &ClientId) -> Result<Option<Arc<Client>>, StoreError> {
        self.fresh()?;
        let read = async |(realm, id): (RealmId, ClientId)| {
            let client = clients::find(&mut self.store.read().await?, &realm, &id).await?;
            if let Some(warning) = client.as_ref().and_then(|client| client.metadata.profile.rules().warning) {
                tracing::warn!(client_id = id.as_str(), warning, "a client with a weak profile is in use");
            }
            Ok(client.map(Arc::new))
        };
        self.clients.get((realm.clone(), id.clone()), read).await
    }

    /// True if this node holds a client with this id in memory, as it does after [`Self::client`] has found one.
    pub fn holds_client(&self, realm: &RealmId, id: &ClientId) -> bool {
        self.clients.peek(&(realm.clone(), id.clone())).is_some()
    }

    /// The user with this id, enabled or not.
    ///
    /// # Errors
    /// [`StoreError`] where the view is stale or the database fails.
    pub async fn user(&self, realm: &RealmId, id: &UserId) -> Result<Option<Arc<User>>, StoreError> {
        self.fresh()?;
        let read = async |(realm, id): (RealmId, UserId)| {
            Ok(users::find(&mut self.store.read().await?, &realm, &id).await?.map(Arc::new))
        };
        self.users.get((realm.clone(), id.clone()), read).await
    }

    /// Whether an enabled client has registered this origin for its scripts. All of them are in memory: strangers
    /// choose what is asked for.
    pub fn knows_origin(&self, realm: &RealmId, origin: &str) -> bool {
        self.origins.read().unwrap_or_else(PoisonError::into_inner).contains(realm, origin)
    }

    /// Takes in what the changes name.
    async fn apply(&self, tx: &mut super::Tx, changes: &[Change], now: Timestamp) -> Result<(), StoreError> {
        let mut added = Vec::new();
        for change in changes {
            match change.kind {
                Kind::Client => {
                    let client = ClientId::from_stored(change.subject.clone());
                    let registered = origins::of_client(tx, &change.realm, &client).await?;
                    let mut known = self.origins.write().unwrap_or_else(PoisonError::into_inner);
                    known.replace(&change.realm, &client, registered);
                    drop(known);
                    self.clients.forget(&(change.realm.clone(), client));
                }
                Kind::User => {
                    self.users.forget(&(change.realm.clone(), UserId::from_stored(change.subject.clone())));
                }
                Kind::Key => {
                    self.key_changes.fetch_add(1, Ordering::AcqRel);
                }
                // It has led to a reload before anything was applied.
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
            all.tidy(now);
        }
        Ok(())
    }

    /// Starts over: forgets everything and reads all revocations.
    async fn reload(&self, now: Timestamp) -> Result<(), StoreError> {
        let asked_at = Instant::now();
        let mut tx = self.store.read().await?;
        // The number first: what is committed in between is applied once more, which does no harm.
        let last = changes::last(&mut tx).await?;
        let mut all = Revocations::default();
        revocations::in_force(&mut tx, now).await?.into_iter().for_each(|revocation| all.add(revocation));
        self.clients.forget_all();
        self.users.forget_all();
        *self.revocations.write().unwrap_or_else(PoisonError::into_inner) = all;
        let registered = origins::of_all(&mut tx).await?;
        *self.origins.write().unwrap_or_else(PoisonError::into_inner) = registered;
        self.mappers.store(Arc::new(claim_mappers::list(&mut tx).await?));
        self.resources.store(Arc::new(resources::headers(&mut tx).await?));
        self.blocks.store(Arc::new(address_blocks::in_force(&mut tx, now).await?));
        self.key_changes.fetch_add(1, Ordering::AcqRel);
        self.applied.store(last, Ordering::Release);
        self.hear(asked_at);
        Ok(())
    }
}
