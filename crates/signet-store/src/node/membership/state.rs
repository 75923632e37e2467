//! State of this node and the lease that results from it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::Polled;
use crate::node::nodes::{Channel, NodeRow};
use crate::node::view::STALE_AFTER;
use signet_protocol::time::Timestamp;

/// Lease of a node that knows of no other.
pub(crate) const ALONE: Duration = STALE_AFTER;
/// Lease of a node that can be woken: the longest that a revocation waits for it.
const WOKEN: Duration = Duration::from_millis(250);
/// Poll interval of a node that cannot be woken.
pub(crate) const POLL: Duration = Duration::from_millis(500);
/// Lease of such a node: one poll plus the lease of the others.
const POLLING: Duration = Duration::from_millis(750);
/// Longest interval between two writes of the row.
const BEAT: Duration = Duration::from_secs(3);
/// Age of its last write from which a node assumes that it was removed.
const UNCERTAIN: Duration = Duration::from_secs(6);

/// Progress of a process in becoming a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// No node: a command, or a server whose jobs do not run.
    Apart,
    /// About to add its row.
    Joining,
    /// Waiting until the others have applied this change, or until their leases have ended.
    Announced { seq: i64, until: Instant },
    /// A node that may hold a lease.
    Member,
}

pub(crate) struct State {
    pub(crate) phase: Phase,
    pub(crate) id: String,
    pub(crate) advertise: String,
    pub(crate) channel: Channel,
    /// Number of other nodes.
    pub(crate) others: usize,
    pub(crate) nodes_read_at: Option<Instant>,
    /// Last change of each other node's row, and the local time at which it was first seen.
    pub(crate) seen: HashMap<String, (Timestamp, Instant)>,
    /// The row as last written.
    pub(crate) written: Option<NodeRow>,
    pub(crate) wrote: Instant,
    pub(crate) lease: Duration,
    pub(crate) renewed: Instant,
    /// A new lease needs a step that started after this time.
    pub(crate) suspended: Option<Instant>,
}

impl State {
    pub(crate) fn apart() -> Self {
        let now = Instant::now();
        Self {
            phase: Phase::Apart,
            id: String::new(),
            advertise: String::new(),
            channel: Channel::None,
            others: 0,
            nodes_read_at: None,
            seen: HashMap::new(),
            written: None,
            wrote: now,
            lease: Duration::ZERO,
            renewed: now,
            suspended: None,
        }
    }

    /// Starts over without a lease and a row.
    pub(crate) fn rejoin(&mut self) {
        self.phase = Phase::Joining;
        self.lease = Duration::ZERO;
        self.written = None;
        self.suspended = None;
        self.wrote = Instant::now();
    }

    pub(crate) fn has_lease(&self) -> bool {
        match self.phase {
            Phase::Apart => true,
            Phase::Joining | Phase::Announced { .. } => false,
            Phase::Member => {
                !self.lease.is_zero() && self.renewed.elapsed() <= self.lease && self.wrote.elapsed() <= UNCERTAIN
            }
        }
    }

    /// Returns the lease for the current channel and number of nodes. A shorter lease applies at once, a longer one
    /// only when the row has it.
    pub(crate) fn shorten(&mut self) -> Duration {
        let lease = match self.channel {
            _ if self.others == 0 => ALONE,
            Channel::None => POLLING,
            Channel::Listen | Channel::Http => WOKEN,
        };
        self.lease = self.lease.min(lease);
        lease
    }

    /// Interval before the next poll.
    pub(crate) fn pause(&self, is_embedded: bool) -> Duration {
        match self.phase {
            Phase::Joining | Phase::Announced { .. } => Duration::from_millis(20),
            Phase::Member if self.lease.is_zero() => Duration::from_millis(20),
            Phase::Member if self.others > 0 && is_embedded => Duration::from_millis(50),
            Phase::Member if self.others > 0 && self.channel != Channel::None => Duration::from_millis(100),
            Phase::Apart | Phase::Member => POLL,
        }
    }

    pub(crate) fn must_read_nodes(&self, applied: i64) -> bool {
        let is_news = self.written.as_ref().is_none_or(|written| written.heard_seq < applied);
        is_news || self.nodes_read_at.is_none_or(|nodes_read_at| nodes_read_at.elapsed() >= POLL)
    }

    pub(crate) fn must_write(&self, row: &NodeRow) -> bool {
        let Some(written) = &self.written else { return true };
        let is_news = written.heard_seq < row.heard_seq;
        is_news || written.lease != row.lease || written.channel != row.channel || self.wrote.elapsed() >= BEAT
    }

    pub(crate) fn row(&self, polled: Polled, lease: Duration) -> NodeRow {
        NodeRow { id: self.id.clone(), heard_seq: polled.applied, heard_at: polled.now, lease, channel: self.channel }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(span: Duration) -> Instant {
        Instant::now().checked_sub(span).unwrap()
    }

    /// A member among others with this age of its lease and of its row.
    fn member(channel: Channel, renewed: Duration, wrote: Duration) -> State {
        let mut state = State::apart();
        state.phase = Phase::Member;
        state.channel = channel;
        state.others = 1;
        state.lease = Duration::MAX;
        state.lease = state.shorten();
        state.renewed = ago(renewed);
        state.wrote = ago(wrote);
        state
    }

    #[test]
    fn a_node_answers_from_memory_for_as_long_as_its_lease_lasts() {
        let millis = Duration::from_millis;
        for (channel, renewed, wrote, holds) in [
            (Channel::Listen, millis(100), millis(100), true),
            (Channel::Listen, millis(260), millis(100), false),
            (Channel::Http, millis(260), millis(100), false),
            (Channel::None, millis(260), millis(100), true),
            (Channel::None, millis(760), millis(100), false),
            (Channel::None, millis(100), millis(6_100), false),
        ] {
            let state = member(channel, renewed, wrote);
            assert_eq!(state.has_lease(), holds, "{channel:?} {renewed:?} {wrote:?}");
        }
        let mut joining = member(Channel::Listen, millis(0), millis(0));
        joining.rejoin();
        assert!(!joining.has_lease(), "the others do not know of it yet");
        assert!(State::apart().has_lease(), "a command follows nothing");
    }

    #[test]
    fn a_lease_is_shortened_at_once_and_lengthened_only_with_the_row() {
        let mut state = member(Channel::None, Duration::ZERO, Duration::ZERO);
        state.channel = Channel::Listen;
        assert_eq!((state.shorten(), state.lease), (WOKEN, WOKEN));
        state.others = 0;
        assert_eq!((state.shorten(), state.lease), (ALONE, WOKEN));
    }
}
