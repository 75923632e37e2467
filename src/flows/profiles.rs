//! The security profiles that clients of this server can have: those that the settings allow, and those of clients that
//! are there already.

use crate::protocol::ids::RealmId;
use crate::protocol::profile::Profile;
use crate::store::{StoreError, Tx, client_profiles};

/// The security profiles of clients.
#[derive(Clone, Debug)]
pub struct Profiles {
    /// Those that a client may be given.
    pub allowed: Vec<Profile>,
    /// Those that some client can have; discovery advertises what they need.
    pub advertised: Vec<Profile>,
}

impl Profiles {
    /// Loads the profiles that clients have beside the allowed ones. No other client can get one of these while the
    /// server runs, so they are read once at startup.
    ///
    /// # Errors
    /// [`StoreError`] where the database fails.
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
