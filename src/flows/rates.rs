//! Rate limits: buckets in memory of this node, charged with what other nodes grant as well. The number
//! of buckets is bounded: the ones that were not used for longest are forgotten first.

mod exchange;
mod secrets;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use serde::{Deserialize, Serialize};

use self::exchange::{Granted, MOST, worth_telling};
use super::{Concerning, Context, FlowError};
use crate::config;
use crate::metrics::{Counts, labels};
use crate::protocol::brute_force;
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, RealmId, UserId};
use crate::protocol::rate_limit::{Bucket, Exceeded, Limit, Taken};
use crate::protocol::secret::Digest;
use crate::protocol::time::{Span, Timestamp};
use crate::store::audit::{Event, Outcome, Record};

pub use self::exchange::{Exchange, exchange};

/// How many buckets are kept.
const CAPACITY: u64 = 200_000;

/// What is limited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Sign-in forms.
    Login,
    /// Authorization requests.
    Authorize,
    /// The other pages, and paths where there is nothing.
    Pages,
    /// All endpoints that clients authenticate at, by address.
    Api,
    /// The token, revocation and pushed request endpoints, by client.
    Token,
    /// Introspection, by client.
    Introspect,
    /// Registration.
    Registration,
    /// Wrong secrets, by client and network and by client.
    Secret,
    /// Authorization requests that are kept waiting.
    Waiting,
    /// Userinfo and consents, by person.
    Person,
}

impl Class {
    /// The name of its policy.
    const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Authorize => "authorize",
            Self::Pages => "pages",
            Self::Api => "api",
            Self::Token => "token",
            Self::Introspect => "introspect",
            Self::Registration => "registration",
            Self::Secret => "secret",
            Self::Waiting => "waiting",
            Self::Person => "person",
        }
    }

    /// Whether a region has a bucket beside those of its addresses: many addresses of one customer are few regions.
    const fn counts_regions(self) -> bool {
        matches!(self, Self::Login | Self::Waiting)
    }
}

/// The limit of each class.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Of [`Class::Login`].
    pub login: Limit,
    /// Of [`Class::Authorize`].
    pub authorize: Limit,
    /// Of [`Class::Pages`].
    pub pages: Limit,
    /// Of [`Class::Api`].
    pub api: Limit,
    /// Of [`Class::Token`].
    pub token: Limit,
    /// Of [`Class::Introspect`].
    pub introspect: Limit,
    /// Of [`Class::Registration`].
    pub registration: Limit,
    /// Of [`Class::Secret`], for a client and a network.
    pub secret: Limit,
    /// Of [`Class::Waiting`].
    pub waiting: Limit,
    /// Of [`Class::Person`].
    pub person: Limit,
}

impl Limits {
    /// The limits of the settings, where they are switched on. Requests wait for `lifetime`.
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

/// A bucket, and what this node has granted from it.
#[derive(Debug, Default)]
struct Held {
    bucket: Bucket,
    /// Requests not yet reported to other nodes.
    unreported: u32,
    /// When the first of them was granted.
    since: Option<Timestamp>,
    /// Set when the next exchange reports them.
    due: bool,
}

/// The buckets of this node.
pub struct Rates {
    limits: Option<Limits>,
    buckets: Cache<Holder, Arc<Mutex<Held>>>,
    /// The last wrong secret at each client from each network.
    wrong_secrets: Cache<Holder, Digest>,
    /// Holders to report next.
    due: Mutex<Vec<Holder>>,
    counts: Counts<labels::Class>,
    refused: Mutex<HashMap<(RealmId, Class), Refused>>,
}

/// The requests of a class that were refused since this was last asked.
#[derive(Clone, Debug, Default)]
struct Refused {
    count: u64,
    client: Option<ClientId>,
    network: Option<IpNet>,
}

impl Rates {
    /// Full buckets; none at all where limits are switched off. Refusals are counted.
    pub fn new(limits: Option<Limits>, counts: Counts<labels::Class>) -> Self {
        let buckets = Cache::builder().max_capacity(CAPACITY).eviction_policy(EvictionPolicy::lru()).build();
        let wrong_secrets = Cache::builder().max_capacity(secrets::REMEMBERED).build();
        Self { limits, buckets, wrong_secrets, due: Mutex::default(), counts, refused: Mutex::default() }
    }

    /// Takes one request of an address, and of its region in the classes that count them.
    ///
    /// # Errors
    /// [`Exceeded`] where there is none left.
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

    /// Takes one request of a client that has authenticated. A public client cannot: anybody may use its id, so that
    /// each address has a share of its own and cannot use up that of others.
    ///
    /// # Errors
    /// [`Exceeded`] where there is none left.
    pub fn take_of_client(&self, context: &Context, class: Class, client: &Client) -> Result<(), Exceeded> {
        let network = if client.is_public() { context.address().map(brute_force::peer) } else { None };
        let holder = Holder { client: Some(client.id.clone()), network, ..Holder::of(&context.realm.id, class) };
        self.take(holder, context.now)
    }

    /// Takes one request in the name of a person at a client, whichever addresses send it. Each client has a share of
    /// its own, so that none uses up what the person has at the others.
    ///
    /// # Errors
    /// [`Exceeded`] where there is none left.
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
                    held.due = self.will_tell(holder);
                }
                Ok(())
            }
            Taken::Refused { bucket, wait } => {
                held.bucket = bucket;
                Err(self.refuse(holder, limit, wait))
            }
        }
    }

    /// Counts a refused request.
    fn refuse(&self, holder: Holder, limit: Limit, wait: Span) -> Exceeded {
        let class = holder.class.name();
        self.counts.get_or_create(&labels::Class { class }).inc();
        self.note(holder);
        Exceeded { policy: class, limit, wait }
    }

    /// Puts a holder on the list of the next exchange, if that has room.
    fn will_tell(&self, holder: Holder) -> bool {
        let mut due = lock(&self.due);
        let has_room = due.len() < MOST;
        if has_room {
            due.push(holder);
        }
        has_room
    }

    /// The requests that were granted since the last exchange, where they are worth telling.
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

    /// Charges buckets with what another node has granted.
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

    /// Records of what this node has refused since this was last asked: one for each class, however many there were,
    /// with the last one's client and network.
    ///
    /// # Errors
    /// [`FlowError`] where the system has no random bytes.
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
    /// Counts a granted request; whether the next exchange has to be asked to tell of it.
    fn grant(&mut self, limit: Limit, now: Timestamp) -> bool {
        let since = *self.since.get_or_insert(now);
        if now.since(since) > limit.per {
            // The bucket has forgotten them, and so may others.
            self.unreported = 0;
            self.since = Some(now);
        }
        self.unreported = self.unreported.saturating_add(1);
        !self.due && self.unreported >= worth_telling(limit)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
