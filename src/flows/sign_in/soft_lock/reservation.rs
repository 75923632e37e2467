//! The slots of an attempt, and its outcome: a success clears counters, a failure counts and may block a network.

use ipnet::IpNet;

use super::{Counted, Origin, Rules, SPRAY_WINDOW};
use crate::flows::{FlowError, Provider};
use signet_protocol::defense::address_block::{Block, Reach};
use signet_protocol::defense::brute_force::{Attempt, Counter, Kind, REGION_SHARE};
use signet_protocol::ids::RealmId;
use signet_protocol::time::{Span, Timestamp};
use signet_store::defense::address_blocks::{self, Precedence};
use signet_store::defense::login_failures::{self, Subject};
use signet_store::{StoreError, Tx};

/// An attempt's place in a counter, where it counts as a failure until it succeeds.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    pub counted: Counted,
    /// The counter with this attempt.
    pub counter: Counter,
    /// The failures, this attempt included.
    pub failures: i64,
    /// The pause that a failure causes.
    pub pause: Span,
}

/// The slots of an attempt, and the counters that its failure would change. The outcome is written within the
/// transaction that writes the rest of the sign-in, and first: the counters are locked until the commit.
#[derive(Clone)]
pub(crate) struct Reservation {
    realm: RealmId,
    slots: Vec<Slot>,
    name: Subject,
    origin: Option<Origin>,
    /// The counters of the networks, if known, which count only failures.
    networks: Vec<Counted>,
    /// The realm's counter, which serializes all failures.
    everybody: Counted,
    spray_accounts: i64,
    block_duration: Span,
}

/// The pause of an account or of a known browser.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AccountPause {
    pub length: Span,
    /// True for the pause that follows the last free failure.
    pub is_first: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NewBlock {
    pub network: IpNet,
    pub until: Timestamp,
}

impl Reservation {
    /// The reservation of an attempt at the account with this name. Without limits it has no slots, and no origin.
    pub(super) fn new(rules: &Rules, realm: RealmId, name: Subject, origin: Option<Origin>) -> Self {
        let networks = origin.map(|origin| rules.networks(origin));
        Self {
            realm,
            slots: Vec::new(),
            name,
            origin,
            networks: networks.into_iter().flatten().map(|subject| rules.counted(subject)).collect(),
            everybody: rules.counted(rules.everybody()),
            spray_accounts: rules.spray_accounts,
            block_duration: rules.block_duration,
        }
    }

    /// The reservation of an attempt that continues an earlier one, whose slots have been cleared.
    pub fn without_slots(rules: &Rules, realm: &RealmId) -> Self {
        Self::new(rules, realm.clone(), rules.everybody(), None)
    }

    pub(super) fn with_slots(self, slots: Vec<Slot>) -> Self {
        Self { slots, ..self }
    }

    /// The pause that a failure causes for the account or a known browser.
    pub fn account_pause(&self) -> Option<AccountPause> {
        let concerned = |kind| matches!(kind, Kind::Account | Kind::Device);
        let slot = self.slots.iter().find(|slot| concerned(slot.counted.subject.kind))?;
        let is_first = slot.failures == i64::from(slot.counted.policy.free) + 1;
        (slot.pause > Span::ZERO).then_some(AccountPause { length: slot.pause, is_first })
    }

    /// Releases the slots of an attempt that was never verified.
    pub async fn release(self, provider: &Provider) -> Result<(), FlowError> {
        let written = provider.store.write_with(self, |reservation, tx| Box::pin(reservation.take_back(tx)));
        Ok(written.await?)
    }

    async fn take_back(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for Slot { counted: Counted { subject, policy }, counter, .. } in &self.slots {
            let held = login_failures::hold(tx, &self.realm, *subject).await?;
            login_failures::set(tx, &self.realm, *subject, policy.give_back(held, *counter)).await?;
        }
        Ok(())
    }

    /// Clears the failures of the name, the account or the browser. Its networks keep their failures, or a guesser
    /// could clear them with an account of their own.
    pub async fn success(&self, tx: &mut Tx) -> Result<(), StoreError> {
        for slot in &self.slots {
            login_failures::reset(tx, &self.realm, slot.counted.subject).await?;
        }
        if let Some(Origin { peer, region }) = self.origin {
            for network in [peer, region] {
                login_failures::clear_account(tx, &self.realm, &network.to_string(), self.name.digest).await?;
            }
        }
        Ok(())
    }

    /// Counts the failure. An address or a region that has failed at many accounts is blocked from signing in. The
    /// realm's counter comes last, because every failure needs it and it is locked until the commit.
    pub async fn failure(&self, tx: &mut Tx, now: Timestamp) -> Result<Option<NewBlock>, StoreError> {
        // There is no origin for a known browser, or if limits are off.
        let Some(Origin { peer, region }) = self.origin else { return Ok(None) };
        for network in &self.networks {
            self.count(tx, *network, now).await?;
        }
        let of_region = self.spray_accounts.saturating_mul(i64::from(REGION_SHARE));
        let of_peer = self.block_after(tx, peer, self.spray_accounts, now).await?;
        let blocked = self.block_after(tx, region, of_region, now).await?.or(of_peer);
        self.count(tx, self.everybody, now).await?;
        Ok(blocked)
    }

    /// Counts a failure of a network, and blocks the network if it has failed at too many accounts. These are counted
    /// by typed name; otherwise the count would reveal which names belong to one account.
    async fn block_after(
        &self,
        tx: &mut Tx,
        network: IpNet,
        most: i64,
        now: Timestamp,
    ) -> Result<Option<NewBlock>, StoreError> {
        let realm = &self.realm;
        let name = network.to_string();
        let end = now.plus(SPRAY_WINDOW);
        let failed = login_failures::FailedAccount { network: &name, account: self.name.digest };
        let accounts = login_failures::note_account(tx, realm, failed, end, now).await?;
        if accounts < most {
            return Ok(None);
        }
        login_failures::clear_network(tx, realm, &name).await?;
        let until = now.plus(self.block_duration);
        let block = Block { realm: realm.clone(), network, reach: Reach::SignIn, expires_at: until };
        let reason = "failed sign-ins to many accounts";
        let blocked = address_blocks::put(tx, &block, reason, Precedence::InForce, now).await?;
        Ok(blocked.then_some(NewBlock { network, until }))
    }

    async fn count(&self, tx: &mut Tx, counted: Counted, now: Timestamp) -> Result<(), StoreError> {
        let Counted { subject, policy } = counted;
        let counter = login_failures::hold(tx, &self.realm, subject).await?;
        if let Attempt::Allowed { counter, .. } = policy.attempt(counter, now) {
            login_failures::set(tx, &self.realm, subject, counter).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
impl Reservation {
    /// A reservation without limits, for tests.
    pub(crate) fn unlimited(realm: &RealmId) -> Self {
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[1; 32]);
        let rules = Rules::new(&crate::config::Limits::default(), key);
        let name = rules.everybody();
        Self::new(&rules, realm.clone(), name, None)
    }
}
