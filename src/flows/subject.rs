//! The `sub` by which a client knows a person.

use super::Provider;
use crate::protocol::client::Client;
use crate::protocol::ids::UserId;

/// The `sub` of a user as this client sees it.
pub fn of(_provider: &Provider, _client: &Client, user: &UserId) -> String {
    user.as_str().to_owned()
}
