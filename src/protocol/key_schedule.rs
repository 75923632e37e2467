//! When a signing key is announced, signs, is kept for verification and goes: a function of stored times and `now`
//! (RFC 7517 §5, RFC 9700 §2.6). Nothing here knows key material, and whatever the clock says, an algorithm that has
//! a key has exactly one active key.

use super::ids::KeyId;
use super::time::{Span, Timestamp};

/// The stored times of one signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTimes {
    /// The key's id.
    pub kid: KeyId,
    /// The JWS algorithm that it signs with, and no other (RFC 8725 §3.1).
    pub algorithm: String,
    /// Its number within realm and algorithm, rising by one.
    pub generation: i64,
    /// When it was first published.
    pub announced_at: Timestamp,
    /// When it begins to sign.
    pub activates_at: Timestamp,
    /// When it was dropped as compromised.
    pub dropped_at: Option<Timestamp>,
}

/// The settings of the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How long a key signs.
    pub interval: Span,
    /// How long a key is published before it signs: the time for which the JWK set may be cached.
    pub announce: Span,
    /// How long before its activation the next key is announced: 24 hours.
    pub lead: Span,
    /// How long a superseded key is published: as long as anything that it signed is valid, and the clock tolerance.
    pub retention: Span,
}

/// What a key is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Published, does not sign yet.
    Announced,
    /// Published, signs.
    Active,
    /// Published so that what it signed can be verified.
    Retired,
    /// Not published and used for nothing.
    Gone,
}

/// A key that is to be generated and announced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Generation {
    /// The JWS algorithm.
    pub algorithm: String,
    /// The number, which only one node can store.
    pub generation: i64,
    /// When the key is going to sign.
    pub activates_at: Timestamp,
}

impl Generation {
    /// Whether the key is of this generation: of all that were made, the one that was stored.
    pub fn is_of(&self, key: &KeyTimes) -> bool {
        key.algorithm == self.algorithm && key.generation == self.generation
    }
}

/// What an operator's wish to rotate at once comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotation {
    /// The announced key is known everywhere: it signs from `at`, which is now.
    Promote {
        /// The announced key.
        kid: KeyId,
        /// Its new time of activation.
        at: Timestamp,
    },
    /// The announced key may still be unknown to those who cache the JWK set: it signs from `at`.
    Waiting {
        /// The announced key.
        kid: KeyId,
        /// Its new time of activation.
        at: Timestamp,
    },
    /// There is no announced key: this one is to be made.
    Announce(Generation),
}

/// The state of a key at `now`; `all` are the keys of its realm.
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

/// The keys that are to be made now, at most one for each of the algorithms: the very first, active at once, or the
/// next, announced `lead` before the newest has signed for an `interval`.
pub fn due(all: &[KeyTimes], algorithms: &[&str], now: Timestamp, policy: &Policy) -> Vec<Generation> {
    algorithms.iter().filter_map(|algorithm| due_of(all, algorithm, now, policy)).collect()
}

/// What is to be done so that another key of the algorithm signs as soon as everybody can know it.
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

/// The keys that are gone, whose rows may be removed.
pub fn removable(all: &[KeyTimes], now: Timestamp, policy: &Policy) -> Vec<KeyId> {
    all.iter().filter(|key| state(key, all, now, policy) == State::Gone).map(|key| key.kid.clone()).collect()
}

/// The keys as they are once this one has been dropped as compromised, or nothing where there is no such key, or it has
/// been dropped before.
pub fn without(all: &[KeyTimes], kid: &KeyId, now: Timestamp) -> Option<Vec<KeyTimes>> {
    let mut left = all.to_vec();
    let lost = left.iter_mut().find(|key| key.kid == *kid && key.dropped_at.is_none())?;
    lost.dropped_at = Some(now);
    Some(left)
}

/// The key of the algorithm that has to be made now.
fn due_of(all: &[KeyTimes], algorithm: &str, now: Timestamp, policy: &Policy) -> Option<Generation> {
    let Some(newest) = live(all, algorithm).max_by_key(|key| rank(key)) else {
        return Some(next(all, algorithm, now));
    };
    let ends_at = newest.activates_at.plus(policy.interval);
    let due = ends_at.minus(policy.lead.max(policy.announce)) <= now && announced(all, algorithm, now).is_none();
    due.then(|| next(all, algorithm, ends_at.max(now.plus(policy.announce))))
}

/// The key that follows all others of the algorithm, dropped ones included.
fn next(all: &[KeyTimes], algorithm: &str, activates_at: Timestamp) -> Generation {
    let newest = all.iter().filter(|key| key.algorithm == algorithm).map(|key| key.generation).max().unwrap_or(0);
    Generation { algorithm: algorithm.to_owned(), generation: newest.saturating_add(1), activates_at }
}

/// The keys of the algorithm that were not dropped.
fn live<'a>(all: &'a [KeyTimes], algorithm: &'a str) -> impl Iterator<Item = &'a KeyTimes> {
    all.iter().filter(move |key| key.algorithm == algorithm && key.dropped_at.is_none())
}

/// The newest key whose time has come; where the clock moved back and none has, the oldest.
fn active<'a>(all: &'a [KeyTimes], algorithm: &'a str, now: Timestamp) -> Option<&'a KeyTimes> {
    let begun = live(all, algorithm).filter(|key| key.activates_at <= now).max_by_key(|key| rank(key));
    begun.or_else(|| live(all, algorithm).min_by_key(|key| rank(key)))
}

/// The first key after the active one.
fn announced<'a>(all: &'a [KeyTimes], algorithm: &'a str, now: Timestamp) -> Option<&'a KeyTimes> {
    let active = active(all, algorithm, now)?;
    live(all, algorithm).filter(|key| rank(key) > rank(active)).min_by_key(|key| rank(key))
}

/// When a newer key took over from this one.
fn superseded_at(key: &KeyTimes, all: &[KeyTimes], now: Timestamp) -> Option<Timestamp> {
    let newer = live(all, &key.algorithm).filter(|other| rank(other) > rank(key));
    newer.map(|other| other.activates_at).filter(|at| *at <= now).min()
}

/// What keys of one algorithm are ordered by; the id decides where two nodes stored the same generation.
fn rank(key: &KeyTimes) -> (i64, &str) {
    (key.generation, key.kid.as_str())
}

#[cfg(test)]
mod tests;
