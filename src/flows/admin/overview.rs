//! Overviews for operators: the sessions, grants and consents of a person, and the grants of a client. Times are
//! seconds since the Unix epoch, as in tokens.

use serde::Serialize;

use super::clients::{Clients, ClientsError, NO_CLIENT};
use super::people::{People, PeopleError};
use signet_protocol::ids::{ClientId, FamilyId, SessionId};
use signet_protocol::time::Timestamp;
use signet_store::authorize::consents as granted;
use signet_store::client::clients;
use signet_store::session::sessions as stored;
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

impl From<stored::Listed> for Session {
    fn from(listed: stored::Listed) -> Self {
        let stored::Listed { session, address, user_agent } = listed;
        Self {
            expires_at: session.idle_expires_at.min(session.expires_at).as_secs(),
            auth_time: session.authentication.time.as_secs(),
            last_seen_at: session.last_seen_at.as_secs(),
            methods: session.authentication.methods,
            remembered: session.remembered,
            id: session.id,
            address,
            user_agent,
        }
    }
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

impl From<token_families::Listed> for Grant {
    fn from(family: token_families::Listed) -> Self {
        Self {
            id: family.id,
            client: family.client,
            username: family.username,
            session: family.session,
            offline: family.offline,
            scope: family.scope,
            created_at: family.created_at.as_secs(),
            used_at: family.used_at.map(Timestamp::as_secs),
            expires_at: family.expires_at.as_secs(),
        }
    }
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

impl From<granted::Listed> for Consent {
    fn from(listed: granted::Listed) -> Self {
        Self {
            client: listed.client,
            scope: listed.consent.scope.to_string(),
            claims: listed.consent.claims,
            granted_at: listed.granted_at.as_secs(),
        }
    }
}

impl People<'_> {
    /// The live sessions of a person, the most recently used first.
    pub async fn sessions(&self, named: &str) -> Result<Vec<Session>, PeopleError> {
        let user = self.find(named).await?;
        let mut tx = self.operator.store.read().await?;
        let listed = stored::list(&mut tx, self.operator.realm(), &user, self.operator.now()).await?;
        Ok(listed.into_iter().map(Session::from).collect())
    }

    /// The live grants of a person, newest first.
    pub async fn grants(&self, named: &str) -> Result<Vec<Grant>, PeopleError> {
        let user = self.find(named).await?;
        let mut tx = self.operator.store.read().await?;
        let listed =
            token_families::list(&mut tx, self.operator.realm(), FamilyOwner::User(&user), self.operator.now()).await?;
        Ok(listed.into_iter().map(Grant::from).collect())
    }

    /// The consents of a person, by client.
    pub async fn consents(&self, named: &str) -> Result<Vec<Consent>, PeopleError> {
        let user = self.find(named).await?;
        let listed = granted::list(&mut self.operator.store.read().await?, self.operator.realm(), &user).await?;
        Ok(listed.into_iter().map(Consent::from).collect())
    }
}

impl Clients<'_> {
    /// The live grants of a client, newest first.
    pub async fn grants(&self, id: &ClientId) -> Result<Vec<Grant>, ClientsError> {
        let realm = self.operator.realm();
        let mut tx = self.operator.store.read().await?;
        clients::find(&mut tx, realm, id).await?.ok_or(NO_CLIENT)?;
        let listed = token_families::list(&mut tx, realm, FamilyOwner::Client(id), self.operator.now()).await?;
        Ok(listed.into_iter().map(Grant::from).collect())
    }
}
