//! The choices of clients, as the registries and the keyring have them.

use super::provider::Provider;
use crate::protocol::client::Supported;
use crate::protocol::ids::RealmId;

impl Provider {
    /// The algorithms, grants and methods that clients of a realm may register.
    pub fn supported(&self, realm: &RealmId) -> Supported<'_> {
        Supported {
            grants: crate::grants::NAMES.as_slice(),
            auth_methods: crate::client_auth::NAMES.as_slice(),
            algorithms: self.keys.algorithms(),
            profiles: &self.profiles.allowed,
            decryption: self.keys.decrypts(realm).into(),
        }
    }
}
