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
    /// Those that some client can have, which discovery speaks for.
    pub advertised: Vec<Profile>,
}

impl Profiles {
    /// Finds out which profiles clients have beside the allowed ones. None of these can be given to another client while
    /// the server runs, so that it is asked at the start alone.
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
