//! What administrators look at: the sessions, grants and consents of a person, and the revocations in force. Times are
//! seconds since the Unix epoch, as in tokens.

use std::collections::BTreeMap;

use serde::Serialize;

use super::AdminError;
use super::people::find_user;
use crate::flows::Context;
use crate::protocol::ids::{ClientId, FamilyId, SessionId};
use crate::protocol::revocation::Target;
use crate::protocol::time::Timestamp;
use crate::store::sweep::{self, REVOKED};
use crate::store::token_families::{self, Of};
use crate::store::{Store, clients, consents as granted, revocations as denied, sessions as stored, users};

/// A live session.
#[derive(Debug, Serialize)]
pub struct Session {
    /// The `sid`.
    pub id: SessionId,
    /// When the person authenticated.
    pub auth_time: i64,
    /// How.
    pub methods: Vec<String>,
    /// When it was last used.
    pub last_seen_at: i64,
    /// When it ends unless it is used.
    pub expires_at: i64,
    /// Whether the person asked to stay signed in.
    pub remembered: bool,
    /// Where the person was.
    pub address: String,
    /// What browser they used.
    pub user_agent: String,
}

/// The live sessions of a person, the one that was used last first.
///
/// # Errors
/// [`AdminError::Unknown`] where there is no such person.
pub async fn sessions(store: &Store, context: &Context, username: &str) -> Result<Vec<Session>, AdminError> {
    let user = find_user(store, context, username).await?;
    let mut tx = store.read().await?;
    let listed = stored::list(&mut tx, &context.realm.id, &user, context.now).await?;
    let told = |stored::Listed { session, address, user_agent }| Session {
        expires_at: session.idle_expires_at.min(session.expires_at).as_secs(),
        auth_time: session.authentication.time.as_secs(),
        last_seen_at: session.last_seen_at.as_secs(),
        methods: session.authentication.methods,
        remembered: session.remembered,
        id: session.id,
        address,
        user_agent,
    };
    Ok(listed.into_iter().map(told).collect())
}

/// A live grant that yields refresh tokens.
#[derive(Debug, Serialize)]
pub struct Grant {
    /// The `grant_id`.
    pub id: FamilyId,
    /// Who holds it.
    pub client: ClientId,
    /// Who granted it.
    pub username: String,
    /// In which session.
    pub session: SessionId,
    /// Whether it outlives the session.
    pub offline: bool,
    /// What was granted.
    pub scope: String,
    /// When.
    pub created_at: i64,
    /// When it was last used.
    pub used_at: Option<i64>,
    /// When it ends unless it is used.
    pub expires_at: i64,
}

/// Whose grants are looked at.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// Those of a person, by name or address.
    User(&'a str),
    /// Those that a client holds.
    Client(&'a ClientId),
}

/// The live grants of a person or a client, the newest first.
///
/// # Errors
/// [`AdminError::Unknown`] where there is no such person or client.
pub async fn grants(store: &Store, context: &Context, whose: Whose<'_>) -> Result<Vec<Grant>, AdminError> {
    let (realm, now) = (&context.realm.id, context.now);
    let listed = match whose {
        Whose::User(username) => {
            let user = find_user(store, context, username).await?;
            token_families::list(&mut store.read().await?, realm, Of::User(&user), now).await?
        }
        Whose::Client(client) => {
            let mut tx = store.read().await?;
            clients::find(&mut tx, realm, client).await?.ok_or(AdminError::Unknown("client"))?;
            token_families::list(&mut tx, realm, Of::Client(client), now).await?
        }
    };
    let told = |family: token_families::Listed| Grant {
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
    Ok(listed.into_iter().map(told).collect())
}

/// What a person has granted to a client, so that they are not asked again.
#[derive(Debug, Serialize)]
pub struct Consent {
    /// The client.
    pub client: ClientId,
    /// The scopes.
    pub scope: String,
    /// The single claims.
    pub claims: Vec<String>,
    /// When it was last changed.
    pub granted_at: i64,
}

/// What a person has granted, by client.
///
/// # Errors
/// [`AdminError::Unknown`] where there is no such person.
pub async fn consents(store: &Store, context: &Context, username: &str) -> Result<Vec<Consent>, AdminError> {
    let user = find_user(store, context, username).await?;
    let listed = granted::list(&mut store.read().await?, &context.realm.id, &user).await?;
    let told = |listed: granted::Listed| Consent {
        client: listed.client,
        scope: listed.consent.scope.to_string(),
        claims: listed.consent.claims,
        granted_at: listed.granted_at.as_secs(),
    };
    Ok(listed.into_iter().map(told).collect())
}

/// How the revocations stand.
#[derive(Debug, Serialize)]
pub struct Standing {
    /// How many are in force, by kind.
    pub in_force: BTreeMap<&'static str, i64>,
    /// How many users may not sign in before a time that is still to come.
    pub banned_users: i64,
    /// From when the oldest is.
    pub oldest: Option<i64>,
    /// When the first of them is not needed any more.
    pub next_expiry: Option<i64>,
    /// How many are over, and wait to be swept.
    pub expired: i64,
}

/// How the revocations stand.
///
/// # Errors
/// [`AdminError`] where the database fails.
pub async fn revocations(store: &Store, context: &Context) -> Result<Standing, AdminError> {
    let (realm, now) = (&context.realm.id, context.now);
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

/// Deletes the revocations that are over, which the server does every minute by itself; how many there were.
///
/// # Errors
/// [`AdminError`] where the database fails.
pub async fn sweep_revocations(store: &Store, context: &Context) -> Result<u64, AdminError> {
    Ok(sweep::clear(store, REVOKED, context.now).await?)
}
