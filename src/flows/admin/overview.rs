//! Overviews for administrators: the sessions, grants and consents of a person, and the revocations in force. Times are
//! seconds since the Unix epoch, as in tokens.

use std::collections::BTreeMap;

use serde::Serialize;

use super::AdminError;
use super::person::find_user;
use crate::flows::Context;
use signet_protocol::ids::{ClientId, FamilyId, SessionId};
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::Target;
use signet_store::Store;
use signet_store::account::users;
use signet_store::authorize::consents as granted;
use signet_store::client::clients;
use signet_store::node::sweep::{self, REVOKED};
use signet_store::session::sessions as stored;
use signet_store::token::revocations as denied;
use signet_store::token::token_families::{self, FamilyOwner};

/// A live session.
#[derive(Debug, Serialize)]
pub struct Session {
    /// The `sid`.
    pub id: SessionId,
    pub auth_time: i64,
    /// The authentication methods (`amr`).
    pub methods: Vec<String>,
    pub last_seen_at: i64,
    /// The end of the session unless it is used.
    pub expires_at: i64,
    /// True with "stay signed in".
    pub remembered: bool,
    pub address: String,
    pub user_agent: String,
}

/// The live sessions of a person, the most recently used first.
pub async fn sessions(store: &Store, context: &Context, username: &str) -> Result<Vec<Session>, AdminError> {
    let user = find_user(store, context, username).await?;
    let mut tx = store.read().await?;
    let listed = stored::list(&mut tx, &context.realm.id, &user, context.now).await?;
    let listed_session = |stored::Listed { session, address, user_agent }| Session {
        expires_at: session.idle_expires_at.min(session.expires_at).as_secs(),
        auth_time: session.authentication.time.as_secs(),
        last_seen_at: session.last_seen_at.as_secs(),
        methods: session.authentication.methods,
        remembered: session.remembered,
        id: session.id,
        address,
        user_agent,
    };
    Ok(listed.into_iter().map(listed_session).collect())
}

/// A live grant with a refresh token.
#[derive(Debug, Serialize)]
pub struct Grant {
    /// The `grant_id`.
    pub id: FamilyId,
    pub client: ClientId,
    /// The name of the user who granted it.
    pub username: String,
    pub session: SessionId,
    /// True if it outlives the session.
    pub offline: bool,
    pub scope: String,
    pub created_at: i64,
    pub used_at: Option<i64>,
    /// The end of the grant unless it is used.
    pub expires_at: i64,
}

/// The selection of grants.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Those of a person, by name or address.
    User(&'a str),
    Client(&'a ClientId),
}

/// The live grants of a person or a client, newest first.
pub async fn grants(store: &Store, context: &Context, whose: Whose<'_>) -> Result<Vec<Grant>, AdminError> {
    let realm = &context.realm.id;
    let now = context.now;
    let listed = match whose {
        Whose::User(username) => {
            let user = find_user(store, context, username).await?;
            token_families::list(&mut store.read().await?, realm, FamilyOwner::User(&user), now).await?
        }
        Whose::Client(client) => {
            let mut tx = store.read().await?;
            clients::find(&mut tx, realm, client).await?.ok_or(AdminError::Unknown("client"))?;
            token_families::list(&mut tx, realm, FamilyOwner::Client(client), now).await?
        }
    };
    let listed_grant = |family: token_families::Listed| Grant {
        id: family.id,
        client: family.client,
        username: family.username,
        session: family.session,
        offline: family.offline,
        scope: family.scope,
        created_at: family.created_at.as_secs(),
        used_at: family.used_at.map(Timestamp::as_secs),
        expires_at: family.expires_at.as_secs(),
    };
    Ok(listed.into_iter().map(listed_grant).collect())
}

/// A remembered consent.
#[derive(Debug, Serialize)]
pub struct Consent {
    pub client: ClientId,
    pub scope: String,
    /// The individually requested claims.
    pub claims: Vec<String>,
    /// The time of the last change.
    pub granted_at: i64,
}

/// The consents of a person, by client.
pub async fn consents(store: &Store, context: &Context, username: &str) -> Result<Vec<Consent>, AdminError> {
    let user = find_user(store, context, username).await?;
    let listed = granted::list(&mut store.read().await?, &context.realm.id, &user).await?;
    let listed_consent = |listed: granted::Listed| Consent {
        client: listed.client,
        scope: listed.consent.scope.to_string(),
        claims: listed.consent.claims,
        granted_at: listed.granted_at.as_secs(),
    };
    Ok(listed.into_iter().map(listed_consent).collect())
}

/// Counts of revocations.
#[derive(Debug, Serialize)]
pub struct Standing {
    /// The number in force, by kind.
    pub in_force: BTreeMap<&'static str, i64>,
    /// The number of users with a ban that has not ended.
    pub banned_users: i64,
    /// The time of the oldest one.
    pub oldest: Option<i64>,
    /// The time at which the first one becomes obsolete.
    pub next_expiry: Option<i64>,
    /// The number of obsolete ones that have not been deleted.
    pub expired: i64,
}

pub async fn revocations(store: &Store, context: &Context) -> Result<Standing, AdminError> {
    let realm = &context.realm.id;
    let now = context.now;
    let mut tx = store.read().await?;
    let (held, expired) = denied::count(&mut tx, realm, now).await?;
    let mut in_force: BTreeMap<_, _> = Target::ALL.iter().map(|target| (target.as_str(), 0)).collect();
    in_force.extend(held.iter().map(|held| (held.target.as_str(), held.count)));
    Ok(Standing {
        in_force,
        banned_users: users::count_banned(&mut tx, realm, now).await?,
        oldest: held.iter().map(|held| held.oldest.as_secs()).min(),
        next_expiry: held.iter().map(|held| held.next_end.as_secs()).min(),
        expired,
    })
}

/// Deletes obsolete revocations, as upkeep does every minute, and returns their number.
pub async fn sweep_revocations(store: &Store, context: &Context) -> Result<u64, AdminError> {
    Ok(sweep::clear(store, REVOKED, context.now).await?)
}
