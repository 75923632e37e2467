//! The end of an attempt: what a success clears, what a failure counts, and the blocks that follow from it.

use ipnet::IpNet;

use super::{Origin, Rules, SPRAY_WINDOW, Slot, Try, with_policies};
use crate::flows::Context;
use crate::protocol::address_block::{Block, Reach};
use crate::protocol::brute_force::{Attempt, Kind, Policy, REGION_SHARE};
use crate::protocol::time::{Span, Timestamp};
use crate::store::address_blocks::{self, Precedence};
use crate::store::login_failures::{self, Subject};
use crate::store::{StoreError, Tx};

/// How an attempt ends, carried out within the transaction that writes down the rest of it. Called first there: the
/// counters are held until the commit.
#[derive(Clone)]
pub(in crate::flows) struct Ending {
    slots: Vec<(Slot, Policy)>,
    name: Subject,
    origin: Option<Origin>,
    /// The counters of failures alone: of the networks, if they are known.
    networks: Vec<(Subject, Policy)>,
    /// The realm's, for which all failures wait.
    everybody: (Subject, Policy),
    spray_accounts: i64,
    block_duration: Span,
}

/// A network that has just been blocked.
#[derive(Clone, Copy, Debug)]
pub(in crate::flows) struct NewBlock {
    /// The network.
    pub network: IpNet,
    /// Until when.
    pub until: Timestamp,
}

impl Ending {
    /// Prepares the end of an attempt.
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

    /// The pause that a failure brings upon the account or a known browser, and whether it is the first.
    pub fn account_pause(&self) -> Option<(Span, bool)> {
        let concerned = |kind| matches!(kind, Kind::Account | Kind::Device);
        let (slot, policy) = self.slots.iter().find(|(slot, _)| concerned(slot.subject.kind))?;
        (slot.pause > Span::ZERO).then_some((slot.pause, slot.failures == i64::from(policy.free) + 1))
    }

    /// The attempt has succeeded: what the name, the account or the browser has failed is forgotten. Its networks keep
    /// their failures, or a guesser with an account of their own could clear them.
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

    /// The attempt has failed. An address or a region that has failed at many accounts is blocked from signing in. The
    /// realm's counter comes last: it is held from there to the commit, and every failure needs it.
    pub async fn failure(&self, tx: &mut Tx, context: &Context) -> Result<Option<NewBlock>, StoreError> {
        // A known browser, or limits that are switched off, leave no origin.
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

    /// Notes a failure of a network, and blocks the network where it has failed at so many accounts. These are counted by
    /// the names that were typed, or the number would tell which names belong to one account.
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
