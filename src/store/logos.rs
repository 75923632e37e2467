//! The logos of clients: small pictures, one a client.

use super::tx::{execute, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::logo::LogoType;
use crate::protocol::time::Timestamp;

statements! {
    PUT = "INSERT INTO client_logos (realm_id, client_id, media_type, image, updated_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (realm_id, client_id) DO UPDATE SET media_type = excluded.media_type, image = excluded.image, updated_at = excluded.updated_at";
    FIND = "SELECT media_type, image FROM client_logos WHERE realm_id = $1 AND client_id = $2";
    DELETE = "DELETE FROM client_logos WHERE realm_id = $1 AND client_id = $2";
}

/// A logo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its kind.
    pub kind: LogoType,
    /// The picture.
    pub image: Vec<u8>,
}

/// Gives a client a logo in place of the one it may have.
///
/// # Errors
/// [`StoreError::Conflict`] where there is no such client.
pub async fn put(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    logo: &Logo,
    now: Timestamp,
) -> Result<(), StoreError> {
    let (kind, image) = (logo.kind.media_type(), logo.image.as_slice());
    execute!(tx, PUT, [realm.as_str(), client.as_str(), kind, image, now.as_millis()]).map(|_| ())
}

/// The logo of a client.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<Option<Logo>, StoreError> {
    let row: Option<(String, Vec<u8>)> = fetch_optional!(tx, FIND, [realm.as_str(), client.as_str()])?;
    row.map(|(media_type, image)| {
        let kind = LogoType::ALL.into_iter().find(|kind| kind.media_type() == media_type);
        Ok(Logo { kind: kind.ok_or(StoreError::Corrupt("logo"))?, image })
    })
    .transpose()
}

/// Takes a client's logo away.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn delete(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<(), StoreError> {
    execute!(tx, DELETE, [realm.as_str(), client.as_str()]).map(|_| ())
}
