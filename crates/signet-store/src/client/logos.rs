//! Logos of clients, one per client.

use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::client::logo::LogoType;
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::time::Timestamp;

statements! {
    PUT = "
        INSERT INTO client_logos (realm_id, client_id, media_type, image, updated_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (realm_id, client_id)
        DO UPDATE SET media_type = excluded.media_type, image = excluded.image, updated_at = excluded.updated_at
    ";
    FIND = "SELECT media_type, image FROM client_logos WHERE realm_id = $1 AND client_id = $2";
    DELETE = "DELETE FROM client_logos WHERE realm_id = $1 AND client_id = $2";
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    pub kind: LogoType,
    pub image: Vec<u8>,
}

/// Sets or replaces the logo of a client.
///
/// # Errors
/// [`StoreError::Conflict`] if the client does not exist.
pub async fn put(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    logo: &Logo,
    now: Timestamp,
) -> Result<(), StoreError> {
    let kind = logo.kind.media_type();
    let image = logo.image.as_slice();
    execute!(tx, PUT, [realm.as_str(), client.as_str(), kind, image, now.as_millis()]).map(|_| ())
}

pub async fn find(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<Option<Logo>, StoreError> {
    let row: Option<(String, Vec<u8>)> = fetch_optional!(tx, FIND, [realm.as_str(), client.as_str()])?;
    row.map(|(media_type, image)| {
        let kind = LogoType::ALL.into_iter().find(|kind| kind.media_type() == media_type);
        Ok(Logo { kind: kind.ok_or(StoreError::Corrupt("logo"))?, image })
    })
    .transpose()
}

pub async fn delete(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<(), StoreError> {
    execute!(tx, DELETE, [realm.as_str(), client.as_str()]).map(|_| ())
}
