//! Removing a person. Rows of the audit log keep the `sub`, and the address and browser that they were written with.
//! Opaque access tokens are void, and are deleted when they would have expired.

use super::people::{People, PeopleError};
use super::person::{Ended, NO_USER};
use crate::flows::Concerning;
use signet_protocol::ids::UserId;
use signet_store::StoreError;
use signet_store::account::directory;
use signet_store::events::audit::Event;
use signet_store::node::changes;

impl People<'_> {
    /// Removes a person with all their rows. Their tokens are void on every node, and clients are notified of the end
    /// of their sessions.
    pub async fn remove(&self, named: &str) -> Result<Ended, PeopleError> {
        let user = self.find(named).await?;
        self.remove_user(user).await
    }

    /// Removes this person, as [`People::remove`] does.
    pub(in crate::flows) async fn remove_user(&self, user: UserId) -> Result<Ended, PeopleError> {
        let change = self.operator.change(Event::UserRemoved, Concerning::user(&user), "removed")?;
        let change = change.publishing(changes::Kind::User, user.as_str());
        let written = self.operator.write(change, user, |given, tx| {
            Box::pin(async move {
                let ended = given.end_everything(tx, &given.data, "user removed").await?;
                let is_deleted = directory::delete(tx, given.realm(), &given.data).await?;
                Ok::<_, StoreError>(is_deleted.then_some(ended))
            })
        });
        Ok(written.await?.ok_or(NO_USER)?)
    }
}
