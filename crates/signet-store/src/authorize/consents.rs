//! Consents of people to clients, stored so that they are not asked twice.

use crate::engine::rows;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::ids::{ClientId, RealmId, UserId};
use signet_protocol::time::Timestamp;

statements! {
    HOLD_GIVEN = "SELECT scope, claims FROM consents WHERE realm_id = $1 AND user_id = $2 AND client_id = $3 FOR SHARE";
    HOLD = "
        INSERT INTO consents (realm_id, user_id, client_id, scope, claims, granted_at)
        VALUES ($1, $2, $3, '', '', $4)
        ON CONFLICT (realm_id, user_id, client_id)
        DO UPDATE SET granted_at = excluded.granted_at
        RETURNING scope, claims
    ";
    KEEP = "UPDATE consents SET scope = $4, claims = $5 WHERE realm_id = $1 AND user_id = $2 AND client_id = $3";
    LIST = "
        SELECT client_id, scope, claims, granted_at
        FROM consents
        WHERE realm_id = $1 AND user_id = $2
        ORDER BY client_id LIMIT 1000
    ";
    FORGET_CLIENT = "DELETE FROM consents WHERE realm_id = $1 AND client_id = $2";
    WITHDRAW = "DELETE FROM consents WHERE realm_id = $1 AND user_id = $2 AND client_id = $3";
}

/// The user and the client of a consent within a realm.
#[derive(Clone, Copy, Debug)]
pub struct ConsentKey<'a> {
    pub user: &'a UserId,
    pub client: &'a ClientId,
}

/// Returns the consent of a user to a client, with a shared lock until the transaction ends. A concurrent withdrawal
/// waits, and then revokes what was issued.
pub async fn find_locked(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    client: &ClientId,
) -> Result<Option<Consent>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, HOLD_GIVEN, [realm.as_str(), user.as_str(), client.as_str()])?;
    row.map(read).transpose()
}

/// Adds a consent to the stored one. The row is locked from the read to the end of the job, so that no concurrent
/// consent is lost.
pub async fn add(
    tx: &mut Tx,
    realm: &RealmId,
    key: ConsentKey<'_>,
    more: &Consent,
    now: Timestamp,
) -> Result<(), StoreError> {
    let user = key.user.as_str();
    let client = key.client.as_str();
    let held: Row = fetch_one!(tx, HOLD, [realm.as_str(), user, client, now.as_millis()])?;
    let all = read(held)?.union(more);
    let scope = all.scope.to_string();
    let claims = all.claims.join(" ");
    execute!(tx, KEEP, [realm.as_str(), user, client, scope, claims]).map(|_| ())
}

type Row = (String, String);

pub(crate) fn read(row: Row) -> Result<Consent, StoreError> {
    let (scope, claims) = row;
    let claims = claims.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Ok(Consent { scope: rows::scope(&scope)?, claims })
}

#[derive(Clone, Debug)]
pub struct Listed {
    pub client: ClientId,
    pub consent: Consent,
    /// Time of the last change.
    pub granted_at: Timestamp,
}

/// Returns the consents of a user ordered by client, at most 1000.
pub async fn list(tx: &mut Tx, realm: &RealmId, user: &UserId) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<(String, String, String, i64)> = fetch_all!(tx, LIST, [realm.as_str(), user.as_str()])?;
    let listed = |(client, scope, claims, at): (String, String, String, i64)| {
        Ok(Listed {
            client: ClientId::from_stored(client),
            consent: read((scope, claims))?,
            granted_at: Timestamp::from_millis(at),
        })
    };
    rows.into_iter().map(listed).collect()
}

/// Deletes the consent of a user to a client. Returns false if there was none.
pub async fn withdraw(tx: &mut Tx, realm: &RealmId, user: &UserId, client: &ClientId) -> Result<bool, StoreError> {
    execute!(tx, WITHDRAW, [realm.as_str(), user.as_str(), client.as_str()]).map(rows::one)
}

/// Deletes all consents to a client and returns their number.
pub async fn forget_client(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<u64, StoreError> {
    execute!(tx, FORGET_CLIENT, [realm.as_str(), client.as_str()])
}
