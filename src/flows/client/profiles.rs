//! The security profiles of this server: those that the settings allow for clients, and those of existing clients.

use signet_protocol::client::profile::Profile;
use signet_protocol::ids::RealmId;
use signet_store::client::client_profiles;
use signet_store::{StoreError, Tx};

#[derive(Clone, Debug)]
pub struct Profiles {
    /// The profiles that clients may be given.
    pub allowed: Vec<Profile>,
    /// The profiles of any client; discovery advertises what they need.
    pub advertised: Vec<Profile>,
}

impl Profiles {
    /// Loads the profiles of existing clients, in addition to the allowed ones. No other client can get one of these
    /// while the server runs, so they are read once at startup.
    pub async fn load(tx: &mut Tx, realm: &RealmId, allowed: &[Profile]) -> Result<Self, StoreError> {
        let mut advertised = Vec::new();
        for profile in Profile::ALL {
            if allowed.contains(&profile) || client_profiles::is_in_use(tx, realm, profile).await? {
                advertised.push(profile);
            }
        }
        Ok(Self { allowed: allowed.to_vec(), advertised })
    }
}
