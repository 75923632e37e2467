//! Rate limits: token buckets in this node's memory, also charged with the requests that other nodes grant. The number
//! of buckets is bounded; the least recently used ones are evicted first.

mod exchange;
mod secrets;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use self::exchange::{Granted, MOST, reporting_threshold};
use crate::config;
use crate::flows::{Concerning, Context, FlowError};
use crate::metrics::{Counts, labels};
use signet_protocol::client::Client;
use signet_protocol::defense::brute_force;
pub use signet_protocol::defense::rate_limit::Class;
use signet_protocol::defense::rate_limit::{Bucket, Exceeded, Limit, Taken};
use signet_protocol::ids::{ClientId, RealmId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};
use signet_store::events::audit::{Event, Outcome, Record};

pub use self::exchange::{Exchange, exchange};

/// The maximum number of buckets.
const CAPACITY: u64 = 200_000;

#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub login: Limit,
    pub authorize: Limit,
    pub pages: Limit,
    pub api: Limit,
    pub token: Limit,
    pub introspect: Limit,
    pub registration: Limit,
    /// For a client and a network.
    pub secret: Limit,
    pub waiting: Limit,
    pub person: Limit,
    /// Of [`Class::UserCode`].
    pub user_code: Limit,
}

impl Limits {
    /// The limits of the settings, or `None` if they are off. `lifetime` is that of pending requests.
    pub fn new(limits: &config::Limits, lifetime: Span) -> Option<Self> {
        let minute = Limit::per_minute;
        limits.enabled.then(|| Self {
            login: minute(limits.login),
            authorize: minute(limits.authorize),
            pages: minute(limits.pages),
            api: minute(limits.api),
            token: minute(limits.token),
            introspect: minute(limits.introspect),
            registration: minute(limits.registration),
            secret: minute(limits.secret_failures),
            waiting: Limit { requests: limits.waiting, per: lifetime },
            person: minute(limits.person),
            user_code: minute(limits.user_codes),
        })
    }

    fn of(&self, holder: &Holder) -> Limit {
        let limit = self.of_class(holder.class);
        match holder.network {
            Some(_) if holder.class == Class::Secret => limit,
            None if holder.class == Class::Secret => limit.times(secrets::NETWORKS),
            Some(network) if brute_force::is_region(network) => limit.times(brute_force::REGION_SHARE),
            Some(_) | None => limit,
        }
    }

    const fn of_class(&self, class: Class) -> Limit {
        match class {
            Class::Login => self.login,
            Class::Authorize => self.authorize,
            Class::Pages => self.pages,
            Class::Api => self.api,
            Class::Token => self.token,
            Class::Introspect => self.introspect,
            Class::Registration => self.registration,
            Class::Secret => self.secret,
            Class::Waiting => self.waiting,
            Class::Person => self.person,
            Class::UserCode => self.user_code,
        }
    }
}

/// The owner of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Holder {
    realm: RealmId,
    class: Class,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    network: Option<IpNet>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
}

impl Holder {
    fn of(realm: &RealmId, class: Class) -> Self {
        Self { realm: realm.clone(), class, client: None, network: None, user: None }
    }
}

/// A bucket, with the requests that this node has granted from it.
#[derive(Debug, Default)]
struct Held {
    bucket: Bucket,
    /// Granted requests that have not been reported to other nodes.
    unreported: u32,
    /// The time of the first unreported request.
    since: Option<Timestamp>,
    /// True if the next exchange reports them.
    due: bool,
}

pub struct Rates {
    limits: Option<Limits>,
    buckets: Cache<Holder, Arc<Mutex<Held>>>,
    /// The last wrong secret of each client from each network.
    wrong_secrets: Cache<Holder, Digest>,
    /// The holders that the next exchange reports.
    due: Mutex<Vec<Holder>>,
    counts: Counts<labels::Class>,
    refused: Mutex<HashMap<(RealmId, Class), Refused>>,
}

/// The refused requests of a class since the last report.
#[derive(Clone, Debug, Default)]
struct Refused {
    count: u64,
    client: Option<ClientId>,
    network: Option<IpNet>,
}

impl Rates {
    /// Full buckets, or none if limits are off. Refusals are counted in `counts`.
    pub fn new(limits: Option<Limits>, counts: Counts<labels::Class>) -> Self {
        let buckets = Cache::builder().max_capacity(CAPACITY).eviction_policy(EvictionPolicy::lru()).build();
        let wrong_secrets = Cache::builder().max_capacity(secrets::REMEMBERED).build();
        Self { limits, buckets, wrong_secrets, due: Mutex::default(), counts, refused: Mutex::default() }
    }

    /// Takes one request of an address, and of its region in classes that count regions.
    pub fn take_of_address(
        &self,
        realm: &RealmId,
        class: Class,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Exceeded> {
        let peer = address.map(brute_force::peer);
        self.take(Holder { network: peer, ..Holder::of(realm, class) }, now)?;
        match address.filter(|_| class.counts_regions()).map(brute_force::region) {
            Some(region) => self.take(Holder { network: Some(region), ..Holder::of(realm, class) }, now),
            None => Ok(()),
        }
    }

    /// Takes one request of an authenticated client. A public client cannot authenticate, and anyone may use its id, so
    /// each address has a separate share and cannot use up that of others.
    pub fn take_of_client(&self, context: &Context, class: Class, client: &Client) -> Result<(), Exceeded> {
        let network = if client.is_public() { context.address().map(brute_force::peer) } else { None };
        let holder = Holder { client: Some(client.id.clone()), network, ..Holder::of(&context.realm.id, class) };
        self.take(holder, context.now)
    }

    /// Takes one request on behalf of a person at a client, regardless of the sending address. Each client has a
    /// separate share, so that none uses up the person's quota at the others.
    pub fn take_of_person(&self, context: &Context, user: &UserId, client: &ClientId) -> Result<(), Exceeded> {
        let whose = Holder::of(&context.realm.id, Class::Person);
        self.take(Holder { user: Some(user.clone()), client: Some(client.clone()), ..whose }, context.now)
    }

    fn take(&self, holder: Holder, now: Timestamp) -> Result<(), Exceeded> {
        let Some(limits) = &self.limits else { return Ok(()) };
        let limit = limits.of(&holder);
        let held = self.buckets.get_with_by_ref(&holder, Arc::default);
        let mut held = lock(&held);
        match limit.take(held.bucket, now) {
            Taken::Granted { bucket } => {
                held.bucket = bucket;
                if held.grant(limit, now) {
                    held.due = self.queue_for_exchange(holder);
                }
                Ok(())
            }
            Taken::Refused { bucket, wait } => {
                held.bucket = bucket;
                Err(self.refuse(holder, limit, wait))
            }
        }
    }

    fn refuse(&self, holder: Holder, limit: Limit, wait: Span) -> Exceeded {
        let class = holder.class.name();
        self.counts.get_or_create(&labels::Class { class }).inc();
        self.note(holder);
        Exceeded { policy: class, limit, wait }
    }

    /// Queues a holder for the next exchange, if there is room.
    fn queue_for_exchange(&self, holder: Holder) -> bool {
        let mut due = lock(&self.due);
        let has_room = due.len() < MOST;
        if has_room {
            due.push(holder);
        }
        has_room
    }

    /// Returns the requests granted since the last exchange, for holders above the reporting threshold.
    fn take_granted(&self) -> Vec<Granted> {
        let due = std::mem::take(&mut *lock(&self.due));
        let granted = |holder: Holder| {
            let held = self.buckets.get(&holder)?;
            let mut held = lock(&held);
            held.due = false;
            held.since = None;
            Some(Granted { holder, count: std::mem::take(&mut held.unreported) })
        };
        due.into_iter().filter_map(granted).collect()
    }

    /// Charges buckets with the requests that another node has granted.
    fn charge(&self, granted: Vec<Granted>, now: Timestamp) {
        let Some(limits) = &self.limits else { return };
        for Granted { holder, count } in granted {
            let limit = limits.of(&holder);
            let held = self.buckets.get_with(holder, Arc::default);
            let mut held = lock(&held);
            held.bucket = limit.charge(held.bucket, count, now);
        }
    }

    fn note(&self, holder: Holder) {
        let mut refused = lock(&self.refused);
        let refused = refused.entry((holder.realm, holder.class)).or_default();
        let count = refused.count.saturating_add(1);
        *refused = Refused { count, client: holder.client, network: holder.network };
    }

    /// Returns audit records of the requests refused since the last call: one for each class, with the client and the
    /// network of its last request.
    pub fn records(&self, context: &Context) -> Result<Vec<Record>, FlowError> {
        let refused = std::mem::take(&mut *lock(&self.refused));
        let record = |((_, class), refused): ((RealmId, Class), Refused)| {
            let reason = format!("{}: {} refused", class.name(), refused.count);
            let concerning = Concerning { actor: "system", client: refused.client.as_ref(), ..Concerning::default() };
            let mut record = context.record(Event::LimitExceeded, Outcome::Failure, concerning, &reason)?;
            record.origin.address = refused.network.map(|network| network.to_string()).unwrap_or_default();
            Ok(record)
        };
        refused.into_iter().filter(|((realm, _), _)| *realm == context.realm.id).map(record).collect()
    }
}

impl Held {
    /// Counts a granted request. Returns true if the holder must be queued for the next exchange.
    fn grant(&mut self, limit: Limit, now: Timestamp) -> bool {
        let since = *self.since.get_or_insert(now);
        if now.since(since) > limit.per {
            // The bucket has refilled since, so these requests need not be reported.
            self.unreported = 0;
            self.since = Some(now);
        }
        self.unreported = self.unreported.saturating_add(1);
        !self.due && self.unreported >= reporting_threshold(limit)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
