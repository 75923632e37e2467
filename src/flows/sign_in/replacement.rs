//! The replacement of a password at a sign-in: the old one was verified, and the new one is stored in the transaction
//! that begins the session. It ends all other sessions and grants.

use async_trait::async_trait;

use super::factors::{Factor as _, Lapsed, PasswordFactor, Proof};
use crate::flows::session::others::{Others, end_others};
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::ids::{SessionId, UserId};
use signet_protocol::time::Timestamp;
use signet_store::Tx;
use signet_store::account::directory;
use signet_store::account::users::{self, NewPassword, Validity};
use signet_store::events::audit::{self, Event, Outcome, Record};

/// A new password of a person, and the old one that it was chosen for.
pub(crate) struct NewHash {
    pub user: UserId,
    /// The time at which the old password was set.
    pub replaces: Timestamp,
    pub hash: String,
    /// The session in which it is changed.
    pub kept: Option<SessionId>,
}

/// The proof of a person who has verified the old password and chosen a new one.
pub(crate) struct Replacement {
    replaces: Timestamp,
    password: NewPassword,
    kept: Option<SessionId>,
    record: Record,
    /// The time until which revocations are kept.
    horizon: Timestamp,
}

impl Replacement {
    pub(crate) fn new(provider: &Provider, context: &Context, new: NewHash) -> Result<Self, FlowError> {
        let NewHash { user, replaces, hash, kept } = new;
        let concerning = Concerning { actor: "user", user: Some(&user), ..Concerning::default() };
        let record = context.record(Event::PasswordSet, Outcome::Success, concerning, "changed")?;
        let password = NewPassword::own(hash, Validity::Lasting);
        Ok(Self { replaces, password, kept, record, horizon: provider.revocation_horizon(context.now) })
    }
}

#[async_trait]
impl Proof for Replacement {
    fn methods(&self) -> &'static [&'static str] {
        PasswordFactor.methods()
    }

    async fn confirm(&self, context: &Context, user: &UserId, tx: &mut Tx) -> Result<Result<(), Lapsed>, FlowError> {
        let realm = &context.realm.id;
        if !users::lock_password(tx, realm, user, self.replaces).await? {
            return Ok(Err(Lapsed { reason: "password changed meanwhile" }));
        }
        users::set_password(tx, realm, user, &self.password, context.now).await?;
        directory::forget_devices(tx, realm, user).await?;
        end_others(tx, context, Others { user, kept: self.kept.as_ref() }, self.horizon).await?;
        audit::append(tx, realm, &self.record, context.now).await?;
        Ok(Ok(()))
    }
}
