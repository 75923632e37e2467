//! A person as administration finds them, and the end of everything that speaks for them.

use serde::Serialize;

use super::error::{Kind, NotFound, RoomError, from_store};
use super::operator::{Effect, Given, Operator};
use crate::flows::FlowError;
use signet_protocol::account::person;
use signet_protocol::ids::UserId;
use signet_protocol::token::revocation::Target;
use signet_store::account::users;
use signet_store::events::outbox;
use signet_store::session::sessions;
use signet_store::token::token_families;
use signet_store::{StoreError, Tx};

/// There is no such person.
pub(super) const NO_USER: NotFound = NotFound::Name("user");

/// The reason why a person is not found.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// A text that is the name of one user and the `sub` of another.
    #[error("this is the name of one user and the sub of another; use an e-mail address, or the other's sub")]
    Ambiguous,
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(FindError);

impl RoomError for FindError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Ambiguous => Kind::Invalid,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

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

impl Effect for Ended {
    fn is_change(&self) -> bool {
        self.revoked
    }
}

impl Operator<'_> {
    /// Finds a person by name, address or `sub`. This is the only lookup of administration. Names and addresses are
    /// normalized as at a sign-in.
    pub(super) async fn find_user(&self, named: &str) -> Result<UserId, FindError> {
        let mut tx = self.store.read().await?;
        let by_name = match person::lookup_key(named) {
            Some(key) => users::find_for_login(&mut tx, self.realm(), &key).await?.map(|found| found.id),
            None => None,
        };
        let by_sub = match UserId::parse(named) {
            Some(id) => users::find(&mut tx, self.realm(), &id).await?.map(|found| found.id),
            None => None,
        };
        match (by_name, by_sub) {
            (Some(one), Some(other)) if one != other => Err(FindError::Ambiguous),
            (Some(id), _) | (None, Some(id)) => Ok(id),
            (None, None) => Err(NO_USER.into()),
        }
    }
}

impl<S> Given<S> {
    /// Ends all sessions and grants of a person, queues their clients' notifications, and voids the access tokens.
    pub async fn end_everything(&self, tx: &mut Tx, user: &UserId, because: &str) -> Result<Ended, StoreError> {
        let realm = self.realm();
        let now = self.now();
        outbox::queue_logouts_of_user(tx, realm, user, now).await?;
        let sessions = sessions::end_all(tx, realm, user, now).await?;
        let grants = token_families::revoke_user(tx, realm, user, because, now).await?;
        self.cut_off(tx, Target::User, user.as_str()).await?;
        Ok(Ended { revoked: true, sessions, grants })
    }
}
