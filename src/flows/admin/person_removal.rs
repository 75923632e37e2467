//! Removing a person. Rows of the audit log keep the `sub`, and the address and browser that they were written with.
//! Opaque access tokens are void, and are deleted when they would have expired.

use super::AdminError;
use super::person::{end_everything, find_user};
use super::revoking::{Ended, Revoker};
use crate::flows::Concerning;
use signet_store::StoreError;
use signet_store::account::directory;
use signet_store::events::audit::{self, Event};
use signet_store::node::changes;

/// Removes a person with all their rows. Their tokens are void on every node, and clients are notified of the end of
/// their sessions.
pub async fn remove_user(revoker: &Revoker<'_>, named: &str) -> Result<Ended, AdminError> {
    let user = find_user(revoker.store, revoker.context, named).await?;
    let concerning = Concerning { user: Some(&user), ..Concerning::default() };
    let record = revoker.record(Event::UserRemoved, concerning, "removed")?;
    let horizon = revoker.horizon;
    let written = revoker.store.write_with((revoker.context.clone(), user, record), move |given, tx| {
        Box::pin(async move {
            let (context, user, record) = given;
            let realm = &context.realm.id;
            let ended = end_everything(tx, context, user, "user removed", horizon).await?;
            if !directory::delete(tx, realm, user).await? {
                return Ok::<_, StoreError>(None);
            }
            audit::append(tx, realm, record, context.now).await?;
            changes::publish(tx, realm, changes::Kind::User, user.as_str(), context.now).await?;
            Ok(Some(ended))
        })
    });
    written.await?.ok_or(AdminError::Unknown("user"))
}
