//! A failed sign-in: its audit events, the counters, and the blocks that follow.

use super::{Attempt, Failed};
use crate::flows::meters::log_user;
use crate::flows::sign_in::soft_lock::{AccountPause, NewBlock, Reservation};
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::ids::UserId;
use signet_store::Tx;
use signet_store::events::audit::{self, Event, Outcome, Record};

impl Attempt<Failed> {
    /// Counts the failure and writes its audit events. Returns the reason, for operators only.
    pub async fn record(self, provider: &Provider, context: &Context) -> Result<&'static str, FlowError> {
        let Self { reservation, state: Failed { user, reason } } = self;
        user.iter().for_each(log_user);
        let pause = reservation.account_pause();
        let failure = Failure::new(context, reservation, user.as_ref(), reason)?;
        tracing::info!(target: "security", event = "login_attempt", success = false, reason, "refused a sign-in");
        let is_locked = failure.account_locked.is_some();
        let written = provider.store.write_with(failure, |failure, tx| Box::pin(failure.write(tx)));
        let blocked = written.await?;
        provider.count_sign_in("failure", reason);
        provider.metrics.access.soft_locks.inc_by(u64::from(is_locked));
        provider.metrics.access.addresses_blocked.inc_by(u64::from(blocked.is_some()));
        announce(user.as_ref(), pause, blocked);
        if blocked.is_some() {
            provider.catch_up().await?;
        }
        Ok(reason)
    }
}

/// The rows of a failure.
struct Failure {
    context: Context,
    reservation: Reservation,
    login: Record,
    /// Present if the account's first pause begins.
    account_locked: Option<Record>,
    /// Written if a network is blocked.
    address_blocked: Record,
}

impl Failure {
    fn new(
        context: &Context,
        reservation: Reservation,
        user: Option<&UserId>,
        reason: &'static str,
    ) -> Result<Self, FlowError> {
        let concerning = Concerning { actor: "user", user, ..Concerning::default() };
        let record = |event, reason| context.record(event, Outcome::Failure, concerning, reason);
        let login = record(Event::Login, reason)?;
        let first = reservation.account_pause().filter(|pause| pause.is_first);
        let account_locked = first.map(|_| record(Event::AccountSoftLocked, "too many failed sign-ins")).transpose()?;
        let system = Concerning { actor: "system", ..Concerning::default() };
        let because = "failed sign-ins to many accounts";
        let address_blocked = context.record(Event::AddressBlocked, Outcome::Success, system, because)?;
        Ok(Self { context: context.clone(), reservation, login, account_locked, address_blocked })
    }

    async fn write(&self, tx: &mut Tx) -> Result<Option<NewBlock>, FlowError> {
        let realm = &self.context.realm.id;
        let now = self.context.now;
        audit::append(tx, realm, &self.login, now).await?;
        if let Some(locked) = &self.account_locked {
            audit::append(tx, realm, locked, now).await?;
        }
        let blocked = self.reservation.failure(tx, now).await?;
        if blocked.is_some() {
            audit::append(tx, realm, &self.address_blocked, now).await?;
        }
        Ok(blocked)
    }
}

/// Logs a pause or a block. An unknown name is not logged: people type passwords into that field.
fn announce(user: Option<&UserId>, pause: Option<AccountPause>, blocked: Option<NewBlock>) {
    if let Some(AccountPause { length, .. }) = pause {
        let user = user.map_or("unknown", UserId::as_str);
        let millis = length.as_millis();
        tracing::warn!(target: "security", event = "account_soft_locked", user, millis, "paused an account");
    }
    if let Some(NewBlock { network, until }) = blocked {
        let until = until.as_secs();
        tracing::warn!(target: "security", event = "address_blocked", %network, until, "blocked an address");
    }
}
