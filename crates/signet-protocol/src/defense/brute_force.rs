//! Soft locks: repeated failed sign-ins lead to a growing pause that ends by itself, rather than to a lock that an
//! operator must lift (NIST SP 800-63B §3.2.2; RFC 6749 §10.10 and RFC 9700 leave the protection of passwords to the
//! server). A counter is a leaky bucket: failures drain one by one, so guessing slowly gains nothing over guessing
//! until locked.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::time::{Span, Timestamp};

/// The longest pause of an account, a browser or an address.
const MAX_PAUSE: Span = Span::from_minutes(15);
/// The time in which one failure of an address drains.
const ADDRESS_DRAIN: Span = Span::from_minutes(1);
/// The assumed maximum difference between the clocks of two nodes.
const CLOCKS_DIFFER: Span = Span::from_minutes(2);
/// The time in which a realm's free failures drain.
const REALM_WINDOW: Span = Span::from_minutes(5);
/// The longest pause of a region, which many innocent addresses share.
const MAX_REGION_PAUSE: Span = Span::from_minutes(1);
/// The IPv6 prefix length that counts as one peer: the size that one customer typically gets (RFC 6177 §2).
const IPV6_PEER: u8 = 64;
/// Prefix lengths of a region.
const REGION_PREFIX_V4: u8 = 24;
const REGION_PREFIX_V6: u8 = 48;
/// The limit of a region, as a multiple of an address's limit.
pub const REGION_SHARE: u32 = 4;

/// The subject that failures are counted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A name as typed, with or without an account behind it. Its pause is shown to the person.
    Name,
    /// An account under all its names, as seen from browsers that never signed in to it. Its pause is not shown, since
    /// a pause shared between names would reveal which names belong to one account.
    Account,
    /// An account as seen from one browser that has signed in to it before.
    Device,
    Address,
    /// The network region of an address.
    Region,
    /// All sign-ins of the realm together.
    Realm,
}

impl Kind {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Account => "account",
            Self::Device => "device",
            Self::Address => "address",
            Self::Region => "region",
            Self::Realm => "realm",
        }
    }
}

/// The limits for one kind of subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The number of failures without a pause.
    pub free: u32,
    /// The time in which one failure drains.
    pub drain: Span,
    /// The first pause; each further failure doubles it.
    pub first: Span,
    pub longest: Span,
}

/// The configured numbers of free failures.
#[derive(Clone, Copy, Debug)]
pub struct Free {
    /// Per account, counted separately for new browsers and for each known one.
    pub account: u32,
    /// Per address, an IPv6 /64 counting as one.
    pub address: u32,
    /// Per realm within five minutes.
    pub realm: u32,
}

impl Policy {
    /// Returns the policy of a kind. One failure of an account drains in a quarter of an hour, which is also the
    /// longest pause; over time this allows at most 96 guesses a day. The pauses of a realm are short, since they
    /// affect everyone.
    pub fn of(kind: Kind, free: Free) -> Self {
        let first = Span::from_secs(1);
        match kind {
            Kind::Name | Kind::Account | Kind::Device => {
                Self { free: free.account, drain: MAX_PAUSE, first, longest: MAX_PAUSE }
            }
            Kind::Address => Self { free: free.address, drain: ADDRESS_DRAIN, first, longest: MAX_PAUSE },
            Kind::Region => Self {
                free: free.address.saturating_mul(REGION_SHARE),
                drain: Span::from_millis(ADDRESS_DRAIN.as_millis() / i64::from(REGION_SHARE)),
                first,
                longest: MAX_REGION_PAUSE,
            },
            Kind::Realm => Self {
                free: free.realm,
                drain: Span::from_millis((REALM_WINDOW.as_millis() / i64::from(free.realm.max(1))).max(1)),
                first: Span::from_millis(100),
                longest: Span::from_secs(1),
            },
        }
    }

    /// Decides on an attempt and returns the updated counter. An attempt counts as a failure until it succeeds, so that
    /// a burst of parallel attempts cannot overrun the counter.
    pub fn attempt(self, counter: Counter, now: Timestamp) -> Attempt {
        let counter = self.of_this_time(counter, now);
        if now < counter.locked_until {
            return Attempt::Locked { until: counter.locked_until };
        }
        let drained_at = counter.drained_at.max(now).plus(self.drain);
        let failures = self.failures(drained_at, now);
        let pause = self.pause(failures);
        let locked_until = if pause == Span::ZERO { counter.locked_until } else { now.plus(pause) };
        Attempt::Allowed { counter: Counter { drained_at, locked_until }, failures, pause }
    }

    /// Returns the number of failures that a counter holds.
    pub fn held(self, counter: Counter, now: Timestamp) -> i64 {
        self.failures(self.of_this_time(counter, now).drained_at, now).max(0)
    }

    /// Returns the end of the current pause, if there is one.
    pub fn paused_until(self, counter: Counter, now: Timestamp) -> Option<Timestamp> {
        let until = self.of_this_time(counter, now).locked_until;
        (now < until).then_some(until)
    }

    /// Corrects a counter written before the clock was set back. A pause longer than the maximum ends now, so that an
    /// account is not locked for a day, but all free failures count as used.
    fn of_this_time(self, counter: Counter, now: Timestamp) -> Counter {
        let latest = now.plus(self.longest).plus(CLOCKS_DIFFER);
        if counter.locked_until <= latest {
            return counter;
        }
        let full = Span::from_millis(self.drain.as_millis().saturating_mul(i64::from(self.free)));
        Counter { drained_at: counter.drained_at.min(now.plus(full)), locked_until: now }
    }

    /// Returns the counter without this attempt, which turned out not to be one, or succeeded after others had failed.
    pub fn give_back(self, counter: Counter, attempt: Counter) -> Counter {
        let own_lock = counter.locked_until == attempt.locked_until;
        Counter {
            drained_at: counter.drained_at.minus(self.drain),
            locked_until: if own_lock { Timestamp::from_millis(0) } else { counter.locked_until },
        }
    }

    /// Computes the number of failures, rounded to nearest: requests are not counted in the order of their times, and
    /// the clocks of nodes differ.
    fn failures(self, drained_at: Timestamp, now: Timestamp) -> i64 {
        let drain = self.drain.as_millis().max(1);
        drained_at.since(now).as_millis().saturating_add(drain / 2) / drain
    }

    fn pause(self, failures: i64) -> Span {
        let doublings = failures - i64::from(self.free) - 1;
        match u32::try_from(doublings) {
            Err(_) => Span::ZERO,
            Ok(doublings) => {
                let factor = 1_i64 << doublings.min(30);
                Span::from_millis(self.first.as_millis().saturating_mul(factor)).min(self.longest)
            }
        }
    }
}

/// The stored state of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The time at which all failures have drained.
    pub drained_at: Timestamp,
    /// The end of the pause.
    pub locked_until: Timestamp,
}

/// The decision on an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Refused during a pause.
    Locked {
        /// The end of the pause.
        until: Timestamp,
    },
    Allowed {
        /// The counter with this attempt as a failure.
        counter: Counter,
        /// The number of failures, this attempt included.
        failures: i64,
        /// The pause that starts if this attempt fails.
        pause: Span,
    },
}

/// Returns the region of an address, the size of network that one customer may own: an IPv4 /24 or an IPv6 /48
/// (RFC 6177 §2).
pub fn region(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    let prefix = if address.is_ipv4() { REGION_PREFIX_V4 } else { REGION_PREFIX_V6 };
    IpNet::new(address, prefix).map_or(IpNet::from(address), |network| network.trunc())
}

/// Returns true for a region, false for a peer.
pub const fn is_region(network: IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() == REGION_PREFIX_V4,
        IpNet::V6(network) => network.prefix_len() == REGION_PREFIX_V6,
    }
}

/// Returns the network that counts as one peer: an IPv4 address or an IPv6 /64.
pub fn peer(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    match address {
        IpAddr::V4(_) => IpNet::from(address),
        IpAddr::V6(_) => IpNet::new(address, IPV6_PEER).map_or(IpNet::from(address), |network| network.trunc()),
    }
}

#[cfg(test)]
mod tests;
