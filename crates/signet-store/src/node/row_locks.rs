//! Locks for jobs that count rows and then add one: at READ COMMITTED two such jobs would not see each other's row.
//! They last until the transaction ends. SQLite has one writer and needs none.

use crate::engine::statement::statements;
use crate::engine::tx::{Connection, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId};

statements! {
    CLIENT = "SELECT id FROM clients WHERE realm_id = $1 AND id = $2 FOR NO KEY UPDATE";
    REALM = "SELECT id FROM realms WHERE id = $1 FOR NO KEY UPDATE";
}

/// Locks a client's row against other callers of this function. Rows that refer to it can still be added.
pub(crate) async fn client(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<(), StoreError> {
    if has_one_writer(tx) {
        return Ok(());
    }
    let _locked: Option<(String,)> = fetch_optional!(tx, CLIENT, [realm.as_str(), client.as_str()])?;
    Ok(())
}

/// Locks a realm's row in the same way.
pub async fn realm(tx: &mut Tx, realm: &RealmId) -> Result<(), StoreError> {
    if has_one_writer(tx) {
        return Ok(());
    }
    let _locked: Option<(String,)> = fetch_optional!(tx, REALM, [realm.as_str()])?;
    Ok(())
}

fn has_one_writer(tx: &Tx) -> bool {
    matches!(tx.connection, Connection::Sqlite(_))
}
