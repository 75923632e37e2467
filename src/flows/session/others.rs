//! The end of a person's other sessions and grants, when a credential was changed in one of them.

use super::{SessionEnd, end};
use crate::flows::client::cut_off::cut_off;
use crate::flows::{Context, FlowError};
use signet_protocol::ids::{SessionId, UserId};
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Target;
use signet_store::Tx;
use signet_store::session::sessions;
use signet_store::token::token_families;

/// A person and the session that stays.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Others<'a> {
    pub user: &'a UserId,
    pub kept: Option<&'a SessionId>,
}

/// Ends all sessions of a person but one with everything derived from them, the grants that outlive a session, and all
/// access tokens; those of the kept session are issued again for its refresh tokens. Revocations are kept until
/// `horizon`.
pub(crate) async fn end_others(
    tx: &mut Tx,
    context: &Context,
    others: Others<'_>,
    horizon: Timestamp,
) -> Result<SessionEnd, FlowError> {
    let Others { user, kept } = others;
    let realm = &context.realm.id;
    let mut ended = SessionEnd::default();
    loop {
        let live = sessions::list(tx, realm, user, context.now).await?;
        let live: Vec<_> = live.iter().filter(|session| Some(&session.session.id) != kept).collect();
        if live.is_empty() {
            break;
        }
        for session in live {
            let one = end(tx, context, &session.session.id, horizon).await?.unwrap_or_default();
            ended.sessions += one.sessions;
            ended.grants += one.grants;
        }
    }
    ended.grants += token_families::revoke_others(tx, realm, others_of(others), context.now).await?;
    cut_off(tx, context, Target::User, user.as_str(), horizon).await?;
    Ok(ended)
}

fn others_of(others: Others<'_>) -> token_families::Others<'_> {
    token_families::Others { user: others.user, kept: others.kept, because: "password changed" }
}
