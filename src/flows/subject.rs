//! What `sub` and `sid` a client sees (OpenID Connect Core §8): those of account and session, or its sector's own.

use super::{FlowError, Provider};
use crate::keys::PairwiseKey;
use crate::protocol::client::Client;
use crate::protocol::ids::{SessionId, UserId};

/// The `sub` of a user for this client.
///
/// # Errors
/// [`FlowError::Internal`] where the cryptography fails.
pub fn of(provider: &Provider, client: &Client, user: &UserId) -> Result<String, FlowError> {
    with_key(provider.keys.pairwise(), client, user)
}

/// The same with the key alone.
///
/// # Errors
/// [`FlowError::Internal`] where the cryptography fails.
pub fn with_key(key: &PairwiseKey, client: &Client, user: &UserId) -> Result<String, FlowError> {
    match client.sector() {
        Some(sector) => Ok(key.subject(&sector, user)?),
        None => Ok(user.as_str().to_owned()),
    }
}

/// The user whom this client knows by a `sub`; nothing where it is none of its sector's.
pub fn user(provider: &Provider, client: &Client, subject: &str) -> Option<UserId> {
    match client.sector() {
        Some(sector) => provider.keys.pairwise().user(&sector, subject),
        None => UserId::parse(subject),
    }
}

/// The `sid` of a session for this client.
///
/// # Errors
/// [`FlowError::Internal`] where the cryptography fails.
pub fn sid(key: &PairwiseKey, client: &Client, session: &SessionId) -> Result<SessionId, FlowError> {
    match client.sector() {
        Some(sector) => Ok(SessionId::from_stored(key.sid(&sector, session)?)),
        None => Ok(session.clone()),
    }
}

/// The session that this client knows by a `sid`; nothing where it is none of its sector's.
pub fn session(provider: &Provider, client: &Client, sid: &str) -> Option<SessionId> {
    match client.sector() {
        Some(sector) => provider.keys.pairwise().session(&sector, sid),
        None => SessionId::parse(sid),
    }
}
