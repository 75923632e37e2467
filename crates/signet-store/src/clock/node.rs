//! The clock of a node. Nodes that share a remote database follow the database's clock, so that the clocks of their
//! hosts may differ. An embedded database uses the host's clock.
//!
//! Between two synchronizations the time advances by a monotonic clock. An answer of the database carries its time at
//! some point between request and response. As long as the local estimate lies within that interval nothing is
//! corrected; otherwise the estimate moves to the nearer bound.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Instant;

use super::Clock;
use signet_protocol::time::{Span, Timestamp};

/// The largest step back that is absorbed by letting the time stand still. A larger one means that the clock was set,
/// and is followed.
const MAX_STEP_BACK: Span = Span::from_secs(1);
/// The difference or jump of clocks from which a warning is logged.
const ALARM: Span = Span::from_secs(5);
/// The value of an unknown offset.
const UNKNOWN: i64 = i64::MIN;

/// A clock that can be synchronized with a node's database.
#[derive(Debug)]
pub struct NodeClock {
    host: Clock,
    started: Instant,
    /// The offset of the database's time from the ticks, in milliseconds.
    ahead: AtomicI64,
    /// The latest time that was returned, in milliseconds.
    latest: AtomicI64,
    /// The offset of the host's clock from the ticks, in milliseconds.
    host_ahead: AtomicI64,
    is_alarmed: AtomicBool,
}

/// Milliseconds on a monotonic clock.
#[derive(Clone, Copy, Debug)]
pub struct Ticks(i64);

impl NodeClock {
    /// Returns the host's clock, until it is synchronized with a database.
    pub fn new(host: Clock) -> Self {
        let [ahead, latest, host_ahead] = [UNKNOWN; 3].map(AtomicI64::new);
        Self { host, started: Instant::now(), ahead, latest, host_ahead, is_alarmed: AtomicBool::new(false) }
    }

    /// Returns the current time, common to all nodes of this database.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::Acquire);
        if ahead == UNKNOWN {
            return self.host.now();
        }
        let estimate = self.ticks().0.saturating_add(ahead);
        Timestamp::from_millis(self.latest.fetch_max(estimate, Ordering::AcqRel).max(estimate))
    }

    /// Returns the time that a test uses as the database's.
    pub fn test_time(&self) -> Option<Timestamp> {
        match &self.host {
            Clock::Apart { database, .. } => Some(database.now()),
            Clock::System | Clock::Shifted(_) | Clock::Stopped(_) => None,
        }
    }

    /// Returns true if the database must be queried for the time. A clock that tests advance is used by every node.
    pub const fn asks(&self) -> bool {
        matches!(self.host, Clock::System)
    }

    /// Returns the ticks. Read them before querying the database.
    pub fn ticks(&self) -> Ticks {
        match &self.host {
            Clock::System => Ticks(i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)),
            moved => Ticks(moved.now().as_millis()),
        }
    }

    /// Applies the database's `time`, which was requested at `sent`.
    pub fn synchronize(&self, sent: Ticks, time: Timestamp) {
        let here = self.ticks().0;
        let least = time.as_millis().saturating_sub(here);
        let most = time.as_millis().saturating_sub(sent.0);
        let held = self.ahead.load(Ordering::Acquire);
        let next = match held {
            UNKNOWN => least.midpoint(most),
            held => held.max(least).min(most),
        };
        let now = here.saturating_add(next);
        self.ahead.store(next, Ordering::Release);
        if held != UNKNOWN && is_alarming(next.saturating_sub(held)) {
            tracing::warn!(milliseconds = next.saturating_sub(held), "the database's clock has jumped");
        }
        if self.latest.load(Ordering::Acquire).saturating_sub(now) > MAX_STEP_BACK.as_millis() {
            self.latest.store(now, Ordering::Release);
        }
        self.compare();
    }

    /// Returns the lead of the host's clock over the database's, or `None` if they are the same clock.
    pub fn apart(&self) -> Option<Span> {
        let ahead = self.ahead.load(Ordering::Acquire);
        let estimate = Timestamp::from_millis(self.ticks().0.saturating_add(ahead));
        (ahead != UNKNOWN).then(|| self.host.now().since(estimate))
    }

    /// Logs once when the clocks start to differ, and once when they agree again.
    fn compare(&self) {
        let Some(apart) = self.apart() else { return };
        let is_far = is_alarming(apart.as_millis());
        if is_far != self.is_alarmed.swap(is_far, Ordering::AcqRel) {
            let seconds = apart.as_secs();
            if is_far {
                tracing::warn!(seconds, "this host's clock differs from the database's, which is used");
            } else {
                tracing::info!("this host's clock agrees with the database's again");
            }
        }
    }

    /// Detects changes of the host's clock where no database clock is available.
    pub fn watch(&self) {
        let ahead = self.host.now().as_millis().saturating_sub(self.ticks().0);
        let before = self.host_ahead.swap(ahead, Ordering::AcqRel);
        let jump = ahead.saturating_sub(before);
        if before != UNKNOWN && is_alarming(jump) {
            tracing::warn!(milliseconds = jump, "this host's clock has jumped");
        }
    }
}

fn is_alarming(millis: i64) -> bool {
    millis.saturating_abs() > ALARM.as_millis()
}

#[cfg(test)]
mod tests;
