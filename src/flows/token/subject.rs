//! The `sub` and `sid` that a client sees (OpenID Connect Core §8): those of account and session, or pairwise ones of
//! its sector.

use crate::flows::{FlowError, Provider};
use signet_crypto::PairwiseKey;
use signet_protocol::client::Client;
use signet_protocol::ids::{SessionId, UserId};

pub fn of(provider: &Provider, client: &Client, user: &UserId) -> Result<String, FlowError> {
    match client.sector() {
        Some(_) => with_key(provider.keys.pairwise()?, client, user),
        None => Ok(user.as_str().to_owned()),
    }
}

/// Like [`of`], with only the key.
pub fn with_key(key: &PairwiseKey, client: &Client, user: &UserId) -> Result<String, FlowError> {
    match client.sector() {
        Some(sector) => Ok(key.subject(&sector, user)?),
        None => Ok(user.as_str().to_owned()),
    }
}

/// The user with this `sub` at the client; `None` if the `sub` does not belong to its sector.
///
/// # Errors
/// [`FlowError::Unavailable`] for a pairwise `sub` on a node without the master key.
pub fn user(provider: &Provider, client: &Client, subject: &str) -> Result<Option<UserId>, FlowError> {
    match client.sector() {
        Some(sector) => Ok(provider.keys.pairwise()?.user(&sector, subject)),
        None => Ok(UserId::parse(subject)),
    }
}

pub fn sid(key: &PairwiseKey, client: &Client, session: &SessionId) -> Result<SessionId, FlowError> {
    match client.sector() {
        Some(sector) => Ok(SessionId::from_stored(key.sid(&sector, session)?)),
        None => Ok(session.clone()),
    }
}

/// The session with this `sid` at the client; `None` if the `sid` does not belong to its sector.
///
/// # Errors
/// [`FlowError::Unavailable`] for a pairwise `sid` on a node without the master key.
pub fn session(provider: &Provider, client: &Client, sid: &str) -> Result<Option<SessionId>, FlowError> {
    match client.sector() {
        Some(sector) => Ok(provider.keys.pairwise()?.session(&sector, sid)),
        None => Ok(SessionId::parse(sid)),
    }
}
