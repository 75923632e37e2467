//! Setting a new password as an administrator, which ends earlier sessions and grants.

use super::AdminError;
use super::people::personal_words;
use super::person::{end_everything, find_user};
use super::revoking::{Ended, Revoker};
use crate::flows::sign_in::soft_lock::{self, Account};
use crate::flows::{Concerning, Context, FlowError};
use crate::passwords::Passwords;
use signet_protocol::account::person;
use signet_protocol::ids::UserId;
use signet_protocol::secret::Password;
use signet_protocol::time::Timestamp;
use signet_store::account::users::User;
use signet_store::account::{directory, users};
use signet_store::defense::login_failures::Subject;
use signet_store::events::audit::{self, Event, Record};
use signet_store::node::changes;
use signet_store::{Store, StoreError, Tx};

/// The dependencies of a password change.
pub struct PasswordSetter<'a> {
    pub passwords: &'a Passwords,
    /// The counters of failed sign-ins, which are reset.
    pub soft_locks: &'a soft_lock::Rules,
    /// The minimum length of a password, in characters.
    pub min_length: usize,
}

/// A validated and hashed password of a person.
pub struct PreparedPassword {
    user: UserId,
    hash: String,
    counters: Vec<Subject>,
}

/// Validates a password against the policy, and hashes it. Hashing is slow, so it is done before the time of the
/// cut-off is determined.
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

/// Sets the password of a person, ends their sessions and grants, forgets known browsers and failed sign-ins, and
/// notifies the person by mail.
pub async fn set_password(revoker: &Revoker<'_>, prepared: PreparedPassword) -> Result<Ended, AdminError> {
    let concerning = Concerning { user: Some(&prepared.user), ..Concerning::default() };
    let record = revoker.record(Event::PasswordSet, concerning, "set")?;
    let context = Context::clone(revoker.context);
    let change = Change { context, prepared, record, horizon: revoker.horizon };
    let written = revoker.store.write_with(change, |change, tx| Box::pin(async move { change.write(tx).await }));
    match written.await {
        Err(StoreError::Conflict) => Err(AdminError::Unknown("user")),
        written => Ok(written?),
    }
}

/// The rows of the change.
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
        // First, to wait for sign-ins that have verified the old password: their sessions are then ended too.
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

/// The end of the account's pause, if sign-ins to it are paused.
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
