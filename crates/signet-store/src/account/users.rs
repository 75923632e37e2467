//! Users: attributes, password hash, roles and standing.

use serde_json::{Map, Value};

use crate::engine::embedded::row;
use crate::engine::rows::{from_json, one};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::account::person::{EmailAddress, Username};
use signet_protocol::claims::standard::PersonClaims;
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO users (realm_id, id, username, username_key, email, email_key, email_verified, claims,
            attributes, salt, enabled, valid_from, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, 0, $11, $11)
    ";
    FIND = "
        SELECT u.id, u.username, u.email, u.email_verified, u.claims, u.attributes, u.enabled, u.valid_from,
            u.updated_at, r.role
        FROM users u
        LEFT JOIN user_roles r ON r.realm_id = u.realm_id AND r.user_id = u.id
        WHERE u.realm_id = $1 AND u.id = $2
        ORDER BY r.role
    ";
    FIND_FOR_LOGIN = "
        SELECT u.id, u.enabled, u.valid_from, p.hash, p.updated_at, p.must_change
        FROM users u
        LEFT JOIN passwords p ON p.realm_id = u.realm_id AND p.user_id = u.id
        WHERE u.realm_id = $1 AND (u.username_key = $2 OR u.email_key = $2)
        ORDER BY CASE WHEN u.username_key = $2 THEN 0 ELSE 1 END LIMIT 1
    ";
    FIND_LOGIN_OF = "
        SELECT u.id, u.enabled, u.valid_from, p.hash, p.updated_at, p.must_change
        FROM users u
        LEFT JOIN passwords p ON p.realm_id = u.realm_id AND p.user_id = u.id
        WHERE u.realm_id = $1 AND u.id = $2
    ";
    HOLD_PASSWORD = "
        SELECT user_id
        FROM passwords
        WHERE realm_id = $1 AND user_id = $2 AND updated_at = $3
        FOR NO KEY UPDATE
    ";
    SOME_HASHES = "SELECT hash FROM passwords WHERE realm_id = $1 ORDER BY user_id LIMIT 1000";
    NEXT_WORK = "SELECT min(work) AS work FROM passwords WHERE realm_id = $1 AND work > $2";
    SET_PASSWORD = "
        INSERT INTO passwords (realm_id, user_id, hash, work, must_change, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (realm_id, user_id)
        DO UPDATE SET hash = excluded.hash, work = excluded.work, must_change = excluded.must_change,
            updated_at = CASE
                WHEN excluded.updated_at > passwords.updated_at THEN excluded.updated_at
                ELSE passwords.updated_at + 1
            END
    ";
    REHASH = "UPDATE passwords SET hash = $4, work = NULL WHERE realm_id = $1 AND user_id = $2 AND hash = $3";
    ADD_ROLE = "
        INSERT INTO user_roles (realm_id, user_id, role)
        VALUES ($1, $2, $3)
        ON CONFLICT (realm_id, user_id, role) DO NOTHING
    ";
    CUT_OFF = "UPDATE users SET valid_from = $3 WHERE realm_id = $1 AND id = $2 AND valid_from < $3";
    DISABLE = "UPDATE users SET enabled = 0, updated_at = $3 WHERE realm_id = $1 AND id = $2";
    ENABLE = "
        UPDATE users
        SET enabled = 1, valid_from = $3, updated_at = $3
        WHERE realm_id = $1 AND id = $2 AND (enabled = 0 OR valid_from > $3)
    ";
    BANNED = "SELECT count(*) AS banned FROM users WHERE realm_id = $1 AND valid_from > $2";
}

/// Limit of the distinct works of imported hashes that are read.
const MAX_WORKS: usize = 100;

/// A user, as tokens and pages need it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    pub username: String,
    /// E-mail address, as typed, and whether it is verified.
    pub email: Option<(String, bool)>,
    pub claims: PersonClaims,
    /// Further attributes, for claim mappers.
    pub attributes: Map<String, Value>,
    pub roles: Vec<String>,
    /// False if the user can neither sign in nor get tokens.
    pub enabled: bool,
    /// Logins and grants up to this time are void. It may be in the future.
    pub valid_from: Timestamp,
}

impl User {
    /// Estimates the memory in bytes, JSON as three times its length.
    pub(crate) fn weight(&self) -> usize {
        let claims = serde_json::to_vec(&self.claims).map_or(0, |json| json.len());
        let attributes = serde_json::to_vec(&self.attributes).map_or(0, |json| json.len());
        let roles: usize = self.roles.iter().map(|role| size_of::<String>() + role.len()).sum();
        let address = self.email.as_ref().map_or(0, |(address, _)| address.len());
        size_of::<Self>() + self.username.len() + address + roles + 3 * (claims + attributes)
    }
}

/// A user to be added.
pub struct NewUser<'a> {
    pub id: &'a UserId,
    pub username: &'a Username,
    pub email: Option<&'a EmailAddress>,
    pub email_verified: bool,
    /// Standard claims as validated JSON.
    pub claims: &'a str,
    /// Further attributes as JSON.
    pub attributes: &'a str,
    /// Salt for keys of the user's secrets. Not used yet.
    pub salt: [u8; 16],
}

/// Data of a user for a login.
pub struct LoginRecord {
    pub id: UserId,
    pub enabled: bool,
    /// Time from which on the user can sign in.
    pub valid_from: Timestamp,
    pub password: Option<StoredPassword>,
}

/// A password hash with its time.
#[derive(Clone)]
pub struct StoredPassword {
    pub hash: String,
    /// Time at which it was set; strictly increasing for each user.
    pub set_at: Timestamp,
    pub validity: Validity,
}

/// The time for which a password lets its person sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    Lasting,
    /// Until the next sign-in, which begins with the choice of another one.
    NextSignIn,
}

/// A password hash to be stored.
#[derive(Clone, Debug)]
pub struct NewPassword {
    pub hash: String,
    /// Work of checking a hash of another system, apart from argon2's.
    pub work: Option<String>,
    pub validity: Validity,
}

impl NewPassword {
    /// Returns a hash of the server's own.
    pub fn own(hash: String, validity: Validity) -> Self {
        Self { hash, work: None, validity }
    }
}

/// # Errors
/// [`StoreError::Conflict`] if the username or the address is taken.
pub async fn insert(tx: &mut Tx, realm: &RealmId, user: &NewUser<'_>, now: Timestamp) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            realm.as_str(),
            user.id.as_str(),
            user.username.as_str(),
            user.username.key(),
            user.email.map(EmailAddress::as_str),
            user.email.map(EmailAddress::key),
            i64::from(user.email_verified),
            user.claims,
            user.attributes,
            user.salt.as_slice(),
            now.as_millis()
        ]
    )
    .map(|_| ())
}

row! {
    /// A row of [`FIND`]: the user with one role.
    struct Row {
        id: String,
        username: String,
        email: Option<String>,
        email_verified: i64,
        claims: String,
        attributes: String,
        enabled: i64,
        valid_from: i64,
        updated_at: i64,
        role: Option<String>,
    }
}

pub async fn find(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<Option<User>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, FIND, [realm.as_str(), id.as_str()])?;
    let roles = rows.iter().filter_map(|row| row.role.clone()).collect();
    let Some(row) = rows.into_iter().next() else { return Ok(None) };
    let claims = PersonClaims::from_json(&row.claims).map_err(|_| StoreError::Corrupt("claims"))?;
    Ok(Some(User {
        id: UserId::from_stored(row.id),
        username: row.username,
        email: row.email.map(|address| (address, row.email_verified != 0)),
        claims: claims.updated_at(Timestamp::from_millis(row.updated_at)),
        attributes: from_json(&row.attributes, "attributes")?,
        roles,
        enabled: row.enabled != 0,
        valid_from: Timestamp::from_millis(row.valid_from),
    }))
}

/// Returns the user whose username or address has this key; a username has precedence.
pub async fn find_for_login(tx: &mut Tx, realm: &RealmId, key: &str) -> Result<Option<LoginRecord>, StoreError> {
    let row: Option<LoginRow> = fetch_optional!(tx, FIND_FOR_LOGIN, [realm.as_str(), key])?;
    Ok(row.map(LoginRecord::from))
}

/// Returns the data for a login of a user who is already known.
pub async fn find_login_of(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<Option<LoginRecord>, StoreError> {
    let row: Option<LoginRow> = fetch_optional!(tx, FIND_LOGIN_OF, [realm.as_str(), id.as_str()])?;
    Ok(row.map(LoginRecord::from))
}

/// A row of [`FIND_FOR_LOGIN`].
type LoginRow = (String, i64, i64, Option<String>, Option<i64>, Option<i64>);

impl From<LoginRow> for LoginRecord {
    fn from((id, enabled, valid_from, hash, set_at, must_change): LoginRow) -> Self {
        let validity = if must_change == Some(1) { Validity::NextSignIn } else { Validity::Lasting };
        let stored = |(hash, set_at)| StoredPassword { hash, set_at: Timestamp::from_millis(set_at), validity };
        Self {
            id: UserId::from_stored(id),
            enabled: enabled != 0,
            valid_from: Timestamp::from_millis(valid_from),
            password: hash.zip(set_at).map(stored),
        }
    }
}

/// Returns some stored hashes, to measure their cost.
pub async fn some_hashes(tx: &mut Tx, realm: &RealmId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, SOME_HASHES, [realm.as_str()])?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

/// Returns the distinct works of checking imported hashes. Each takes a statement, and there are few; with none, one.
pub async fn foreign_works(tx: &mut Tx, realm: &RealmId) -> Result<Vec<String>, StoreError> {
    let mut works: Vec<String> = Vec::new();
    loop {
        let after = works.last().map_or("", String::as_str);
        let (next,): (Option<String>,) = fetch_one!(tx, NEXT_WORK, [realm.as_str(), after])?;
        match next {
            Some(next) if works.len() < MAX_WORKS => works.push(next),
            Some(_) | None => return Ok(works),
        }
    }
}

pub async fn set_password(
    tx: &mut Tx,
    realm: &RealmId,
    id: &UserId,
    new: &NewPassword,
    now: Timestamp,
) -> Result<(), StoreError> {
    let must_change = i64::from(new.validity == Validity::NextSignIn);
    let NewPassword { hash, work, .. } = new;
    execute!(tx, SET_PASSWORD, [realm.as_str(), id.as_str(), hash, work, must_change, now.as_millis()]).map(|_| ())
}

/// Locks the password of a user until the transaction ends, if it was set at this time. A concurrent change waits, and
/// then ends the session that began with the old password.
pub async fn lock_password(tx: &mut Tx, realm: &RealmId, id: &UserId, set_at: Timestamp) -> Result<bool, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, HOLD_PASSWORD, [realm.as_str(), id.as_str(), set_at.as_millis()])?;
    Ok(row.is_some())
}

pub async fn rehash(tx: &mut Tx, realm: &RealmId, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
    execute!(tx, REHASH, [realm.as_str(), id.as_str(), old, new]).map(|_| ())
}

pub async fn add_role(tx: &mut Tx, realm: &RealmId, id: &UserId, role: &str) -> Result<(), StoreError> {
    execute!(tx, ADD_ROLE, [realm.as_str(), id.as_str(), role]).map(|_| ())
}

/// Voids logins and grants up to `valid_from`. A later cut-off stays.
pub async fn cut_off(tx: &mut Tx, realm: &RealmId, id: &UserId, valid_from: Timestamp) -> Result<(), StoreError> {
    execute!(tx, CUT_OFF, [realm.as_str(), id.as_str(), valid_from.as_millis()]).map(|_| ())
}

/// Disables a user and voids logins and grants up to now.
pub async fn disable(tx: &mut Tx, realm: &RealmId, id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, DISABLE, [realm.as_str(), id.as_str(), now.as_millis()])?;
    cut_off(tx, realm, id, now).await
}

/// Enables a disabled or banned user. Everything issued until now stays void. Returns false if nothing changed.
pub async fn enable(tx: &mut Tx, realm: &RealmId, id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, ENABLE, [realm.as_str(), id.as_str(), now.as_millis()]).map(one)
}

/// Counts the users that are banned until a time in the future.
pub async fn count_banned(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<i64, StoreError> {
    let (banned,): (i64,) = fetch_one!(tx, BANNED, [realm.as_str(), now.as_millis()])?;
    Ok(banned)
}
