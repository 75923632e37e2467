//! Failed sign-ins, counted for all nodes: of the account, of the address and of the realm. Before a password is looked
//! at, a place is taken that counts as a failure; who succeeds gives it back. A browser that has signed the account in
//! before has a counter of its own, so that nobody can lock the owner out.

use std::sync::Arc;

use aws_lc_rs::hmac;
use ipnet::IpNet;

use super::{Context, FlowError, Provider};
use crate::config;
use crate::protocol::address_block::{Block, Reach};
use crate::protocol::brute_force::{self, Attempt, Counter, Free, Kind, Policy};
use crate::protocol::ids::UserId;
use crate::protocol::person;
use crate::protocol::secret::Digest;
use crate::protocol::time::{Span, Timestamp};
use crate::store::address_blocks::{self, Precedence};
use crate::store::login_failures::{self, Subject};
use crate::store::{StoreError, Tx};

/// How long it is remembered at which accounts an address has failed.
const SPRAY_WINDOW: Span = Span::from_hours(1);
/// The subject of the counter that all share.
const EVERYBODY: &str = "everybody";

/// How failed sign-ins are answered, and the key of the digests that they are counted by.
pub struct Rules {
    enabled: bool,
    free: Free,
    spray_accounts: i64,
    block_duration: Span,
    key: hmac::Key,
}

impl Rules {
    /// The rules of the settings.
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

    /// The account by its one name: the user, however they were named, or what was typed where there is none.
    fn account(&self, whom: &Whom<'_>) -> Subject {
        match whom.user {
            Some(user) => self.subject(Kind::Account, "user", user.as_str().as_bytes()),
            None => {
                let key = person::lookup_key(whom.typed).unwrap_or_else(|| whom.typed.trim().to_owned());
                self.subject(Kind::Account, "name", key.as_bytes())
            }
        }
    }
}

/// Who wants to sign in.
pub(super) struct Whom<'a> {
    /// The user, if there is one.
    pub user: Option<&'a UserId>,
    /// What was typed.
    pub typed: &'a str,
    /// The browser, if this user has signed in with it before.
    pub known_device: Option<Digest>,
}

/// Whether a password may be looked at.
pub(super) enum Gate {
    /// It may; the place is to be given back by whoever succeeds.
    Open(Try),
    /// Not before this much time has passed.
    Locked(Span),
}

/// An attempt that counts as a failure until it has succeeded.
#[derive(Clone)]
pub(super) struct Try {
    slots: Vec<Slot>,
    account: Subject,
    network: Option<IpNet>,
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

/// Asks for a place. It is committed before the answer, on all nodes, so that parallel attempts cannot overrun.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub(super) async fn begin(provider: &Provider, context: &Context, whom: &Whom<'_>) -> Result<Gate, FlowError> {
    let (rules, realm, now) = (&provider.soft_locks, context.realm.id.clone(), context.now);
    let stranger = whom.known_device.is_none();
    let blocked = context.address().filter(|_| stranger);
    if let Some(until) = blocked.and_then(|at| provider.view.blocked_until(&realm, at, Reach::SignIn, now)) {
        return Ok(Gate::Locked(until.since(now)));
    }
    let account = rules.account(whom);
    let network = context.address().filter(|_| stranger).map(brute_force::peer);
    if !rules.enabled {
        return Ok(Gate::Open(Try { slots: Vec::new(), account, network: None }));
    }
    let subjects: Vec<Subject> = match (whom.known_device, whom.user) {
        (Some(device), Some(user)) => {
            vec![rules.subject(Kind::Device, user.as_str(), device.as_bytes())]
        }
        _ => {
            let address = network.map(|of| rules.subject(Kind::Address, "address", of.to_string().as_bytes()));
            [Some(account), address].into_iter().flatten().collect()
        }
    };
    let everybody = stranger.then(|| rules.subject(Kind::Realm, EVERYBODY, &[]));
    let of_realm = rules.policy(Kind::Realm);
    let wanted: Arc<[(Subject, Policy)]> = subjects.into_iter().map(|of| (of, rules.policy(of.kind))).collect();
    let taken = provider.store.write(move |tx| {
        let (realm, wanted) = (realm.clone(), wanted.clone());
        Box::pin(async move {
            if let Some(everybody) = everybody {
                let locked = login_failures::locked_until(tx, &realm, everybody).await?;
                let paused = locked.and_then(|until| of_realm.pause_until(until, now));
                paused.map_or(Ok(()), |until| Err(Refusal::Locked(until)))?;
            }
            let mut slots = Vec::new();
            for (subject, policy) in &*wanted {
                let counter = login_failures::hold(tx, &realm, *subject).await?;
                match policy.attempt(counter, now) {
                    Attempt::Locked { until } => return Err(Refusal::Locked(until)),
                    Attempt::Allowed { counter, failures, pause } => {
                        login_failures::set(tx, &realm, *subject, counter).await?;
                        slots.push(Slot { subject: *subject, counter, failures, pause });
                    }
                }
            }
            Ok(slots)
        })
    });
    match taken.await {
        Ok(slots) => Ok(Gate::Open(Try { slots, account, network })),
        Err(Refusal::Locked(until)) => Ok(Gate::Locked(until.since(now))),
        Err(Refusal::Store(error)) => Err(error.into()),
    }
}

/// Gives the place back of an attempt that came to nothing, since its password was never looked at.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub(super) async fn give_back(provider: &Provider, context: &Context, attempt: &Try) -> Result<(), FlowError> {
    let shared = Arc::new((context.realm.id.clone(), with_policies(&provider.soft_locks, attempt)));
    let written = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (realm, slots) = &*shared;
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

/// How an attempt ends, carried out within the transaction that writes down the rest of it. Called first there: the
/// counters are held until the commit.
#[derive(Clone)]
pub(super) struct Ending {
    slots: Vec<(Slot, Policy)>,
    account: Subject,
    network: Option<IpNet>,
    everybody: (Subject, Policy),
    spray_accounts: i64,
    block_duration: Span,
}

/// A network that has just been blocked.
#[derive(Clone, Copy, Debug)]
pub(super) struct NewBlock {
    /// The network.
    pub network: IpNet,
    /// Until when.
    pub until: Timestamp,
}

impl Ending {
    /// Prepares the end of an attempt.
    pub fn of(rules: &Rules, attempt: &Try) -> Self {
        let everybody = rules.subject(Kind::Realm, EVERYBODY, &[]);
        Self {
            slots: with_policies(rules, attempt),
            account: attempt.account,
            network: attempt.network,
            everybody: (everybody, rules.policy(Kind::Realm)),
            spray_accounts: rules.spray_accounts,
            block_duration: rules.block_duration,
        }
    }

    /// The pause that a failure brings upon the account, and whether it is the first.
    pub fn account_pause(&self) -> Option<(Span, bool)> {
        let (slot, policy) = self.slots.first()?;
        (slot.pause > Span::ZERO).then_some((slot.pause, slot.failures == i64::from(policy.free) + 1))
    }

    /// The attempt has succeeded: what the account or the browser has failed is forgotten, the address gets its place
    /// back but keeps its failures, or whoever has an account of their own could clear them.
    pub async fn success(&self, tx: &mut Tx, context: &Context) -> Result<(), StoreError> {
        let realm = &context.realm.id;
        for (slot, policy) in &self.slots {
            match slot.subject.kind {
                Kind::Account | Kind::Device => login_failures::reset(tx, realm, slot.subject).await?,
                Kind::Address | Kind::Realm => {
                    let counter = login_failures::hold(tx, realm, slot.subject).await?;
                    let counter = policy.give_back(counter, slot.counter);
                    login_failures::set(tx, realm, slot.subject, counter).await?;
                }
            }
        }
        if let Some(network) = self.network {
            login_failures::clear_account(tx, realm, &network.to_string(), self.account.digest).await?;
        }
        Ok(())
    }

    /// The attempt has failed. Who has failed at many accounts is blocked from signing in for a while.
    pub async fn failure(&self, tx: &mut Tx, context: &Context) -> Result<Option<NewBlock>, StoreError> {
        let (realm, now) = (&context.realm.id, context.now);
        // Who is known, or not counted at all, has no network here.
        let Some(network) = self.network else { return Ok(None) };
        let (everybody, policy) = self.everybody;
        let counter = login_failures::hold(tx, realm, everybody).await?;
        if let Attempt::Allowed { counter, .. } = policy.attempt(counter, now) {
            login_failures::set(tx, realm, everybody, counter).await?;
        }
        let (name, end) = (network.to_string(), now.plus(SPRAY_WINDOW));
        let accounts = login_failures::note_account(tx, realm, (&name, self.account.digest), end, now).await?;
        if accounts < self.spray_accounts {
            return Ok(None);
        }
        login_failures::clear_network(tx, realm, &name).await?;
        let until = now.plus(self.block_duration);
        let block = Block { realm: realm.clone(), network, reach: Reach::SignIn, expires_at: until };
        let reason = "failed sign-ins to many accounts";
        let blocked = address_blocks::put(tx, &block, reason, Precedence::InForce, now).await?;
        Ok(blocked.then_some(NewBlock { network, until }))
    }
}
