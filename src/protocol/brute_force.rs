//! Soft locks: after some failed sign-ins there is a pause that grows, in place of a lock that somebody must lift
//! (NIST SP 800-63B §3.2.2; RFC 6749 §10.10 and RFC 9700 leave the defence of passwords to the server). A counter is a
//! leaky bucket: failures drain away one by one, so that guessing slowly gains nothing over guessing until locked.

use std::net::IpAddr;

use ipnet::IpNet;

use super::time::{Span, Timestamp};

/// The longest pause of an account, a browser or an address.
const LONGEST: Span = Span::from_minutes(15);
/// The time after which an address forgets a failure.
const ADDRESS_DRAIN: Span = Span::from_minutes(1);
/// How far the clocks of nodes may differ.
const CLOCKS_DIFFER: Span = Span::from_minutes(2);
/// The time in which the failures that a realm takes for granted drain away.
const REALM_WINDOW: Span = Span::from_minutes(5);
/// The longest pause of a region, which many innocent addresses share.
const LONGEST_REGION: Span = Span::from_minutes(1);
/// The prefix of an IPv6 network that counts as one peer: what a single customer is given (RFC 6177 §2).
const IPV6_PEER: u8 = 64;
/// The prefixes of a region.
const REGION_PREFIX_V4: u8 = 24;
const REGION_PREFIX_V6: u8 = 48;
/// How many addresses a region counts for.
pub const REGION_SHARE: u32 = 4;

/// What failures are counted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A name as it was typed, whether an account has it or not. Its pause is shown.
    Name,
    /// An account under all its names, as seen from browsers that never signed it in. Its pause is not shown, or one
    /// name's pause would tell which other names the account has.
    Account,
    /// An account as seen from one browser that has signed it in before.
    Device,
    /// An address.
    Address,
    /// The region of an address.
    Region,
    /// The whole realm.
    Realm,
}

impl Kind {
    /// The kind's name.
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

/// How failures of a kind are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// How many failures lead to no pause.
    pub free: u32,
    /// After how long one failure is forgotten.
    pub drain: Span,
    /// The first pause; each further failure doubles it.
    pub first: Span,
    /// The longest pause.
    pub longest: Span,
}

/// How many failures each kind has free.
#[derive(Clone, Copy, Debug)]
pub struct Free {
    /// An account, from new browsers and from each known one.
    pub account: u32,
    /// An address.
    pub address: u32,
    /// The realm within five minutes.
    pub realm: u32,
}

impl Policy {
    /// The policy of a kind. An account forgets a failure in a quarter of an hour, which is also its longest pause: in
    /// the long run nobody has more than 96 guesses a day. The pauses of a realm are short, since they are everybody's.
    pub fn of(kind: Kind, free: Free) -> Self {
        let first = Span::from_secs(1);
        match kind {
            Kind::Name | Kind::Account | Kind::Device => {
                Self { free: free.account, drain: LONGEST, first, longest: LONGEST }
            }
            Kind::Address => Self { free: free.address, drain: ADDRESS_DRAIN, first, longest: LONGEST },
            Kind::Region => Self {
                free: free.address.saturating_mul(REGION_SHARE),
                drain: Span::from_millis(ADDRESS_DRAIN.as_millis() / i64::from(REGION_SHARE)),
                first,
                longest: LONGEST_REGION,
            },
            Kind::Realm => Self {
                free: free.realm,
                drain: Span::from_millis((REALM_WINDOW.as_millis() / i64::from(free.realm.max(1))).max(1)),
                first: Span::from_millis(100),
                longest: Span::from_secs(1),
            },
        }
    }

    /// Whether somebody may try, and what the counter is then: an attempt counts as a failure until it has succeeded,
    /// so that a burst of parallel ones cannot overrun the counter.
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

    /// The failures that a counter holds.
    pub fn held(self, counter: Counter, now: Timestamp) -> i64 {
        self.failures(self.of_this_time(counter, now).drained_at, now).max(0)
    }

    /// The end of the pause that a counter is in, if it is in one.
    pub fn paused_until(self, counter: Counter, now: Timestamp) -> Option<Timestamp> {
        let until = self.of_this_time(counter, now).locked_until;
        (now < until).then_some(until)
    }

    /// The counter without what a clock has left that was set back since: a pause that is longer than any ends, so that
    /// nobody is kept out for a day, and all free failures are used up.
    fn of_this_time(self, counter: Counter, now: Timestamp) -> Counter {
        let latest = now.plus(self.longest).plus(CLOCKS_DIFFER);
        if counter.locked_until <= latest {
            return counter;
        }
        let full = Span::from_millis(self.drain.as_millis().saturating_mul(i64::from(self.free)));
        Counter { drained_at: counter.drained_at.min(now.plus(full)), locked_until: now }
    }

    /// The counter after an attempt that turned out to be none, or a success where others failed.
    pub fn give_back(self, counter: Counter, attempt: Counter) -> Counter {
        let own_lock = counter.locked_until == attempt.locked_until;
        Counter {
            drained_at: counter.drained_at.minus(self.drain),
            locked_until: if own_lock { Timestamp::from_millis(0) } else { counter.locked_until },
        }
    }

    /// Rounded to the nearest: requests are not counted in the order of their times, and clocks of nodes differ.
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

/// What is remembered of failures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counter {
    /// When all are forgotten.
    pub drained_at: Timestamp,
    /// Until when nobody may try.
    pub locked_until: Timestamp,
}

/// The answer to somebody who wants to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Not yet.
    Locked {
        /// From when on.
        until: Timestamp,
    },
    /// They may.
    Allowed {
        /// The counter, this attempt taken for a failure.
        counter: Counter,
        /// How many failures that makes.
        failures: i64,
        /// The pause that follows if it is one.
        pause: Span,
    },
}

/// The network that one customer may have the whole of: a /24 of IPv4, or a /48 of IPv6 (RFC 6177 §2).
pub fn region(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    let prefix = if address.is_ipv4() { REGION_PREFIX_V4 } else { REGION_PREFIX_V6 };
    IpNet::new(address, prefix).map_or(IpNet::from(address), |network| network.trunc())
}

/// Whether a network is a region, not a peer.
pub const fn is_region(network: IpNet) -> bool {
    match network {
        IpNet::V4(network) => network.prefix_len() == REGION_PREFIX_V4,
        IpNet::V6(network) => network.prefix_len() == REGION_PREFIX_V6,
    }
}

/// The network that counts as one peer: an IPv4 address, or the /64 of an IPv6 address.
pub fn peer(address: IpAddr) -> IpNet {
    let address = address.to_canonical();
    match address {
        IpAddr::V4(_) => IpNet::from(address),
        IpAddr::V6(_) => IpNet::new(address, IPV6_PEER).map_or(IpNet::from(address), |network| network.trunc()),
    }
}

#[cfg(test)]
mod tests;
