//! A person as administration finds them, and the end of everything that speaks for them.

use serde::Serialize;

use super::AdminError;
use crate::flows::Context;
use crate::flows::client::cut_off::cut_off;
use signet_protocol::account::person;
use signet_protocol::ids::UserId;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Target;
use signet_store::account::users;
use signet_store::events::outbox;
use signet_store::session::sessions;
use signet_store::token::token_families;
use signet_store::{Store, StoreError, Tx};

/// The result of a revocation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ended {
    /// True if anything was still valid.
    pub revoked: bool,
    /// The number of live sessions that were ended.
    pub sessions: u64,
    /// The number of live grants that were ended.
    pub grants: u64,
}

/// Finds a person by name, address or `sub`. This is the only lookup of administration. Names and addresses are
/// normalized as at a sign-in.
///
/// # Errors
/// [`AdminError::Unknown`], or [`AdminError::Ambiguous`] if the text is the name of one user and the `sub` of another.
pub async fn find_user(store: &Store, context: &Context, named: &str) -> Result<UserId, AdminError> {
    let realm = &context.realm.id;
    let mut tx = store.read().await?;
    let by_name = match person::lookup_key(named) {
        Some(key) => users::find_for_login(&mut tx, realm, &key).await?.map(|found| found.id),
        None => None,
    };
    let by_sub = match UserId::parse(named) {
        Some(id) => users::find(&mut tx, realm, &id).await?.map(|found| found.id),
        None => None,
    };
    match (by_name, by_sub) {
        (Some(one), Some(other)) if one != other => Err(AdminError::Ambiguous),
        (Some(id), _) | (None, Some(id)) => Ok(id),
        (None, None) => Err(AdminError::Unknown("user")),
    }
}

/// Ends all sessions and grants of a person, queues their clients' notifications, and voids the access tokens.
pub(crate) async fn end_everything(
    tx: &mut Tx,
    context: &Context,
    user: &UserId,
    because: &str,
    horizon: Timestamp,
) -> Result<Ended, StoreError> {
    let realm = &context.realm.id;
    let now = context.now;
    outbox::queue_logouts_of_user(tx, realm, user, now).await?;
    let sessions = sessions::end_all(tx, realm, user, now).await?;
    let grants = token_families::revoke_user(tx, realm, user, because, now).await?;
    cut_off(tx, context, Target::User, user.as_str(), horizon).await?;
    Ok(Ended { revoked: true, sessions, grants })
}
