//! Browser sessions, found by the digest of their cookie. The id is the public `sid`.

use crate::authorize::consents;
use crate::engine::embedded::row;
use crate::engine::rows::{from_json, one, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::authorize::consent::Consent;
use signet_protocol::authorize::next_step::SignedIn;
use signet_protocol::ids::{ClientId, RealmId, SessionId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;
use signet_protocol::token::authentication::Authentication;

statements! {
    INSERT = "
        INSERT INTO sessions (realm_id, id, digest, user_id, auth_time, methods, created_at, last_seen_at,
            idle_expires_at, expires_at, remembered, address, user_agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8, $9, $10, $11, $12)
    ";
    FIND = "
        SELECT s.id, s.user_id, s.auth_time, s.methods, s.last_seen_at, s.idle_expires_at, s.expires_at,
            s.remembered, c.scope, c.claims
        FROM sessions s
        JOIN users u ON u.realm_id = s.realm_id AND u.id = s.user_id
        JOIN realms r ON r.id = s.realm_id
        LEFT JOIN consents c ON c.realm_id = s.realm_id AND c.user_id = s.user_id AND c.client_id = $3
        WHERE s.realm_id = $1
            AND s.digest = $2
            AND s.ended_at IS NULL
            AND u.enabled = 1
            AND u.valid_from < s.auth_time
            AND r.valid_from < s.auth_time
    ";
    TOUCH = "
        UPDATE sessions
        SET last_seen_at = $3, idle_expires_at = $4
        WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL AND last_seen_at < $3
    ";
    RENEW = "
        UPDATE sessions
        SET digest = $3, auth_time = $4, methods = $5, last_seen_at = $4, idle_expires_at = $6, expires_at = $7,
            remembered = $8, address = $9, user_agent = $10
        WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL
    ";
    END = "UPDATE sessions SET ended_at = $3 WHERE realm_id = $1 AND id = $2 AND ended_at IS NULL";
    END_ALL = "UPDATE sessions SET ended_at = $3 WHERE realm_id = $1 AND user_id = $2 AND ended_at IS NULL";
    END_REALM = "UPDATE sessions SET ended_at = $2 WHERE realm_id = $1 AND ended_at IS NULL";
    END_EXPIRED = "
        UPDATE sessions
        SET ended_at = $1
        WHERE ended_at IS NULL
            AND idle_expires_at <= $1
            AND (realm_id, id) IN (
                SELECT realm_id, id FROM sessions WHERE ended_at IS NULL AND idle_expires_at <= $1 LIMIT 25
            )
        RETURNING realm_id, id
    ";
    OWNER = "SELECT user_id FROM sessions WHERE realm_id = $1 AND id = $2";
    LIST = "
        SELECT id, user_id, auth_time, methods, last_seen_at, idle_expires_at, expires_at, remembered, address,
            user_agent
        FROM sessions
        WHERE realm_id = $1 AND user_id = $2 AND ended_at IS NULL AND idle_expires_at > $3 AND expires_at > $3
        ORDER BY last_seen_at DESC, id LIMIT 1000
    ";
}

#[derive(Clone, Debug)]
pub struct Session {
    pub id: SessionId,
    pub user_id: UserId,
    /// Time and methods of the authentication.
    pub authentication: Authentication,
    /// Time of the last recorded use.
    pub last_seen_at: Timestamp,
    /// Time at which it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// Time at which it ends in any case.
    pub expires_at: Timestamp,
    /// True if the person chose to stay signed in.
    pub remembered: bool,
}

impl SignedIn for Session {
    fn user(&self) -> &UserId {
        &self.user_id
    }

    fn auth_time(&self) -> Timestamp {
        self.authentication.time
    }
}

/// A session to be stored.
pub struct NewSession<'a> {
    pub session: &'a Session,
    /// Digest of its cookie.
    pub digest: Digest,
    /// Address of the browser.
    pub address: &'a str,
    pub user_agent: &'a str,
}

pub async fn insert(tx: &mut Tx, realm: &RealmId, new: &NewSession<'_>, now: Timestamp) -> Result<(), StoreError> {
    let methods = to_json(&new.session.authentication.methods)?;
    execute!(
        tx,
        INSERT,
        [
            realm.as_str(),
            new.session.id.as_str(),
            new.digest.as_bytes(),
            new.session.user_id.as_str(),
            new.session.authentication.time.as_millis(),
            &methods,
            now.as_millis(),
            new.session.idle_expires_at.as_millis(),
            new.session.expires_at.as_millis(),
            i64::from(new.session.remembered),
            new.address,
            new.user_agent
        ]
    )
    .map(|_| ())
}

/// Gives a session a new cookie and new times after its user has authenticated again. Returns false if it has ended.
/// The old cookie becomes invalid.
pub async fn renew(tx: &mut Tx, realm: &RealmId, new: &NewSession<'_>) -> Result<bool, StoreError> {
    let session = new.session;
    let methods = to_json(&session.authentication.methods)?;
    let done = execute!(
        tx,
        RENEW,
        [
            realm.as_str(),
            session.id.as_str(),
            new.digest.as_bytes(),
            session.authentication.time.as_millis(),
            &methods,
            session.idle_expires_at.as_millis(),
            session.expires_at.as_millis(),
            i64::from(session.remembered),
            new.address,
            new.user_agent
        ]
    );
    done.map(one)
}

/// Returns the session of this cookie, if it was not ended and its user is enabled and not cut off. It may have
/// expired: the caller must check.
pub async fn find(tx: &mut Tx, realm: &RealmId, cookie: Digest) -> Result<Option<Session>, StoreError> {
    Ok(find_beside(tx, realm, cookie, "").await?.map(|(session, _)| session))
}

/// Returns the session of this cookie as [`find`] does, with the consent of its user to this client.
pub async fn find_with_consent(
    tx: &mut Tx,
    realm: &RealmId,
    cookie: Digest,
    client: &ClientId,
) -> Result<Option<(Session, Option<Consent>)>, StoreError> {
    find_beside(tx, realm, cookie, client.as_str()).await
}

async fn find_beside(
    tx: &mut Tx,
    realm: &RealmId,
    cookie: Digest,
    client: &str,
) -> Result<Option<(Session, Option<Consent>)>, StoreError> {
    type Row = (String, String, i64, String, i64, i64, i64, i64, Option<String>, Option<String>);
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), cookie.as_bytes(), client])?;
    row.map(|(id, user, auth_time, methods, last_seen, idle, expires, remembered, scope, claims)| {
        let methods = from_json(&methods, "methods")?;
        let session = Session {
            id: SessionId::from_stored(id),
            user_id: UserId::from_stored(user),
            authentication: Authentication { time: Timestamp::from_millis(auth_time), methods },
            last_seen_at: Timestamp::from_millis(last_seen),
            idle_expires_at: Timestamp::from_millis(idle),
            expires_at: Timestamp::from_millis(expires),
            remembered: remembered != 0,
        };
        Ok((session, scope.zip(claims).map(consents::read).transpose()?))
    })
    .transpose()
}

/// Records a use of a session and extends its idle end.
pub async fn touch(
    tx: &mut Tx,
    realm: &RealmId,
    id: &SessionId,
    now: Timestamp,
    idle_expires_at: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, TOUCH, [realm.as_str(), id.as_str(), now.as_millis(), idle_expires_at.as_millis()]).map(|_| ())
}

/// Ends a session. Returns false if it had ended.
pub async fn end(tx: &mut Tx, realm: &RealmId, id: &SessionId, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, END, [realm.as_str(), id.as_str(), now.as_millis()]).map(one)
}

/// Ends all sessions of a user and returns their number.
pub async fn end_all(tx: &mut Tx, realm: &RealmId, user: &UserId, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, END_ALL, [realm.as_str(), user.as_str(), now.as_millis()])
}

/// Ends all sessions of a realm and returns their number.
pub async fn end_realm(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, END_REALM, [realm.as_str(), now.as_millis()])
}

/// Limit of sessions ended by one call of [`end_expired`].
pub const PORTION: u64 = 25;

pub struct ExpiredSession {
    pub realm: RealmId,
    pub id: SessionId,
}

/// Ends up to [`PORTION`] expired sessions. It looks only at the idle end, which is never later than the absolute end.
pub async fn end_expired(tx: &mut Tx, now: Timestamp) -> Result<Vec<ExpiredSession>, StoreError> {
    let rows: Vec<(String, String)> = fetch_all!(tx, END_EXPIRED, [now.as_millis()])?;
    let expired = |(realm, id)| ExpiredSession { realm: RealmId::from_stored(realm), id: SessionId::from_stored(id) };
    Ok(rows.into_iter().map(expired).collect())
}

/// Returns the user of a session, live or not.
pub async fn owner(tx: &mut Tx, realm: &RealmId, id: &SessionId) -> Result<Option<UserId>, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, OWNER, [realm.as_str(), id.as_str()])?;
    Ok(row.map(|(user,)| UserId::from_stored(user)))
}

#[derive(Clone, Debug)]
pub struct Listed {
    pub session: Session,
    /// Address at the last authentication.
    pub address: String,
    /// `User-Agent` at the last authentication.
    pub user_agent: String,
}

row! {
    struct Row {
        id: String,
        user_id: String,
        auth_time: i64,
        methods: String,
        last_seen_at: i64,
        idle_expires_at: i64,
        expires_at: i64,
        remembered: i64,
        address: String,
        user_agent: String,
    }
}

/// Returns the live sessions of a user, the last used first, at most 1000.
pub async fn list(tx: &mut Tx, realm: &RealmId, user: &UserId, now: Timestamp) -> Result<Vec<Listed>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, LIST, [realm.as_str(), user.as_str(), now.as_millis()])?;
    let listed = |row: Row| {
        let methods = from_json(&row.methods, "methods")?;
        let session = Session {
            id: SessionId::from_stored(row.id),
            user_id: UserId::from_stored(row.user_id),
            authentication: Authentication { time: Timestamp::from_millis(row.auth_time), methods },
            last_seen_at: Timestamp::from_millis(row.last_seen_at),
            idle_expires_at: Timestamp::from_millis(row.idle_expires_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            remembered: row.remembered != 0,
        };
        Ok(Listed { session, address: row.address, user_agent: row.user_agent })
    };
    rows.into_iter().map(listed).collect()
}
