//! The clock of a node. Nodes that share a database on another machine go by its clock, so that those of their hosts may
//! differ; an embedded database has no clock but the host's.
//!
//! Between two answers of the database time goes on by a clock that nobody can set. An answer tells the database's time
//! at some point between the question and its arrival: as long as what is reckoned lies there, nothing is corrected,
//! else it is moved to the nearer end.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Instant;

use super::Clock;
use crate::protocol::time::{Span, Timestamp};

/// How far time stands still rather than go back. What goes back further was set by somebody, and is followed.
const STANDS_STILL: Span = Span::from_secs(1);
/// How far clocks may differ, or jump, before the log says so.
const ALARM: Span = Span::from_secs(5);
/// The database has not told its time yet.
const UNTOLD: i64 = i64::MIN;

/// A clock that a node's database can set.
#[derive(Debug)]
pub struct NodeClock {
    host: Clock,
    started: Instant,
    /// How many milliseconds the database's time is ahead of the ticks.
    ahead: AtomicI64,
    /// The latest point in time that was given out, in milliseconds.
    latest: AtomicI64,
    /// How many milliseconds the host's clock is ahead of the ticks.
    host_ahead: AtomicI64,
    is_alarmed: AtomicBool,
}

/// Milliseconds on a clock that nobody can set.
#[derive(Clone, Copy, Debug)]
pub struct Ticks(i64);

impl NodeClock {
    /// The clock of this host, until a database tells another time.
    pub fn new(host: Clock) -> Self {
        let [ahead, latest, host_ahead] = [UNTOLD; 3].map(AtomicI64::new);
        Self { host, started: Instant::now(), ahead, latest, host_ahead, is_alarmed: AtomicBool::new(false) }
    }

    /// The present, as all nodes on this database tell it.
    pub fn now(&self) -> Timestamp {
        let ahead = self.ahead.load(Ordering::Acquire);
        if ahead == UNTOLD {
            return self.host.now();
        }
        let reckoned = self.ticks().0.saturating_add(ahead);
        Timestamp::from_millis(self.latest.fetch_max(reckoned, Ordering::AcqRel).max(reckoned))
    }

    /// What tests have as the database's time in its place.
    pub fn told_by_test(&self) -> Option<Timestamp> {
        match &self.host {
            Clock::Apart { database, .. } => Some(database.now()),
            Clock::System | Clock::Shifted(_) | Clock::Stopped(_) => None,
        }
    }

    /// Whether the database is to be asked for the time: a clock that tests move is everybody's.
    pub const fn asks(&self) -> bool {
        matches!(self.host, Clock::System)
    }

    /// The ticks, read before the database is asked.
    pub fn ticks(&self) -> Ticks {
        match &self.host {
            Clock::System => Ticks(i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)),
            moved => Ticks(moved.now().as_millis()),
        }
    }

    /// Takes in what the database has told since it was asked.
    pub fn hear(&self, asked: Ticks, told: Timestamp) {
        let (here, told) = (self.ticks().0, told.as_millis());
        let (least, most) = (told.saturating_sub(here), told.saturating_sub(asked.0));
        let held = self.ahead.load(Ordering::Acquire);
        let next = match held {
            UNTOLD => least.midpoint(most),
            held => held.max(least).min(most),
        };
        let now = here.saturating_add(next);
        self.ahead.store(next, Ordering::Release);
        if held != UNTOLD && is_alarming(next.saturating_sub(held)) {
            tracing::warn!(milliseconds = next.saturating_sub(held), "the database's clock has jumped");
        }
        if self.latest.load(Ordering::Acquire).saturating_sub(now) > STANDS_STILL.as_millis() {
            self.latest.store(now, Ordering::Release);
        }
        self.compare();
    }

    /// How far the host's clock is ahead of the database's; nothing where they are one.
    pub fn apart(&self) -> Option<Span> {
        let ahead = self.ahead.load(Ordering::Acquire);
        let reckoned = Timestamp::from_millis(self.ticks().0.saturating_add(ahead));
        (ahead != UNTOLD).then(|| self.host.now().since(reckoned))
    }

    /// Says once that the clocks differ, and once that they do not any more.
    fn compare(&self) {
        let Some(apart) = self.apart() else { return };
        let is_far = is_alarming(apart.as_millis());
        if is_far != self.is_alarmed.swap(is_far, Ordering::AcqRel) {
            let seconds = apart.as_secs();
            match is_far {
                true => tracing::warn!(seconds, "this host's clock differs from the database's, which is gone by"),
                false => tracing::info!("this host's clock agrees with the database's again"),
            }
        }
    }

    /// Looks whether somebody has set the host's clock, where there is no other to go by.
    pub fn watch(&self) {
        let ahead = self.host.now().as_millis().saturating_sub(self.ticks().0);
        let before = self.host_ahead.swap(ahead, Ordering::AcqRel);
        let jump = ahead.saturating_sub(before);
        if before != UNTOLD && is_alarming(jump) {
            tracing::warn!(milliseconds = jump, "this host's clock has jumped");
        }
    }
}

fn is_alarming(millis: i64) -> bool {
    millis.saturating_abs() > ALARM.as_millis()
}

#[cfg(test)]
mod tests;
