//! People: who they are, the hash of their password, their roles, and whether they may sign in.

use serde_json::{Map, Value};

use super::embedded::row;
use super::rows::{from_json, one};
use super::tx::{execute, fetch_all, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::claims::PersonClaims;
use crate::protocol::ids::{RealmId, UserId};
use crate::protocol::person::{EmailAddress, Username};
use crate::protocol::time::Timestamp;

statements! {
    INSERT = "INSERT INTO users (realm_id, id, username, username_key, email, email_key, email_verified, claims, attributes, salt, enabled, valid_from, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, 0, $11, $11)";
    FIND = "SELECT u.id, u.username, u.email, u.email_verified, u.claims, u.attributes, u.enabled, u.valid_from, u.updated_at, r.role FROM users u LEFT JOIN user_roles r ON r.realm_id = u.realm_id AND r.user_id = u.id WHERE u.realm_id = $1 AND u.id = $2 ORDER BY r.role";
    FIND_FOR_LOGIN = "SELECT u.id, u.enabled, u.valid_from, p.hash, p.updated_at FROM users u \
                      LEFT JOIN passwords p ON p.realm_id = u.realm_id AND p.user_id = u.id \
                      WHERE u.realm_id = $1 AND (u.username_key = $2 OR u.email_key = $2) \
                      ORDER BY CASE WHEN u.username_key = $2 THEN 0 ELSE 1 END LIMIT 1";
    HOLD_PASSWORD = "SELECT user_id FROM passwords WHERE realm_id = $1 AND user_id = $2 AND updated_at = $3 \
                     FOR NO KEY UPDATE";
    SOME_HASHES = "SELECT hash FROM passwords WHERE realm_id = $1 ORDER BY user_id LIMIT 1000";
    SET_PASSWORD = "INSERT INTO passwords (realm_id, user_id, hash, updated_at) VALUES ($1, $2, $3, $4) \
                    ON CONFLICT (realm_id, user_id) DO UPDATE SET hash = excluded.hash, \
                    updated_at = CASE WHEN excluded.updated_at > passwords.updated_at \
                    THEN excluded.updated_at ELSE passwords.updated_at + 1 END";
    REHASH = "UPDATE passwords SET hash = $4 WHERE realm_id = $1 AND user_id = $2 AND hash = $3";
    ADD_ROLE = "INSERT INTO user_roles (realm_id, user_id, role) VALUES ($1, $2, $3) ON CONFLICT (realm_id, user_id, role) DO NOTHING";
    CUT_OFF = "UPDATE users SET valid_from = $3 WHERE realm_id = $1 AND id = $2 AND valid_from < $3";
    DISABLE = "UPDATE users SET enabled = 0, updated_at = $3 WHERE realm_id = $1 AND id = $2";
    ENABLE = "UPDATE users SET enabled = 1, valid_from = $3, updated_at = $3 WHERE realm_id = $1 AND id = $2 AND (enabled = 0 OR valid_from > $3)";
    BANNED = "SELECT count(*) AS banned FROM users WHERE realm_id = $1 AND valid_from > $2";
}

/// A person, as tokens and pages need them.
#[derive(Clone, Debug)]
pub struct User {
    /// The `sub`.
    pub id: UserId,
    /// The name to sign in with, as typed.
    pub username: String,
    /// The address, as typed, and whether the person has shown that it is theirs.
    pub email: Option<(String, bool)>,
    /// The standard claims.
    pub claims: PersonClaims,
    /// Further values, for claim mappers.
    pub attributes: Map<String, Value>,
    /// The roles.
    pub roles: Vec<String>,
    /// Whether the person may sign in and be spoken for.
    pub enabled: bool,
    /// Logins and grants from before this time are void; it may lie in the future.
    pub valid_from: Timestamp,
}

impl User {
    /// About how many bytes of memory this takes: text, and JSON at three times its length.
    pub(super) fn weight(&self) -> usize {
        let claims = serde_json::to_vec(&self.claims).map_or(0, |json| json.len());
        let attributes = serde_json::to_vec(&self.attributes).map_or(0, |json| json.len());
        let roles: usize = self.roles.iter().map(|role| size_of::<String>() + role.len()).sum();
        let address = self.email.as_ref().map_or(0, |(address, _)| address.len());
        size_of::<Self>() + self.username.len() + address + roles + 3 * (claims + attributes)
    }
}

/// A person who is new.
pub struct NewUser<'a> {
    /// The `sub`.
    pub id: &'a UserId,
    /// The name to sign in with.
    pub username: &'a Username,
    /// The address.
    pub email: Option<&'a EmailAddress>,
    /// Whether the address has been shown to be theirs.
    pub email_verified: bool,
    /// The standard claims as JSON, checked.
    pub claims: &'a str,
    /// Further values as JSON.
    pub attributes: &'a str,
    /// A salt for keys of this person's secrets; nothing is derived with it yet.
    pub salt: [u8; 16],
}

/// What a login needs to know.
pub struct LoginRecord {
    /// Who it is.
    pub id: UserId,
    /// Whether they may sign in.
    pub enabled: bool,
    /// From when on.
    pub valid_from: Timestamp,
    /// The password, if there is one.
    pub password: Option<StoredPassword>,
}

/// A password as it is stored.
#[derive(Clone)]
pub struct StoredPassword {
    /// Its hash.
    pub hash: String,
    /// The time at which it was set. Passwords of one person that follow each other have different times.
    pub set_at: Timestamp,
}

/// Adds a person.
///
/// # Errors
/// [`StoreError::Conflict`] where the name or the address is taken.
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
    /// A row of [`FIND`]: the person with one of their roles.
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

/// The person with this `sub`.
///
/// # Errors
/// [`StoreError`] where the database fails.
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

/// The person whose name or address has this key, the name first.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn find_for_login(tx: &mut Tx, realm: &RealmId, key: &str) -> Result<Option<LoginRecord>, StoreError> {
    type Row = (String, i64, i64, Option<String>, Option<i64>);
    let row: Option<Row> = fetch_optional!(tx, FIND_FOR_LOGIN, [realm.as_str(), key])?;
    Ok(row.map(|(id, enabled, valid_from, hash, set_at)| LoginRecord {
        id: UserId::from_stored(id),
        enabled: enabled != 0,
        valid_from: Timestamp::from_millis(valid_from),
        password: hash
            .zip(set_at)
            .map(|(hash, set_at)| StoredPassword { hash, set_at: Timestamp::from_millis(set_at) }),
    }))
}

/// A sample of the stored hashes, for what they cost.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn some_hashes(tx: &mut Tx, realm: &RealmId) -> Result<Vec<String>, StoreError> {
    let rows: Vec<(String,)> = fetch_all!(tx, SOME_HASHES, [realm.as_str()])?;
    Ok(rows.into_iter().map(|(hash,)| hash).collect())
}

/// Sets the hash of a person's password.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn set_password(
    tx: &mut Tx,
    realm: &RealmId,
    id: &UserId,
    hash: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, SET_PASSWORD, [realm.as_str(), id.as_str(), hash, now.as_millis()]).map(|_| ())
}

/// Holds the password of a person until the transaction ends, if it is the one that was set at this time. A concurrent
/// change waits, and then finds the session that began with it.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn hold_password(tx: &mut Tx, realm: &RealmId, id: &UserId, set_at: Timestamp) -> Result<bool, StoreError> {
    let row: Option<(String,)> = fetch_optional!(tx, HOLD_PASSWORD, [realm.as_str(), id.as_str(), set_at.as_millis()])?;
    Ok(row.is_some())
}

/// Replaces the hash of an unchanged password by one with newer parameters.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn rehash(tx: &mut Tx, realm: &RealmId, id: &UserId, old: &str, new: &str) -> Result<(), StoreError> {
    execute!(tx, REHASH, [realm.as_str(), id.as_str(), old, new]).map(|_| ())
}

/// Gives a person a role.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn add_role(tx: &mut Tx, realm: &RealmId, id: &UserId, role: &str) -> Result<(), StoreError> {
    execute!(tx, ADD_ROLE, [realm.as_str(), id.as_str(), role]).map(|_| ())
}

/// Voids what a person has from before `valid_from`. Of two such times the later holds.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn cut_off(tx: &mut Tx, realm: &RealmId, id: &UserId, valid_from: Timestamp) -> Result<(), StoreError> {
    execute!(tx, CUT_OFF, [realm.as_str(), id.as_str(), valid_from.as_millis()]).map(|_| ())
}

/// Disables a person and voids what they have from before.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn disable(tx: &mut Tx, realm: &RealmId, id: &UserId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, DISABLE, [realm.as_str(), id.as_str(), now.as_millis()])?;
    cut_off(tx, realm, id, now).await
}

/// Lets a person who was disabled or banned sign in again; what was issued until now stays void. Whether they were.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn enable(tx: &mut Tx, realm: &RealmId, id: &UserId, now: Timestamp) -> Result<bool, StoreError> {
    execute!(tx, ENABLE, [realm.as_str(), id.as_str(), now.as_millis()]).map(one)
}

/// How many people may not sign in before a time that is still to come.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn count_banned(tx: &mut Tx, realm: &RealmId, now: Timestamp) -> Result<i64, StoreError> {
    let (banned,): (i64,) = fetch_one!(tx, BANNED, [realm.as_str(), now.as_millis()])?;
    Ok(banned)
}
