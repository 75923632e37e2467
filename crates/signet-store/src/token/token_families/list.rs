//! Lists of live token families for people and administrators.

use crate::engine::rows::from_json;
use crate::engine::statement::statements;
use crate::engine::tx::fetch_all;
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, FamilyId, RealmId, SessionId, UserId};
use signet_protocol::time::Timestamp;

statements! {
    OF_USER = "
        SELECT f.id, f.client_id, u.username, f.session_id, f.offline, f.scope, f.resources, f.created_at,
            f.rotated_at, f.idle_expires_at, f.expires_at
        FROM token_families f
        JOIN users u ON u.realm_id = f.realm_id AND u.id = f.user_id
        WHERE f.realm_id = $1
            AND f.user_id = $2
            AND f.revoked_at IS NULL
            AND f.idle_expires_at > $3
            AND f.expires_at > $3
        ORDER BY f.created_at DESC, f.id LIMIT 1000
    ";
    OF_CLIENT = "
        SELECT f.id, f.client_id, u.username, f.session_id, f.offline, f.scope, f.resources, f.created_at,
            f.rotated_at, f.idle_expires_at, f.expires_at
        FROM token_families f
        JOIN users u ON u.realm_id = f.realm_id AND u.id = f.user_id
        WHERE f.realm_id = $1
            AND f.client_id = $2
            AND f.revoked_at IS NULL
            AND f.idle_expires_at > $3
            AND f.expires_at > $3
        ORDER BY f.created_at DESC, f.id LIMIT 1000
    ";
}

/// The owner of listed families.
#[derive(Clone, Copy, Debug)]
pub enum FamilyOwner<'a> {
    User(&'a UserId),
    Client(&'a ClientId),
}

#[derive(Clone, Debug)]
pub struct Listed {
    /// Published as `grant_id`.
    pub id: FamilyId,
    pub client: ClientId,
    pub username: String,
    pub session: SessionId,
    /// True if it outlives the session.
    pub offline: bool,
    pub scope: String,
    /// Resources that tokens may be for.
    pub resources: Vec<String>,
    pub created_at: Timestamp,
    /// Time of the last refresh.
    pub used_at: Option<Timestamp>,
    /// Time at which it ends unless it is used.
    pub expires_at: Timestamp,
}

/// Returns the live families of a user or a client, the newest first, at most 1000.
pub async fn list(
    tx: &mut Tx,
    realm: &RealmId,
    owner: FamilyOwner<'_>,
    now: Timestamp,
) -> Result<Vec<Listed>, StoreError> {
    type Row = (String, String, String, String, i64, String, String, i64, Option<i64>, i64, i64);
    let (statement, id) = match owner {
        FamilyOwner::User(user) => (OF_USER, user.as_str()),
        FamilyOwner::Client(client) => (OF_CLIENT, client.as_str()),
    };
    let rows: Vec<Row> = fetch_all!(tx, statement, [realm.as_str(), id, now.as_millis()])?;
    let listed = |(id, client, username, session, offline, scope, resources, created, used, idle, end): Row| {
        Ok(Listed {
            id: FamilyId::from_stored(id),
            client: ClientId::from_stored(client),
            username,
            session: SessionId::from_stored(session),
            offline: offline != 0,
            scope,
            resources: from_json(&resources, "resources")?,
            created_at: Timestamp::from_millis(created),
            used_at: used.map(Timestamp::from_millis),
            expires_at: Timestamp::from_millis(idle.min(end)),
        })
    };
    rows.into_iter().map(listed).collect()
}
