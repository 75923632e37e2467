//! The state of the rules for clients.

use super::profiles::Profiles;
use super::published_keys::ClientKeys;
use super::register;

/// The state that requests about clients share.
pub struct Clients {
    /// The cache of the key sets that clients publish.
    pub keys: ClientKeys,
    pub profiles: Profiles,
    /// The rules of dynamic client registration.
    pub registration: register::Rules,
}

impl Clients {
    pub fn new(profiles: Profiles, registration: register::Rules) -> Self {
        Self { keys: ClientKeys::default(), profiles, registration }
    }
}
