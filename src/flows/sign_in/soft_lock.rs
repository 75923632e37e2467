//! Counters of failed sign-ins, shared by all nodes: by name, account, address, region and realm. An attempt takes a
//! slot of name and account that counts as a failure until it succeeds; the other counters count only actual failures,
//! so that a hundred people in one office do not lock each other out. A known browser has its own counter.
//!
//! The realm's pause slows a guesser who keeps changing addresses. It exempts known browsers, and networks with a
//! sign-in in the last 30 days that have not used up an address's failures.

mod account;
mod ending;

use std::net::IpAddr;
use std::sync::Arc;

use aws_lc_rs::hmac;
use ipnet::IpNet;

pub(crate) use self::account::{Account, paused_until, unlock};
pub(crate) use self::ending::{Ending, NewBlock};
use crate::config;
use crate::flows::{Context, FlowError, Provider};
use signet_protocol::account::person;
use signet_protocol::defense::address_block::Reach;
use signet_protocol::defense::brute_force::{self, Attempt, Counter, Free, Kind, Policy};
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
    fn name(&self, whom: &Whom<'_>) -> Subject {
        self.subject(Kind::Name, "name", whom.key().as_bytes())
    }

    /// The counter of the account, shared by all its names. A name without an account counts as an account of its own.
    fn account(&self, whom: &Whom<'_>) -> Subject {
        match whom.user {
            Some(user) => self.subject(Kind::Account, "user", user.as_str().as_bytes()),
            None => self.subject(Kind::Account, "name", whom.key().as_bytes()),
        }
    }

    fn network(&self, kind: Kind, network: IpNet) -> Subject {
        self.subject(kind, kind.as_str(), network.to_string().as_bytes())
    }

    fn everybody(&self) -> Subject {
        self.subject(Kind::Realm, REALM_SUBJECT, &[])
    }

    /// The counters in which an attempt takes a slot, in locking order.
    fn subjects(&self, whom: &Whom<'_>) -> Vec<Subject> {
        match (whom.known_device, whom.user) {
            (Some(device), Some(user)) => vec![self.subject(Kind::Device, user.as_str(), device.as_bytes())],
            (Some(_) | None, _) => vec![self.name(whom), self.account(whom)],
        }
    }

    fn networks(&self, origin: Origin) -> [Subject; 2] {
        [self.network(Kind::Address, origin.peer), self.network(Kind::Region, origin.region)]
    }

    fn with_policy(&self, subject: Subject) -> (Subject, Policy) {
        (subject, self.policy(subject.kind))
    }
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

/// The person who tries to sign in.
pub(crate) struct Whom<'a> {
    pub user: Option<&'a UserId>,
    /// The typed name.
    pub typed: &'a str,
    /// The browser, if it is known for this user.
    pub known_device: Option<Digest>,
}

impl Whom<'_> {
    fn key(&self) -> String {
        person::lookup_key(self.typed).unwrap_or_else(|| self.typed.trim().to_owned())
    }
}

/// The decision before the password is checked.
pub(crate) enum Gate {
    /// The password is checked; a success releases the slot.
    Open(Try),
    /// The account is paused under another name: the answer is that of a wrong password.
    Held(Try),
    /// The typed name is paused for this much longer.
    Locked(Span),
}

/// An attempt that counts as a failure until it has succeeded.
#[derive(Clone)]
pub(crate) struct Try {
    slots: Vec<Slot>,
    name: Subject,
    origin: Option<Origin>,
}

#[derive(Clone, Copy)]
struct Slot {
    subject: Subject,
    counter: Counter,
    failures: i64,
    pause: Span,
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

/// Takes a slot. It is committed, for all nodes, before the password is checked, so that parallel attempts cannot
/// exceed the limit.
pub(crate) async fn begin(provider: &Provider, context: &Context, whom: &Whom<'_>) -> Result<Gate, FlowError> {
    let rules = &provider.soft_locks;
    let now = context.now;
    let address = context.address().filter(|_| whom.known_device.is_none());
    let blocked = address.and_then(|at| provider.view.blocked_until(&context.realm.id, at, Reach::SignIn, now));
    if let Some(until) = blocked {
        return Ok(Gate::Locked(until.since(now)));
    }
    let name = rules.name(whom);
    let origin = address.map(Origin::of);
    if !rules.enabled {
        return Ok(Gate::Open(Try { slots: Vec::new(), name, origin: None }));
    }
    let with_policy = |subject| rules.with_policy(subject);
    let networks = origin.map(|origin| rules.networks(origin).map(with_policy));
    let entry = Arc::new(Entry {
        realm: context.realm.id.clone(),
        wanted: rules.subjects(whom).into_iter().map(with_policy).collect(),
        networks: networks.into_iter().flatten().collect(),
        everybody: whom.known_device.is_none().then(|| with_policy(rules.everybody())),
        region: origin.map(|origin| origin.region),
        familiar_failures: i64::from(rules.free.address),
        now,
    });
    let taken = provider.store.write(move |tx| {
        let entry = entry.clone();
        Box::pin(async move { entry.take(tx).await })
    });
    match taken.await {
        Ok(Taken::All(slots)) => Ok(Gate::Open(Try { slots, name, origin })),
        Ok(Taken::ButTheAccount(slots)) => Ok(Gate::Held(Try { slots, name, origin })),
        Err(Refusal::Locked(until)) => Ok(Gate::Locked(until.since(now))),
        Err(Refusal::Store(error)) => Err(error.into()),
    }
}

/// The counters that decide about an attempt.
struct Entry {
    realm: RealmId,
    wanted: Vec<(Subject, Policy)>,
    /// Those of its networks, which count only failures.
    networks: Vec<(Subject, Policy)>,
    /// The realm's, unless the browser is known.
    everybody: Option<(Subject, Policy)>,
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
        for (subject, policy) in &self.wanted {
            let counter = login_failures::hold(tx, &self.realm, *subject).await?;
            match policy.attempt(counter, self.now) {
                Attempt::Locked { .. } if subject.kind == Kind::Account => held = true,
                Attempt::Locked { until } => return Err(Refusal::Locked(until)),
                Attempt::Allowed { counter, failures, pause } => {
                    login_failures::set(tx, &self.realm, *subject, counter).await?;
                    slots.push(Slot { subject: *subject, counter, failures, pause });
                }
            }
        }
        Ok(if held { Taken::ButTheAccount(slots) } else { Taken::All(slots) })
    }

    /// Returns the highest number of failures of the attempt's networks, or refuses the attempt if one of them is
    /// paused.
    async fn pass_networks(&self, tx: &mut Tx) -> Result<i64, Refusal> {
        let mut most = 0;
        for (subject, policy) in &self.networks {
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
        let Some((subject, policy)) = self.everybody else { return Ok(None) };
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

/// Releases the slot of an attempt whose password was never checked.
pub(crate) async fn give_back(provider: &Provider, context: &Context, attempt: &Try) -> Result<(), FlowError> {
    let given = (context.realm.id.clone(), with_policies(&provider.soft_locks, attempt));
    let written = provider.store.write_with(given, move |given, tx| {
        Box::pin(async move {
            let (realm, slots) = given;
            for (slot, policy) in slots {
                let counter = login_failures::hold(tx, realm, slot.subject).await?;
                let counter = policy.give_back(counter, slot.counter);
                login_failures::set(tx, realm, slot.subject, counter).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    Ok(written.await?)
}

fn with_policies(rules: &Rules, attempt: &Try) -> Vec<(Slot, Policy)> {
    attempt.slots.iter().map(|slot| (*slot, rules.policy(slot.subject.kind))).collect()
}
