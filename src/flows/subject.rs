//! What `sub` a client sees (OpenID Connect Core §8): that of the account, or one of its sector's own.

use super::Provider;
use crate::keys::PairwiseKey;
use crate::protocol::client::Client;
use crate::protocol::ids::UserId;

/// The `sub` of a user for this client.
pub fn of(provider: &Provider, client: &Client, user: &UserId) -> String {
    with_key(&provider.pairwise, client, user)
}

/// The same with the key alone.
pub fn with_key(key: &PairwiseKey, client: &Client, user: &UserId) -> String {
    match client.sector() {
        Some(sector) => key.subject(&sector, user),
        None => user.as_str().to_owned(),
    }
}

/// The user whom this client knows by a `sub`; nothing where it is none of its sector's.
pub fn user(provider: &Provider, client: &Client, subject: &str) -> Option<UserId> {
    match client.sector() {
        Some(sector) => provider.pairwise.user(&sector, subject),
        None => UserId::parse(subject),
    }
}
