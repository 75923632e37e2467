//! The end of an attempt: what a success clears, what a failure counts, and the blocks that follow from a failure.

use ipnet::IpNet;

use super::{Origin, Rules, SPRAY_WINDOW, Slot, Try, with_policies};
use crate::flows::Context;
use signet_protocol::defense::address_block::{Block, Reach};
use signet_protocol::defense::brute_force::{Attempt, Kind, Policy, REGION_SHARE};
use signet_protocol::time::{Span, Timestamp};
use signet_store::defense::address_blocks::{self, Precedence};
use signet_store::defense::login_failures::{self, Subject};
use signet_store::{StoreError, Tx};

/// The outcome of an attempt, written within the transaction that writes the rest of the sign-in. It must be written
/// first: the counters are locked until the commit.
#[derive(Clone)]
pub(crate) struct Ending {
    slots: Vec<(Slot, Policy)>,
    name: Subject,
    origin: Option<Origin>,
    /// The counters of the networks, if known, which count only failures.
    networks: Vec<(Subject, Policy)>,
    /// The realm's counter, which serializes all failures.
    everybody: (Subject, Policy),
    spray_accounts: i64,
    block_duration: Span,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct NewBlock {
    pub network: IpNet,
    pub until: Timestamp,
}

impl Ending {
    pub fn of(rules: &Rules, attempt: &Try) -> Self {
        let networks = attempt.origin.map(|origin| rules.networks(origin));
        Self {
            slots: with_policies(rules, attempt),
            name: attempt.name,
            origin: attempt.origin,
            networks: networks.into_iter().flatten().map(|subject| rules.with_policy(subject)).collect(),
            everybody: rules.with_policy(rules.everybody()),
            spray_accounts: rules.spray_accounts,
            block_duration: rules.block_duration,
        }
    }

    /// The pause that a failure causes for the account or a known browser, and whether it is the first one.
    pub fn account_pause(&self) -> Option<(Span, bool)> {
        let concerned = |kind| matches!(kind, Kind::Account | Kind::Device);
        let (slot, policy) = self.slots.iter().find(|(slot, _)| concerned(slot.subject.kind))?;
        (slot.pause > Span::ZERO).then_some((slot.pause, slot.failures == i64::from(policy.free) + 1))
    }

    /// Clears the failures of the name, the account or the browser. Its networks keep their failures, or a guesser
    /// could clear them with an account of their own.
    pub async fn success(&self, tx: &mut Tx, context: &Context) -> Result<(), StoreError> {
        let realm = &context.realm.id;
        for (slot, _) in &self.slots {
            login_failures::reset(tx, realm, slot.subject).await?;
        }
        if let Some(Origin { peer, region }) = self.origin {
            for network in [peer, region] {
                login_failures::clear_account(tx, realm, &network.to_string(), self.name.digest).await?;
            }
        }
        Ok(())
    }

    /// Counts the failure. An address or a region that has failed at many accounts is blocked from signing in. The
    /// realm's counter comes last, because every failure needs it and it is locked until the commit.
    pub async fn failure(&self, tx: &mut Tx, context: &Context) -> Result<Option<NewBlock>, StoreError> {
        // There is no origin for a known browser, or if limits are off.
        let Some(Origin { peer, region }) = self.origin else { return Ok(None) };
        for network in &self.networks {
            count(tx, context, *network).await?;
        }
        let of_region = self.spray_accounts.saturating_mul(i64::from(REGION_SHARE));
        let mut blocked = None;
        for (network, accounts) in [(peer, self.spray_accounts), (region, of_region)] {
            blocked = self.block_after(tx, context, network, accounts).await?.or(blocked);
        }
        count(tx, context, self.everybody).await?;
        Ok(blocked)
    }

    /// Counts a failure of a network, and blocks the network if it has failed at too many accounts. These are counted
    /// by typed name; otherwise the count would reveal which names belong to one account.
    async fn block_after(
        &self,
        tx: &mut Tx,
        context: &Context,
        network: IpNet,
        most: i64,
    ) -> Result<Option<NewBlock>, StoreError> {
        let realm = &context.realm.id;
        let now = context.now;
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
}

async fn count(tx: &mut Tx, context: &Context, counted: (Subject, Policy)) -> Result<(), StoreError> {
    let (subject, policy) = counted;
    let realm = &context.realm.id;
    let counter = login_failures::hold(tx, realm, subject).await?;
    if let Attempt::Allowed { counter, .. } = policy.attempt(counter, context.now) {
        login_failures::set(tx, realm, subject, counter).await?;
    }
    Ok(())
}
