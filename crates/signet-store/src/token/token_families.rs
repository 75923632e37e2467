//! Token families: one row per grant, with the digest of its one live refresh token. Rotation is one guarded write.

pub mod list;

use crate::authorize::consents::ConsentKey;
use crate::engine::embedded::row;
use crate::engine::rows::{self, from_json, one, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
pub use list::{FamilyOwner, Listed, list};
use signet_protocol::claims::requested::RequestedClaims;
use signet_protocol::ids::{ClientId, FamilyId, RealmId, SessionId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;
use signet_protocol::token::authentication::Authentication;
use signet_protocol::token::refresh::FamilyState;

statements! {
    INSERT = "
        INSERT INTO token_families (realm_id, id, client_id, user_id, session_id, offline, scope, resources,
            auth_time, methods, claims, generation, leaf, created_at, idle_expires_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, $12, $13, $14, $15)
    ";
    FIND = "
        SELECT f.client_id, f.user_id, f.session_id, f.offline, f.scope, f.resources, f.auth_time, f.methods,
            f.claims, f.generation, f.leaf, f.rotated_at, f.idle_expires_at, f.expires_at, f.revoked_at, u.enabled,
            c.enabled AS client_enabled,
            CASE WHEN r.valid_from > u.valid_from THEN r.valid_from ELSE u.valid_from END AS valid_from,
            s.last_seen_at, s.idle_expires_at AS session_idle_end, s.expires_at AS session_end, s.remembered
        FROM token_families f
        JOIN users u ON u.realm_id = f.realm_id AND u.id = f.user_id
        JOIN clients c ON c.realm_id = f.realm_id AND c.id = f.client_id
        JOIN realms r ON r.id = f.realm_id
        LEFT JOIN sessions s ON s.realm_id = f.realm_id AND s.id = f.session_id AND s.ended_at IS NULL
        WHERE f.realm_id = $1 AND f.id = $2
    ";
    ROTATE = "
        UPDATE token_families
        SET generation = generation + 1, leaf = $4, rotated_at = $5, idle_expires_at = $6
        WHERE realm_id = $1 AND id = $2 AND leaf = $3 AND revoked_at IS NULL
    ";
    TAKE_BACK = "
        UPDATE token_families
        SET generation = generation - 1, leaf = $4,
            rotated_at = CASE WHEN generation = 1 THEN NULL ELSE created_at END
        WHERE realm_id = $1 AND id = $2 AND leaf = $3 AND revoked_at IS NULL
    ";
    REVOKE = "
        UPDATE token_families
        SET revoked_at = $3, revoked_because = $4
        WHERE realm_id = $1 AND id = $2 AND revoked_at IS NULL
    ";
    REVOKE_SESSION = "
        UPDATE token_families
        SET revoked_at = $3, revoked_because = $4
        WHERE realm_id = $1 AND session_id = $2 AND offline = 0 AND revoked_at IS NULL
    ";
    REVOKE_CLIENT = "
        UPDATE token_families
        SET revoked_at = $3, revoked_because = $4
        WHERE realm_id = $1 AND client_id = $2 AND revoked_at IS NULL
    ";
    REVOKE_USER = "
        UPDATE token_families
        SET revoked_at = $3, revoked_because = $4
        WHERE realm_id = $1 AND user_id = $2 AND revoked_at IS NULL
    ";
    REVOKE_OTHERS = "
        UPDATE token_families
        SET revoked_at = $4, revoked_because = $5
        WHERE realm_id = $1 AND user_id = $2 AND session_id <> $3 AND revoked_at IS NULL
    ";
    REVOKE_CONSENT = "
        UPDATE token_families
        SET revoked_at = $4, revoked_because = $5
        WHERE realm_id = $1 AND user_id = $2 AND client_id = $3 AND revoked_at IS NULL
    ";
    REVOKE_REALM = "
        UPDATE token_families
        SET revoked_at = $2, revoked_because = $3
        WHERE realm_id = $1 AND revoked_at IS NULL
    ";
}

/// A family with the data for its next tokens.
#[derive(Clone, Debug)]
pub struct Family {
    /// Published as `grant_id`.
    pub id: FamilyId,
    pub user_id: UserId,
    pub session_id: SessionId,
    /// True if it outlives the session.
    pub offline: bool,
    /// Use of its session; `None` if the session has ended, expired, or been deleted. [`insert`] ignores it.
    pub session_use: Option<SessionUse>,
    pub scope: Scope,
    /// Resources that tokens may be for.
    pub resources: Vec<String>,
    pub authentication: Authentication,
    /// Claims requested one by one (OpenID Connect Core §5.5).
    pub claims: RequestedClaims,
    /// Input of the rotation rule.
    pub state: FamilyState,
}

impl Family {
    /// Returns true if all tokens issued from it are void. If only its session has expired, its access tokens stay
    /// valid.
    pub const fn is_void(&self) -> bool {
        self.state.revoked && (self.offline || self.session_use.is_some())
    }
}

/// The use of a live session, which a refresh checks and extends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionUse {
    /// Time of the last recorded use.
    pub last_seen_at: Timestamp,
    /// Time at which it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// Time at which it ends in any case.
    pub expires_at: Timestamp,
    /// True if the person chose to stay signed in.
    pub remembered: bool,
}

/// Stores a new family.
pub async fn insert(tx: &mut Tx, realm: &RealmId, family: &Family, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            realm.as_str(),
            family.id.as_str(),
            family.state.client_id.as_str(),
            family.user_id.as_str(),
            family.session_id.as_str(),
            i64::from(family.offline),
            family.scope.to_string(),
            to_json(&family.resources)?,
            family.authentication.time.as_millis(),
            to_json(&family.authentication.methods)?,
            written_claims(&family.claims)?,
            family.state.leaf.as_bytes(),
            now.as_millis(),
            family.state.idle_expires_at.as_millis(),
            family.state.expires_at.as_millis()
        ]
    )
    .map(|_| ())
}

row! {
    struct Row {
        client_id: String,
        user_id: String,
        session_id: String,
        offline: i64,
        scope: String,
        resources: String,
        auth_time: i64,
        methods: String,
        claims: String,
        generation: i64,
        leaf: Vec<u8>,
        rotated_at: Option<i64>,
        idle_expires_at: i64,
        expires_at: i64,
        revoked_at: Option<i64>,
        enabled: i64,
        client_enabled: i64,
        valid_from: i64,
        last_seen_at: Option<i64>,
        session_idle_end: Option<i64>,
        session_end: Option<i64>,
        remembered: Option<i64>,
    }
}

impl Row {
    /// Returns the use of the session, unless it has ended, expired, or been deleted.
    fn session_use(&self, now: Timestamp) -> Option<SessionUse> {
        let live = SessionUse {
            last_seen_at: Timestamp::from_millis(self.last_seen_at?),
            idle_expires_at: Timestamp::from_millis(self.session_idle_end?),
            expires_at: Timestamp::from_millis(self.session_end?),
            remembered: self.remembered? != 0,
        };
        (now < live.idle_expires_at && now < live.expires_at).then_some(live)
    }

    /// Returns true if nothing may be issued from the family.
    fn is_over(&self, now: Timestamp) -> bool {
        let without_session = self.offline == 0 && self.session_use(now).is_none();
        let disabled = self.enabled == 0 || self.client_enabled == 0;
        self.revoked_at.is_some() || disabled || self.valid_from >= self.auth_time || without_session
    }
}

/// Returns the family with this id in any state. It counts as revoked if its user is disabled or cut off, if its client
/// is disabled (this node may not know yet), or if it is bound to a session that has ended or expired.
pub async fn find(tx: &mut Tx, realm: &RealmId, id: &FamilyId, now: Timestamp) -> Result<Option<Family>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [realm.as_str(), id.as_str()])?;
    let Some(row) = row else { return Ok(None) };
    let revoked = row.is_over(now);
    let session_use = row.session_use(now);
    Ok(Some(Family {
        id: id.clone(),
        user_id: UserId::from_stored(row.user_id),
        session_id: SessionId::from_stored(row.session_id),
        offline: row.offline != 0,
        session_use,
        scope: rows::scope(&row.scope)?,
        resources: from_json(&row.resources, "resources")?,
        authentication: Authentication {
            time: Timestamp::from_millis(row.auth_time),
            methods: from_json(&row.methods, "methods")?,
        },
        claims: read_claims(&row.claims)?,
        state: FamilyState {
            client_id: ClientId::from_stored(row.client_id),
            generation: row.generation,
            leaf: rows::digest(&row.leaf)?,
            rotated_at: row.rotated_at.map(Timestamp::from_millis),
            idle_expires_at: Timestamp::from_millis(row.idle_expires_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            revoked,
        },
    }))
}

/// Serializes claims for storage; empty if none were requested.
fn written_claims(claims: &RequestedClaims) -> Result<String, StoreError> {
    if claims.is_empty() { Ok(String::new()) } else { to_json(claims) }
}

fn read_claims(stored: &str) -> Result<RequestedClaims, StoreError> {
    if stored.is_empty() { Ok(RequestedClaims::default()) } else { from_json(stored, "claims") }
}

/// A replacement of the live refresh token.
#[derive(Clone)]
pub struct Rotation {
    /// Digest of the current token.
    pub old: Digest,
    /// Digest of its successor.
    pub new: Digest,
    /// Time at which the family ends unless it is used again.
    pub idle_expires_at: Timestamp,
    /// The session to touch, if the family is bound to one and a new use is due to be recorded.
    pub session: Option<SessionTouch>,
}

/// A use of a session to be recorded.
#[derive(Clone)]
pub struct SessionTouch {
    pub id: SessionId,
    /// New time at which it ends unless it is used again.
    pub idle_expires_at: Timestamp,
}

/// Replaces the live token. Returns false if it has changed or the family is revoked.
pub async fn rotate(
    tx: &mut Tx,
    realm: &RealmId,
    id: &FamilyId,
    rotation: &Rotation,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(
        tx,
        ROTATE,
        [
            realm.as_str(),
            id.as_str(),
            rotation.old.as_bytes(),
            rotation.new.as_bytes(),
            now.as_millis(),
            rotation.idle_expires_at.as_millis()
        ]
    )
    .map(one)
}

/// Undoes a rotation whose successor was never sent, if the successor is still the live token.
pub async fn undo_rotation(tx: &mut Tx, realm: &RealmId, id: &FamilyId, rotation: &Rotation) -> Result<(), StoreError> {
    let new = rotation.new.as_bytes();
    let old = rotation.old.as_bytes();
    execute!(tx, TAKE_BACK, [realm.as_str(), id.as_str(), new, old]).map(|_| ())
}

/// Revokes a family. Returns false if it was revoked before.
pub async fn revoke(
    tx: &mut Tx,
    realm: &RealmId,
    id: &FamilyId,
    because: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(tx, REVOKE, [realm.as_str(), id.as_str(), now.as_millis(), because]).map(one)
}

/// Revokes the families that are bound to a session and returns their number.
pub async fn revoke_session(
    tx: &mut Tx,
    realm: &RealmId,
    session: &SessionId,
    because: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    execute!(tx, REVOKE_SESSION, [realm.as_str(), session.as_str(), now.as_millis(), because])
}

/// Revokes all families of a user and returns their number.
pub async fn revoke_user(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    because: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    execute!(tx, REVOKE_USER, [realm.as_str(), user.as_str(), now.as_millis(), because])
}

/// The families of a user apart from those of a session.
#[derive(Clone, Copy, Debug)]
pub struct Others<'a> {
    pub user: &'a UserId,
    pub kept: Option<&'a SessionId>,
    pub because: &'a str,
}

/// Revokes the families of a user that do not belong to a session, and returns their number.
pub async fn revoke_others(
    tx: &mut Tx,
    realm: &RealmId,
    others: Others<'_>,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let Others { user, kept, because } = others;
    let kept = kept.map_or("", SessionId::as_str);
    execute!(tx, REVOKE_OTHERS, [realm.as_str(), user.as_str(), kept, now.as_millis(), because])
}

/// Revokes all families of a client and returns their number.
pub async fn revoke_client(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    because: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    execute!(tx, REVOKE_CLIENT, [realm.as_str(), client.as_str(), now.as_millis(), because])
}

/// Revokes the families of a user at a client and returns their number.
pub async fn revoke_consent(
    tx: &mut Tx,
    realm: &RealmId,
    key: ConsentKey<'_>,
    because: &str,
    now: Timestamp,
) -> Result<u64, StoreError> {
    let user = key.user.as_str();
    let client = key.client.as_str();
    execute!(tx, REVOKE_CONSENT, [realm.as_str(), user, client, now.as_millis(), because])
}

/// Revokes all families of a realm and returns their number.
pub async fn revoke_realm(tx: &mut Tx, realm: &RealmId, because: &str, now: Timestamp) -> Result<u64, StoreError> {
    execute!(tx, REVOKE_REALM, [realm.as_str(), now.as_millis(), because])
}
