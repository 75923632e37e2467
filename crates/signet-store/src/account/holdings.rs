//! Counts for administrators of what a client or a user has: live sessions, live grants, consents, known devices.

use crate::engine::statement::statements;
use crate::engine::tx::fetch_one;
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, RealmId, UserId};
use signet_protocol::time::Timestamp;

statements! {
    GRANTS_OF_CLIENT = "
        SELECT count(*) AS grants
        FROM token_families
        WHERE realm_id = $1 AND client_id = $2 AND revoked_at IS NULL AND idle_expires_at > $3 AND expires_at > $3
    ";
    WITH_SCOPE = "
        SELECT count(*) AS grants
        FROM token_families
        WHERE realm_id = $1
            AND client_id = $2
            AND revoked_at IS NULL
            AND idle_expires_at > $3
            AND expires_at > $3
            AND replace(' ' || scope || ' ', ' ' || $4 || ' ', '') <> ' ' || scope || ' '
    ";
    WITH_RESOURCE = "
        SELECT count(*) AS grants
        FROM token_families
        WHERE realm_id = $1
            AND client_id = $2
            AND revoked_at IS NULL
            AND idle_expires_at > $3
            AND expires_at > $3
            AND replace(resources, $4, '') <> resources
    ";
    OF_USER = "
        SELECT
            (
                SELECT count(*) FROM sessions
                WHERE realm_id = $1 AND user_id = $2 AND ended_at IS NULL AND idle_expires_at > $3 AND expires_at > $3
            ) AS sessions,
            (
                SELECT count(*) FROM token_families
                WHERE realm_id = $1 AND user_id = $2 AND revoked_at IS NULL AND idle_expires_at > $3 AND expires_at > $3
            ) AS grants,
            (SELECT count(*) FROM consents WHERE realm_id = $1 AND user_id = $2) AS consents,
            (SELECT count(*) FROM known_devices WHERE realm_id = $1 AND user_id = $2 AND expires_at > $3) AS devices
    ";
    CONSENTS_OF_CLIENT = "SELECT count(*) AS consents FROM consents WHERE realm_id = $1 AND client_id = $2";
}

/// Counts for a client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfClient {
    pub grants: i64,
    /// Users with a consent to it.
    pub consents: i64,
}

pub async fn of_client(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    now: Timestamp,
) -> Result<OfClient, StoreError> {
    let (grants,): (i64,) = fetch_one!(tx, GRANTS_OF_CLIENT, [realm.as_str(), client.as_str(), now.as_millis()])?;
    let (consents,): (i64,) = fetch_one!(tx, CONSENTS_OF_CLIENT, [realm.as_str(), client.as_str()])?;
    Ok(OfClient { grants, consents })
}

/// Counts for a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfUser {
    pub sessions: i64,
    pub grants: i64,
    /// Clients with a consent of the user.
    pub consents: i64,
    /// Browsers known from earlier sign-ins.
    pub devices: i64,
}

pub async fn of_user(tx: &mut Tx, realm: &RealmId, user: &UserId, now: Timestamp) -> Result<OfUser, StoreError> {
    let row: (i64, i64, i64, i64) = fetch_one!(tx, OF_USER, [realm.as_str(), user.as_str(), now.as_millis()])?;
    Ok(OfUser { sessions: row.0, grants: row.1, consents: row.2, devices: row.3 })
}

/// A scope or resource of grants.
#[derive(Clone, Copy, Debug)]
pub enum Allowed<'a> {
    Scope(&'a str),
    Resource(&'a str),
}

/// Counts the live grants of a client with this scope or resource.
pub async fn grants_with(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    allowed: Allowed<'_>,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let client = client.as_str();
    let now = now.as_millis();
    let (grants,): (i64,) = match allowed {
        Allowed::Scope(scope) => fetch_one!(tx, WITH_SCOPE, [realm.as_str(), client, now, scope])?,
        Allowed::Resource(resource) => {
            // Resources are stored as a JSON array of strings.
            let written = crate::engine::rows::to_json(&resource)?;
            fetch_one!(tx, WITH_RESOURCE, [realm.as_str(), client, now, written])?
        }
    };
    Ok(grants)
}
