//! Setting a new password as an operator, which ends earlier sessions and grants.

use super::people::{People, PeopleError};
use super::person::{Ended, NO_USER};
use crate::flows::account::passwords::personal_words;
use crate::flows::sign_in::soft_lock::{self, Account};
use crate::flows::{Concerning, FlowError};
use crate::passwords::Passwords;
use signet_protocol::ids::UserId;
use signet_protocol::secret::Password;
use signet_protocol::time::Timestamp;
use signet_store::StoreError;
use signet_store::account::users::{NewPassword, User, Validity};
use signet_store::account::{directory, users};
use signet_store::defense::login_failures::Subject;
use signet_store::events::audit::Event;
use signet_store::node::changes;

/// The dependencies of a password change.
pub struct PasswordSetter<'a> {
    pub passwords: &'a Passwords,
    /// The counters of failed sign-ins, which are reset.
    pub soft_locks: &'a soft_lock::Rules,
    /// The time for which the person may sign in with it.
    pub validity: Validity,
}

/// A validated and hashed password of a person.
pub struct PreparedPassword {
    user: UserId,
    password: NewPassword,
    counters: Vec<Subject>,
}

impl People<'_> {
    /// Validates a password against the policy, and hashes it. Hashing is slow, so it is done before the time of the
    /// cut-off is determined.
    pub async fn prepare_password(
        &self,
        setter: &PasswordSetter<'_>,
        named: &str,
        password: Password,
    ) -> Result<PreparedPassword, PeopleError> {
        let id = self.find(named).await?;
        let mut tx = self.operator.store.read().await?;
        let user = users::find(&mut tx, self.operator.realm(), &id).await?.ok_or(NO_USER)?;
        drop(tx);
        let address = user.email.as_ref().map(|(address, _)| address.as_str());
        let personal = personal_words(&self.operator.context.realm, &user.username, address, &user.claims);
        let accepted = setter.passwords.accept(password, &personal, None).await?;
        let salt = self.operator.context.entropy.bytes().map_err(FlowError::from)?;
        let hash = setter.passwords.hash(accepted, salt).await.map_err(FlowError::from)?;
        let password = NewPassword::own(hash, setter.validity);
        Ok(PreparedPassword { counters: Account::of(&user).counters(setter.soft_locks), user: id, password })
    }

    /// Sets the password of a person, ends their sessions and grants, forgets known browsers and failed sign-ins, and
    /// notifies the person by mail.
    pub async fn set_password(&self, prepared: PreparedPassword) -> Result<Ended, PeopleError> {
        let change = self.operator.change(Event::PasswordSet, Concerning::user(&prepared.user), "set")?;
        let change = change.publishing(changes::Kind::User, prepared.user.as_str());
        let written = self.operator.write(change, prepared, |given, tx| {
            Box::pin(async move {
                let PreparedPassword { user, password, counters } = &given.data;
                let realm = given.realm();
                // First, to wait for sign-ins that have verified the old password: their sessions are then ended too.
                users::set_password(tx, realm, user, password, given.now()).await?;
                users::cut_off(tx, realm, user, given.now()).await?;
                let ended = given.end_everything(tx, user, "password set").await?;
                directory::forget_devices(tx, realm, user).await?;
                soft_lock::unlock(tx, realm, counters).await?;
                Ok(ended)
            })
        });
        match written.await {
            Err(StoreError::Conflict) => Err(NO_USER.into()),
            written => Ok(written?),
        }
    }

    /// The end of the account's pause, if sign-ins to it are paused.
    pub async fn paused_until(
        &self,
        soft_locks: &soft_lock::Rules,
        user: &User,
    ) -> Result<Option<Timestamp>, PeopleError> {
        let mut tx = self.operator.store.read().await?;
        let account = Account::of(user);
        let paused = soft_lock::paused_until(&mut tx, self.operator.realm(), soft_locks, &account, self.operator.now());
        Ok(paused.await?)
    }
}
