//! The failure counters of one account, for administrators: the end of its pause, and lifting the pause.

use super::Rules;
use signet_protocol::account::person::lookup_key;
use signet_protocol::defense::brute_force::Kind;
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::time::Timestamp;
use signet_store::account::users::User;
use signet_store::defense::login_failures::{self, Subject};
use signet_store::{StoreError, Tx};

/// The counters of an account: the keys of all names that lead to it.
#[derive(Clone)]
pub(crate) struct Account {
    user: UserId,
    names: Vec<String>,
}

impl Account {
    pub fn of(user: &User) -> Self {
        let address = user.email.as_ref().map(|(address, _)| address.as_str());
        let names = [Some(user.username.as_str()), address].into_iter().flatten().filter_map(lookup_key);
        Self { user: user.id.clone(), names: names.collect() }
    }

    /// The counters, in locking order.
    pub fn counters(&self, rules: &Rules) -> Vec<Subject> {
        let names = self.names.iter().map(|name| rules.subject(Kind::Name, "name", name.as_bytes()));
        names.chain([rules.subject(Kind::Account, "user", self.user.as_str().as_bytes())]).collect()
    }
}

pub(crate) async fn paused_until(
    tx: &mut Tx,
    realm: &RealmId,
    rules: &Rules,
    account: &Account,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let mut latest = None;
    for subject in account.counters(rules) {
        let counter = login_failures::find(tx, realm, subject).await?;
        latest = latest.max(counter.and_then(|counter| rules.policy(subject.kind).paused_until(counter, now)));
    }
    Ok(latest)
}

pub(crate) async fn unlock(tx: &mut Tx, realm: &RealmId, counters: &[Subject]) -> Result<(), StoreError> {
    for subject in counters {
        login_failures::reset(tx, realm, *subject).await?;
    }
    Ok(())
}
