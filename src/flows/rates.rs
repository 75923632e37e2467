//! How often somebody may ask, in memory of this node. The number of buckets is bounded: the ones that were not used
//! for longest are forgotten first.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::{Concerning, Context, FlowError};
use crate::metrics::{Counts, labels};
use crate::protocol::brute_force;
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::rate_limit::{Bucket, Exceeded, Limit, Taken};
use crate::protocol::time::Timestamp;
use crate::store::audit::{Event, Outcome, Record};

/// How many addresses a network counts for.
const REGION: u32 = 4;
/// How many buckets are kept.
const CAPACITY: u64 = 200_000;

/// What is limited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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
    /// Authorization requests that are kept waiting.
    Waiting,
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
            Self::Waiting => "waiting",
        }
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
    /// Of [`Class::Waiting`].
    pub waiting: Limit,
}

impl Limits {
    const fn of(&self, class: Class) -> Limit {
        match class {
            Class::Login => self.login,
            Class::Authorize => self.authorize,
            Class::Pages => self.pages,
            Class::Api => self.api,
            Class::Token => self.token,
            Class::Introspect => self.introspect,
            Class::Registration => self.registration,
            Class::Waiting => self.waiting,
        }
    }
}

/// Whose bucket it is.
type Holder = (RealmId, Class, Option<ClientId>, Option<IpNet>);

/// The buckets of this node.
pub struct Rates {
    limits: Option<Limits>,
    buckets: Cache<Holder, Arc<Mutex<Bucket>>>,
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
        Self { limits, buckets, counts, refused: Mutex::default() }
    }

    /// Takes one request of an address.
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
        self.take((realm.clone(), class, None, address.map(brute_force::peer)), now)
    }

    /// Takes one request of the network that an address belongs to, which has the limit of a few addresses: whoever
    /// has many addresses has few networks.
    ///
    /// # Errors
    /// [`Exceeded`] where there is none left.
    pub fn take_of_region(
        &self,
        realm: &RealmId,
        class: Class,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), Exceeded> {
        self.take_share((realm.clone(), class, None, address.map(brute_force::region)), REGION, now)
    }

    /// Takes one request of a client that has authenticated. A public client cannot: anybody may use its id, so that
    /// each address has a share of its own, and nobody uses up that of others.
    ///
    /// # Errors
    /// [`Exceeded`] where there is none left.
    pub fn take_of_client(&self, context: &Context, class: Class, client: &Client) -> Result<(), Exceeded> {
        let address = if client.is_public() { context.address().map(brute_force::peer) } else { None };
        self.take((context.realm.id.clone(), class, Some(client.id.clone()), address), context.now)
    }

    fn take(&self, holder: Holder, now: Timestamp) -> Result<(), Exceeded> {
        self.take_share(holder, 1, now)
    }

    fn take_share(&self, holder: Holder, shares: u32, now: Timestamp) -> Result<(), Exceeded> {
        let Some(limits) = &self.limits else { return Ok(()) };
        let class = holder.1;
        let limit = limits.of(class).times(shares);
        let held = self.buckets.get_with_by_ref(&holder, Arc::default);
        let mut bucket = held.lock().unwrap_or_else(PoisonError::into_inner);
        match limit.take(*bucket, now) {
            Taken::Granted { bucket: next } => {
                *bucket = next;
                Ok(())
            }
            Taken::Refused { bucket: by_this_clock, wait } => {
                *bucket = by_this_clock;
                self.counts.get_or_create(&labels::Class { class: class.name() }).inc();
                self.note(holder);
                Err(Exceeded { policy: class.name(), limit, wait })
            }
        }
    }

    fn note(&self, (realm, class, client, network): Holder) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let refused = refused.entry((realm, class)).or_default();
        *refused = Refused { count: refused.count.saturating_add(1), client, network };
    }

    /// Records of what this node has refused since this was last asked: one for each class, however many there were,
    /// with whoever came last.
    ///
    /// # Errors
    /// [`FlowError`] where the system has no random bytes.
    pub fn records(&self, context: &Context) -> Result<Vec<Record>, FlowError> {
        let refused = std::mem::take(&mut *self.refused.lock().unwrap_or_else(PoisonError::into_inner));
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
