//! The choices of clients, as the registries and the keyring have them.

use crate::flows::provider::Provider;
use signet_protocol::client::Supported;
use signet_protocol::ids::RealmId;

impl Provider {
    /// The algorithms, grants and methods that clients of a realm may register.
    pub fn supported(&self, realm: &RealmId) -> Supported<'_> {
        Supported {
            grants: crate::flows::token::grants::NAMES.as_slice(),
            auth_methods: crate::flows::client::auth::NAMES.as_slice(),
            algorithms: self.keys.algorithms(),
            profiles: &self.clients.profiles.allowed,
            decryption: self.keys.decrypts(realm).into(),
        }
    }
}
