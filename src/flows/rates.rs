//! How often somebody may ask, in memory of this node. The number of buckets is bounded: the ones that were not used
//! for longest are forgotten first.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use ipnet::IpNet;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::Context;
use crate::protocol::brute_force;
use crate::protocol::client::Client;
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::rate_limit::{Bucket, Exceeded, Limit, Taken};
use crate::protocol::time::Timestamp;

/// How many buckets are kept.
const CAPACITY: u64 = 200_000;

/// What is limited together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Sign-in forms.
    Login,
    /// Authorization requests.
    Authorize,
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
}

impl Rates {
    /// Full buckets; none at all where limits are switched off.
    pub fn new(limits: Option<Limits>) -> Self {
        let buckets = Cache::builder().max_capacity(CAPACITY).eviction_policy(EvictionPolicy::lru()).build();
        Self { limits, buckets }
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
        let Some(limits) = &self.limits else { return Ok(()) };
        let class = holder.1;
        let limit = limits.of(class);
        let held = self.buckets.get_with(holder, Arc::default);
        let mut bucket = held.lock().unwrap_or_else(PoisonError::into_inner);
        match limit.take(*bucket, now) {
            Taken::Granted { bucket: next } => {
                *bucket = next;
                Ok(())
            }
            Taken::Refused { wait } => Err(Exceeded { policy: class.name(), limit, wait }),
        }
    }
}
