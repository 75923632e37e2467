//! Counters of failed sign-ins, shared by all nodes: by name, account, address, region and realm. An attempt takes a
//! slot of name and account that counts as a failure until it succeeds; the other counters count only actual failures,
//! so that a hundred people in one office do not lock each other out. A known browser has its own counter.
//!
//! The realm's pause slows a guesser who keeps changing addresses. It exempts known browsers, and networks with a
//! sign-in in the last 30 days that have not used up an address's failures.

mod account;
mod reservation;

use std::net::IpAddr;

use aws_lc_rs::hmac;
use ipnet::IpNet;

pub(crate) use self::account::{Account, paused_until, unlock};
use self::reservation::Slot;
pub(crate) use self::reservation::{AccountPause, NewBlock, Reservation};
use crate::config;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::account::person;
use signet_protocol::defense::address_block::Reach;
use signet_protocol::defense::brute_force::{self, Attempt, Free, Kind, Policy};
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};
use signet_store::defense::login_failures::{self, Subject};
use signet_store::session::known_devices;
use signet_store::{StoreError, Tx};

/// The time for which the accounts at which an address has failed are remembered.
const SPRAY_WINDOW: Span = Span::from_hours(1);
/// The time for which a network counts as familiar after a sign-in.
const FAMILIAR: Span = Span::from_days(30);
/// The subject of the realm's counter.
const REALM_SUBJECT: &str = "everybody";

/// The policies of the counters, and the key of the digests that they are stored under.
pub struct Rules {
    enabled: bool,
    free: Free,
    spray_accounts: i64,
    block_duration: Span,
    key: hmac::Key,
}

impl Rules {
    pub fn new(limits: &config::Limits, key: hmac::Key) -> Self {
        Self {
            enabled: limits.enabled,
            free: Free {
                account: limits.account_failures,
                address: limits.address_failures,
                realm: limits.realm_failures,
            },
            spray_accounts: i64::from(limits.spray_accounts),
            block_duration: limits.block_duration,
            key,
        }
    }

    fn policy(&self, kind: Kind) -> Policy {
        Policy::of(kind, self.free)
    }

    fn subject(&self, kind: Kind, what: &str, who: &[u8]) -> Subject {
        let tag = hmac::sign(&self.key, &[what.as_bytes(), &[0], who].concat());
        Subject { kind, digest: Digest::of(tag.as_ref()) }
    }

    /// The counter of the typed name, normalized.
    fn name(&self, claimant: &Claimant<'_>) -> Subject {
        self.subject(Kind::Name, "name", claimant.key().as_bytes())
    }

    /// The counter of the account, shared by all its names. A name without an account counts as an account of its own.
    fn account(&self, claimant: &Claimant<'_>) -> Subject {
        match claimant.user {
            Some(user) => self.subject(Kind::Account, "user", user.as_str().as_bytes()),
            None => self.subject(Kind::Account, "name", claimant.key().as_bytes()),
        }
    }

    fn network(&self, kind: Kind, network: IpNet) -> Subject {
        self.subject(kind, kind.as_str(), network.to_string().as_bytes())
    }

    fn everybody(&self) -> Subject {
        self.subject(Kind::Realm, REALM_SUBJECT, &[])
    }

    /// The counters in which an attempt takes a slot, in locking order.
    fn subjects(&self, claimant: &Claimant<'_>) -> Vec<Subject> {
        match (claimant.known_device, claimant.user) {
            (Some(device), Some(user)) => vec![self.subject(Kind::Device, user.as_str(), device.as_bytes())],
            (Some(_) | None, _) => vec![self.name(claimant), self.account(claimant)],
        }
    }

    fn networks(&self, origin: Origin) -> [Subject; 2] {
        [self.network(Kind::Address, origin.peer), self.network(Kind::Region, origin.region)]
    }

    fn counted(&self, subject: Subject) -> Counted {
        Counted { subject, policy: self.policy(subject.kind) }
    }
}

/// A counter, and the policy that decides about it.
#[derive(Clone, Copy)]
struct Counted {
    subject: Subject,
    policy: Policy,
}

/// The networks that an attempt came from.
#[derive(Clone, Copy, Debug)]
struct Origin {
    peer: IpNet,
    region: IpNet,
}

impl Origin {
    fn of(address: IpAddr) -> Self {
        Self { peer: brute_force::peer(address), region: brute_force::region(address) }
    }
}

/// The person whom an attempt claims to be.
pub(crate) struct Claimant<'a> {
    pub user: Option<&'a UserId>,
    /// The typed name.
    pub typed: &'a str,
    /// The browser, if it is known for this user.
    pub known_device: Option<Digest>,
}

impl Claimant<'_> {
    fn key(&self) -> String {
        person::lookup_key(self.typed).unwrap_or_else(|| self.typed.trim().to_owned())
    }
}

/// The decision before a factor is verified.
pub(crate) enum Gate {
    /// The factor is verified; a success clears the slots.
    Open(Reservation),
    /// The account is paused under another name: the answer is that of a wrong password.
    Held(Reservation),
    /// The typed name is paused for this much longer.
    Locked(Span),
}

enum Refusal {
    Locked(Timestamp),
    Store(StoreError),
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Takes the slots of an attempt. They are committed, for all nodes, before a factor is verified, so that parallel
/// attempts cannot exceed the limit.
pub(crate) async fn reserve(
    provider: &Provider,
    context: &Context,
    claimant: &Claimant<'_>,
) -> Result<Gate, FlowError> {
    let rules = &provider.sign_ins.locks;
    let realm = &context.realm.id;
    let now = context.now;
    let address = context.address().filter(|_| claimant.known_device.is_none());
    let blocked = address.and_then(|at| provider.view.blocked_until(realm, at, Reach::SignIn, now));
    if let Some(until) = blocked {
        return Ok(Gate::Locked(until.since(now)));
    }
    let name = rules.name(claimant);
    if !rules.enabled {
        return Ok(Gate::Open(Reservation::new(rules, realm.clone(), name, None)));
    }
    let origin = address.map(Origin::of);
    let networks = origin.map(|origin| rules.networks(origin));
    let entry = Entry {
        realm: realm.clone(),
        wanted: rules.subjects(claimant).into_iter().map(|subject| rules.counted(subject)).collect(),
        networks: networks.into_iter().flatten().map(|subject| rules.counted(subject)).collect(),
        everybody: claimant.known_device.is_none().then(|| rules.counted(rules.everybody())),
        region: origin.map(|origin| origin.region),
        familiar_failures: i64::from(rules.free.address),
        now,
    };
    let taken = provider.store.write_with(entry, |entry, tx| Box::pin(entry.take(tx)));
    let reservation = |slots| Reservation::new(rules, realm.clone(), name, origin).with_slots(slots);
    match taken.await {
        Ok(Taken::All(slots)) => Ok(Gate::Open(reservation(slots))),
        Ok(Taken::ButTheAccount(slots)) => Ok(Gate::Held(reservation(slots))),
        Err(Refusal::Locked(until)) => Ok(Gate::Locked(until.since(now))),
        Err(Refusal::Store(error)) => Err(error.into()),
    }
}

/// The counters that decide about an attempt.
struct Entry {
    realm: RealmId,
    wanted: Vec<Counted>,
    /// Those of its networks, which count only failures.
    networks: Vec<Counted>,
    /// The realm's, unless the browser is known.
    everybody: Option<Counted>,
    region: Option<IpNet>,
    /// The number of failures up to which a network stays familiar.
    familiar_failures: i64,
    now: Timestamp,
}

enum Taken {
    All(Vec<Slot>),
    ButTheAccount(Vec<Slot>),
}

impl Entry {
    async fn take(&self, tx: &mut Tx) -> Result<Taken, Refusal> {
        let failures = self.pass_networks(tx).await?;
        if let Some(until) = self.realm_pause(tx, failures).await? {
            return Err(Refusal::Locked(until));
        }
        let mut slots = Vec::new();
        let mut held = false;
        for counted in &self.wanted {
            let Counted { subject, policy } = *counted;
            let counter = login_failures::hold(tx, &self.realm, subject).await?;
            match policy.attempt(counter, self.now) {
                Attempt::Locked { .. } if subject.kind == Kind::Account => held = true,
                Attempt::Locked { until } => return Err(Refusal::Locked(until)),
                Attempt::Allowed { counter, failures, pause } => {
                    login_failures::set(tx, &self.realm, subject, counter).await?;
                    slots.push(Slot { counted: *counted, counter, failures, pause });
                }
            }
        }
        Ok(if held { Taken::ButTheAccount(slots) } else { Taken::All(slots) })
    }

    /// Returns the highest number of failures of the attempt's networks, or refuses the attempt if one of them is
    /// paused.
    async fn pass_networks(&self, tx: &mut Tx) -> Result<i64, Refusal> {
        let mut most = 0;
        for Counted { subject, policy } in &self.networks {
            let Some(counter) = login_failures::find(tx, &self.realm, *subject).await? else { continue };
            if let Some(until) = policy.paused_until(counter, self.now) {
                return Err(Refusal::Locked(until));
            }
            most = most.max(policy.held(counter, self.now));
        }
        Ok(most)
    }

    /// The end of the realm's pause, if it applies to an attempt from a network with this many failures.
    async fn realm_pause(&self, tx: &mut Tx, failures: i64) -> Result<Option<Timestamp>, StoreError> {
        let Some(Counted { subject, policy }) = self.everybody else { return Ok(None) };
        let counter = login_failures::find(tx, &self.realm, subject).await?;
        let Some(until) = counter.and_then(|counter| policy.paused_until(counter, self.now)) else { return Ok(None) };
        if let Some(region) = self.region
            && failures < self.familiar_failures
            && known_devices::has_network(tx, &self.realm, &region.to_string(), self.now.minus(FAMILIAR)).await?
        {
            return Ok(None);
        }
        Ok(Some(until))
    }
}
