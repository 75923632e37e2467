//! The lifecycle of a signing key (announced, active, retired, gone) as a function of stored times and `now` (RFC 7517
//! §5, RFC 9700 §2.6). It handles no key material. An algorithm with any key has exactly one active key, even after the
//! clock was set back.

use crate::ids::KeyId;
use crate::time::{Span, Timestamp};

/// The stored times of one signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    pub kid: KeyId,
    /// The only JWS algorithm that it signs with (RFC 8725 §3.1).
    pub algorithm: String,
    /// A number that increases by one per realm and algorithm.
    pub generation: i64,
    /// The time of first publication.
    pub announced_at: Timestamp,
    /// The time from which it signs.
    pub activates_at: Timestamp,
    /// The time at which it was dropped as compromised.
    pub dropped_at: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The time for which a key signs.
    pub interval: Span,
    /// The time between publication and first signature, at least the cache lifetime of the JWK set.
    pub announce: Span,
    /// The time between the next key's announcement and its activation: 24 hours.
    pub lead: Span,
    /// The time for which a superseded key stays published: the longest validity of anything that it signed, plus clock
    /// tolerance.
    pub retention: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Published, but not signing yet.
    Announced,
    /// Published and signing.
    Active,
    /// Published so that earlier signatures can be verified.
    Retired,
    /// Not published and not used.
    Gone,
}

/// A key to be generated and announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    pub algorithm: String,
    /// The generation number. The database accepts it from one node only.
    pub generation: i64,
    /// The time from which the key will sign.
    pub activates_at: Timestamp,
}

impl Generation {
    /// Returns true if the stored key has this generation; several nodes may have generated a candidate.
    pub fn is_of(&self, key: &KeyTimes) -> bool {
        key.algorithm == self.algorithm && key.generation == self.generation
    }
}

/// The effect of an operator's order to rotate at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The announced key has been published long enough and signs from now on.
    Promote { kid: KeyId, at: Timestamp },
    /// The announced key may be missing from cached JWK sets; it signs from `at`.
    Waiting { kid: KeyId, at: Timestamp },
    /// No key is announced; this one must be made.
    Announce(Generation),
}

/// Returns the state of a key at `now`; `all` has the keys of its realm.
pub fn state(key: &KeyTimes, all: &[KeyTimes], now: Timestamp, policy: &Policy) -> State {
    if key.dropped_at.is_some() {
        return State::Gone;
    }
    let active = active(all, &key.algorithm, now).unwrap_or(key);
    match rank(key).cmp(&rank(active)) {
        std::cmp::Ordering::Equal => State::Active,
        std::cmp::Ordering::Greater => State::Announced,
        std::cmp::Ordering::Less => {
            let superseded = superseded_at(key, all, now).unwrap_or(active.activates_at);
            if now < superseded.plus(policy.retention) { State::Retired } else { State::Gone }
        }
    }
}

/// Returns the keys to make now, at most one per algorithm: the first, active at once, or the next, announced `lead`
/// before the newest has signed for an `interval`.
pub fn due(all: &[KeyTimes], algorithms: &[&str], now: Timestamp, policy: &Policy) -> Vec<Generation> {
    algorithms.iter().filter_map(|algorithm| due_of(all, algorithm, now, policy)).collect()
}

/// Plans a rotation of the algorithm as soon as every cache can have the new key.
pub fn rotate(all: &[KeyTimes], algorithm: &str, now: Timestamp, policy: &Policy) -> Rotation {
    match announced(all, algorithm, now) {
        Some(key) => {
            let known = key.announced_at.plus(policy.announce);
            let kid = key.kid.clone();
            if known <= now {
                Rotation::Promote { kid, at: now }
            } else {
                Rotation::Waiting { kid, at: known.min(key.activates_at) }
            }
        }
        None => {
            let first = active(all, algorithm, now).is_none();
            let activates_at = if first { now } else { now.plus(policy.announce) };
            Rotation::Announce(next(all, algorithm, activates_at))
        }
    }
}

/// Returns keys that are gone and whose rows may be deleted.
pub fn removable(all: &[KeyTimes], now: Timestamp, policy: &Policy) -> Vec<KeyId> {
    all.iter().filter(|key| state(key, all, now, policy) == State::Gone).map(|key| key.kid.clone()).collect()
}

/// Returns the keys after this one was dropped as compromised, or `None` if it is unknown or was dropped before.
pub fn without(all: &[KeyTimes], kid: &KeyId, now: Timestamp) -> Option<Vec<KeyTimes>> {
    let mut left = all.to_vec();
    let lost = left.iter_mut().find(|key| key.kid == *kid && key.dropped_at.is_none())?;
    lost.dropped_at = Some(now);
    Some(left)
}

/// Returns the key of the algorithm that must be made now, if any.
fn due_of(all: &[KeyTimes], algorithm: &str, now: Timestamp, policy: &Policy) -> Option<Generation> {
    let Some(newest) = live(all, algorithm).max_by_key(|key| rank(key)) else {
        return Some(next(all, algorithm, now));
    };
    let ends_at = newest.activates_at.plus(policy.interval);
    let due = ends_at.minus(policy.lead.max(policy.announce)) <= now && announced(all, algorithm, now).is_none();
    due.then(|| next(all, algorithm, ends_at.max(now.plus(policy.announce))))
}

/// Returns the key that follows all others of the algorithm, including dropped ones.
fn next(all: &[KeyTimes], algorithm: &str, activates_at: Timestamp) -> Generation {
    let newest = all.iter().filter(|key| key.algorithm == algorithm).map(|key| key.generation).max().unwrap_or(0);
    Generation { algorithm: algorithm.to_owned(), generation: newest.saturating_add(1), activates_at }
}

/// Returns the keys of the algorithm that were not dropped.
fn live<'a>(all: &'a [KeyTimes], algorithm: &'a str) -> impl Iterator<Item = &'a KeyTimes> {
    all.iter().filter(move |key| key.algorithm == algorithm && key.dropped_at.is_none())
}

/// Returns the newest key whose activation time has passed, or the oldest key where the clock was set back before all
/// of them.
fn active<'a>(all: &'a [KeyTimes], algorithm: &'a str, now: Timestamp) -> Option<&'a KeyTimes> {
    let started = live(all, algorithm).filter(|key| key.activates_at <= now).max_by_key(|key| rank(key));
    started.or_else(|| live(all, algorithm).min_by_key(|key| rank(key)))
}

/// Returns the first key after the active one.
fn announced<'a>(all: &'a [KeyTimes], algorithm: &'a str, now: Timestamp) -> Option<&'a KeyTimes> {
    let active = active(all, algorithm, now)?;
    live(all, algorithm).filter(|key| rank(key) > rank(active)).min_by_key(|key| rank(key))
}

/// Returns the time at which a newer key replaced this one.
fn superseded_at(key: &KeyTimes, all: &[KeyTimes], now: Timestamp) -> Option<Timestamp> {
    let newer = live(all, &key.algorithm).filter(|other| rank(other) > rank(key));
    newer.map(|other| other.activates_at).filter(|at| *at <= now).min()
}

/// Returns the sort key within one algorithm. The id decides where two nodes stored the same generation.
fn rank(key: &KeyTimes) -> (i64, &str) {
    (key.generation, key.kid.as_str())
}

#[cfg(test)]
mod tests;
