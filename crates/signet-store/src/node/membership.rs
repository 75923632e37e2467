//! Membership of this process in the cluster: the last change that it has applied, and its lease to answer from memory.
//!
//! A node registers in `nodes` with the last change it has applied and a lease. It answers from memory until the lease
//! ends, counted from the *start* of its last poll; after that it polls before each answer. It renews the lease only
//! after its row is up to date. A transaction that revokes something commits, then waits until every row has reached
//! its change or that row's lease has ended (`barrier`). So no node accepts what has been reported as revoked, even if
//! it is slow, frozen or cut off.
//!
//! A late node is skipped; it notices when it next writes its row, since the guard of that statement fails, and polls
//! before each answer until it has caught up. A new node announces itself in the change sequence and polls before each
//! answer until the others have seen it.

mod state;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::state::{ALONE, Phase, State};
use super::nodes::{self, Channel, Node, NodeRow};
use super::{barrier, changes};
use crate::{Store, StoreError};
use signet_protocol::time::Timestamp;

/// Silence of a node after which the others remove its row.
const GONE: Duration = Duration::from_secs(12);

/// One step of following the change sequence.
#[derive(Clone, Copy, Debug)]
pub struct Polled {
    /// Start of the poll.
    pub begun: Instant,
    /// Number of the last change that was applied.
    pub applied: i64,
    pub now: Timestamp,
}

/// The membership of this process.
pub struct Membership {
    state: Mutex<State>,
    settling: tokio::sync::Mutex<()>,
    wake: Notify,
    is_embedded: bool,
}

impl Membership {
    pub(crate) fn new(is_embedded: bool) -> Self {
        let state = Mutex::new(State::apart());
        Self { state, settling: tokio::sync::Mutex::default(), wake: Notify::new(), is_embedded }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Registers this process under this id with the next [`Self::renew`]. Until then it polls before each answer.
    pub fn register(&self, id: String, advertise: String) {
        let mut state = self.state();
        state.channel = if advertise.is_empty() { Channel::None } else { Channel::Http };
        state.id = id;
        state.advertise = advertise;
        state.rejoin();
    }

    /// Leaves without deregistering; others wait until the row expires.
    pub fn abandon(&self) {
        self.state().phase = Phase::Apart;
    }

    /// Leaves and removes the row.
    pub async fn deregister(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.settling.lock().await;
        let id = {
            let mut state = self.state();
            state.phase = Phase::Apart;
            std::mem::take(&mut state.id)
        };
        if id.is_empty() {
            return Ok(());
        }
        store.write_with(id, |id, tx| Box::pin(async move { nodes::remove(tx, id).await })).await
    }

    /// Returns the id of this node; empty if the process is none.
    pub fn id(&self) -> String {
        self.state().id.clone()
    }

    /// Sets the channel by which this node is woken.
    pub fn set_channel(&self, channel: Channel) {
        let mut state = self.state();
        let without = if state.advertise.is_empty() { Channel::None } else { Channel::Http };
        state.channel = if channel == Channel::None { without } else { channel };
    }

    /// Ends [`Self::wait_for_poll`] early, since something may have changed.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// Waits until the next poll is due or [`Self::wake`] is called.
    pub async fn wait_for_poll(&self) {
        let longest = self.state().pause(self.is_embedded);
        // The timeout is the normal end of the wait.
        let _ = tokio::time::timeout(longest, self.wake.notified()).await;
    }

    /// Returns true if this process may answer from memory.
    pub fn has_lease(&self) -> bool {
        self.state().has_lease()
    }

    /// Returns true if certainly no other node answers from memory.
    pub(crate) fn is_alone(&self) -> bool {
        let state = self.state();
        state.phase == Phase::Member && state.others == 0 && state.has_lease()
    }

    /// Returns the number of nodes that this one knows of, with itself.
    pub fn count(&self) -> usize {
        let state = self.state();
        if state.phase == Phase::Apart { 0 } else { state.others.saturating_add(1) }
    }

    /// Publishes the last change that this node has applied, and renews its lease.
    pub async fn renew(&self, store: &Store, polled: Polled) -> Result<(), StoreError> {
        if self.state().phase == Phase::Apart {
            return Ok(());
        }
        let _turn = self.settling.lock().await;
        let phase = self.state().phase;
        match phase {
            Phase::Apart => Ok(()),
            Phase::Joining => self.announce(store, polled).await,
            Phase::Announced { seq, until } => self.become_known(store, seq, until).await,
            Phase::Member => self.keep(store, polled).await,
        }
    }

    /// Adds the row, and a change that announces it to the others.
    async fn announce(&self, store: &Store, polled: Polled) -> Result<(), StoreError> {
        let given = {
            let state = self.state();
            (state.row(polled, Duration::ZERO), state.advertise.clone())
        };
        let added = store.write_with(given, move |given, tx| {
            Box::pin(async move {
                let (row, advertise) = given;
                nodes::join(tx, row, advertise).await?;
                changes::announce(tx, &row.id, polled.now).await
            })
        });
        let seq = added.await?;
        self.state().phase = Phase::Announced { seq, until: after(ALONE) };
        store.wake_nodes(seq).await;
        Ok(())
    }

    /// Waits until the others know of this node.
    async fn become_known(&self, store: &Store, seq: i64, until: Instant) -> Result<(), StoreError> {
        let own = self.id();
        let mut unaware = self.read_nodes(store).await?;
        unaware.retain(|node| node.id != own && node.is_late(seq));
        if !unaware.is_empty() {
            if Instant::now() < until {
                return Ok(());
            }
            // Such as the row of a killed server: no write must wait for it again.
            barrier::drop_late(store, &unaware, seq).await;
        }
        let mut state = self.state();
        state.phase = Phase::Member;
        state.written = None;
        state.suspended = Some(Instant::now());
        Ok(())
    }

    /// Writes the row if it is due, and renews the lease.
    async fn keep(&self, store: &Store, polled: Polled) -> Result<(), StoreError> {
        // Before the acknowledgment, since the acknowledged change may announce another node.
        if self.state().must_read_nodes(polled.applied) {
            let all = self.read_nodes(store).await?;
            self.remove_silent(store, &all).await?;
        }
        let lease = self.state().shorten();
        let row = self.state().row(polled, lease);
        let must_write = self.state().must_write(&row);
        if must_write && !self.acknowledge(store, row).await? {
            return Ok(());
        }
        let mut state = self.state();
        if state.phase == Phase::Member && state.suspended.is_none_or(|since| polled.begun > since) {
            state.suspended = None;
            state.lease = lease;
            state.renewed = state.renewed.max(polled.begun);
        }
        Ok(())
    }

    /// Writes the row. Returns false if the others had skipped or removed this node.
    async fn acknowledge(&self, store: &Store, row: NodeRow) -> Result<bool, StoreError> {
        let begun = Instant::now();
        let known =
            store.write_with(row.clone(), move |row, tx| Box::pin(async move { nodes::acknowledge(tx, row).await }));
        let is_waited_for = known.await?;
        if !is_waited_for {
            self.state().lease = Duration::ZERO;
            let returned =
                store.write_with(row.clone(), move |row, tx| Box::pin(async move { nodes::rejoin(tx, row).await }));
            if !returned.await? {
                tracing::warn!("this node was removed after a long silence; rejoining");
                self.state().rejoin();
                return Ok(false);
            }
            tracing::warn!("this node missed a revocation and was skipped; it has caught up");
            self.state().suspended = Some(Instant::now());
        }
        let mut state = self.state();
        // A joining node does not wait for a node without a lease. If one has joined since the rows were read, the next
        // poll finds its announcement; the first lease waits for that poll.
        if state.written.as_ref().is_none_or(|written| written.lease.is_zero()) {
            state.suspended = Some(Instant::now());
        }
        state.wrote = begun;
        state.written = Some(row);
        Ok(is_waited_for)
    }

    async fn read_nodes(&self, store: &Store) -> Result<Vec<Node>, StoreError> {
        let nodes_read_at = Instant::now();
        let mut tx = store.read().await?;
        tx.cap_timeout();
        let all = nodes::all(&mut tx).await?;
        drop(tx);
        let mut state = self.state();
        state.nodes_read_at = Some(nodes_read_at);
        state.others = all.iter().filter(|node| node.id != state.id).count();
        let mut seen = std::mem::take(&mut state.seen);
        seen.retain(|id, _| all.iter().any(|node| node.id == *id));
        for node in &all {
            let noted = seen.entry(node.id.clone()).or_insert((node.heard_at, nodes_read_at));
            if noted.0 != node.heard_at {
                *noted = (node.heard_at, nodes_read_at);
            }
        }
        state.seen = seen;
        Ok(all)
    }

    /// Removes the rows of silent nodes, which assume their removal long before.
    async fn remove_silent(&self, store: &Store, all: &[Node]) -> Result<(), StoreError> {
        let gone: Vec<(String, Timestamp)> = {
            let state = self.state();
            let is_gone = |node: &&Node| {
                node.id != state.id && state.seen.get(&node.id).is_some_and(|seen| seen.1.elapsed() > GONE)
            };
            all.iter().filter(is_gone).map(|node| (node.id.clone(), node.heard_at)).collect()
        };
        for node in gone {
            tracing::warn!(node = node.0, "removed a silent node");
            let removed = store.write_with(node, move |node, tx| {
                Box::pin(async move { nodes::remove_silent(tx, &node.0, node.1).await })
            });
            removed.await?;
        }
        Ok(())
    }
}

fn after(span: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(span).unwrap_or(now)
}
