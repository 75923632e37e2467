//! Sets a new password for an administrator; sessions and grants from before end.

use std::sync::Arc;

use super::AdminError;
use super::people::{end_everything, find_user, personal_words};
use super::revoking::{Ended, Revoker};
use crate::flows::soft_lock::{self, Account};
use crate::flows::{Concerning, Context, FlowError};
use crate::passwords::Passwords;
use crate::protocol::ids::UserId;
use crate::protocol::person;
use crate::protocol::secret::Password;
use crate::protocol::time::Timestamp;
use crate::store::audit::{self, Event, Record};
use crate::store::login_failures::Subject;
use crate::store::users::User;
use crate::store::{Store, StoreError, Tx, changes, directory, users};

/// The means to set a password.
pub struct PasswordSetter<'a> {
    /// The pool that hashes.
    pub passwords: &'a Passwords,
    /// The counters of failed sign-ins, which begin again.
    pub soft_locks: &'a soft_lock::Rules,
    /// The least length of a password, in characters.
    pub min_length: usize,
}

/// A password that has been checked and hashed for a person.
pub struct PreparedPassword {
    user: UserId,
    hash: String,
    counters: Vec<Subject>,
}

/// Checks a password against the policy, and hashes it. Hashing is slow, so it runs before the clock is read for the
/// cut-off.
///
/// # Errors
/// [`AdminError::Unknown`] where there is no such person, [`AdminError::Person`] where the policy refuses the password.
pub async fn prepare_password(
    store: &Store,
    context: &Context,
    setter: &PasswordSetter<'_>,
    named: &str,
    password: Password,
) -> Result<PreparedPassword, AdminError> {
    let id = find_user(store, context, named).await?;
    let mut tx = store.read().await?;
    let user = users::find(&mut tx, &context.realm.id, &id).await?.ok_or(AdminError::Unknown("user"))?;
    drop(tx);
    let address = user.email.as_ref().map(|(address, _)| address.as_str());
    person::check_password(&password, setter.min_length, &personal_words(&user.username, address, &user.claims))?;
    let salt = context.entropy.bytes().map_err(FlowError::from)?;
    let hash = setter.passwords.hash(password, salt).await?;
    Ok(PreparedPassword { counters: Account::of(&user).counters(setter.soft_locks), user: id, hash })
}

/// Sets the password of a person. Their sessions and grants end, known browsers and failed sign-ins are forgotten, and
/// they are notified by mail.
///
/// # Errors
/// [`AdminError::Unknown`] where the person was removed meanwhile.
pub async fn set_password(revoker: &Revoker<'_>, prepared: PreparedPassword) -> Result<Ended, AdminError> {
    let concerning = Concerning { user: Some(&prepared.user), ..Concerning::default() };
    let record = revoker.record(Event::PasswordSet, concerning, "set")?;
    let context = Context::clone(revoker.context);
    let change = Arc::new(Change { context, prepared, record, horizon: revoker.horizon });
    let written = revoker.store.write(move |tx| {
        let change = change.clone();
        Box::pin(async move { change.write(tx).await })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(AdminError::Unknown("user")),
        written => Ok(written?),
    }
}

/// A new password as it is written.
struct Change {
    context: Context,
    prepared: PreparedPassword,
    record: Record,
    horizon: Timestamp,
}

impl Change {
    async fn write(&self, tx: &mut Tx) -> Result<Ended, StoreError> {
        let PreparedPassword { user, hash, counters } = &self.prepared;
        let realm = &self.context.realm.id;
        let now = self.context.now;
        // First, to wait for sign-ins that have checked the old password: their sessions are then ended too.
        users::set_password(tx, realm, user, hash, now).await?;
        users::cut_off(tx, realm, user, now).await?;
        let ended = end_everything(tx, &self.context, user, "password set", self.horizon).await?;
        directory::forget_devices(tx, realm, user).await?;
        soft_lock::unlock(tx, realm, counters).await?;
        audit::append(tx, realm, &self.record, now).await?;
        changes::publish(tx, realm, changes::Kind::User, user.as_str(), now).await?;
        Ok(ended)
    }
}

/// The time until which sign-ins to a person's account are paused, if they are.
///
/// # Errors
/// [`AdminError`] where the database fails.
pub async fn paused_until(
    store: &Store,
    context: &Context,
    soft_locks: &soft_lock::Rules,
    user: &User,
) -> Result<Option<Timestamp>, AdminError> {
    let mut tx = store.read().await?;
    let account = Account::of(user);
    Ok(soft_lock::paused_until(&mut tx, &context.realm.id, soft_locks, &account, context.now).await?)
}
