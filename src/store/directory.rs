//! People as administrators see and change them: pages of a list, one person with what they hold, changes, removal.

use super::embedded::row;
use super::rows::one;
use super::tx::{execute, fetch_all, fetch_one, fetch_optional, statements};
use super::{StoreError, Tx};
use crate::protocol::ids::{RealmId, UserId};
use crate::protocol::person::{EmailAddress, Username};
use crate::protocol::time::Timestamp;

statements! {
    PAGE = "SELECT id, username, email, email_verified, enabled, valid_from, created_at FROM users \
            WHERE realm_id = $1 AND username_key > $2 AND enabled <= $3 \
            AND (username_key LIKE $4 ESCAPE '\\' OR email_key LIKE $4 ESCAPE '\\') \
            ORDER BY username_key LIMIT $5";
    HISTORY = "SELECT u.version, u.created_at, u.updated_at, p.updated_at AS password_set_at, \
               (SELECT max(s.auth_time) FROM sessions s WHERE s.realm_id = u.realm_id AND s.user_id = u.id) \
               AS session_begun, \
               (SELECT max(d.last_used_at) FROM known_devices d WHERE d.realm_id = u.realm_id AND d.user_id = u.id) \
               AS device_used \
               FROM users u LEFT JOIN passwords p ON p.realm_id = u.realm_id AND p.user_id = u.id \
               WHERE u.realm_id = $1 AND u.id = $2";
    UPDATE = "UPDATE users SET username = $3, username_key = $4, email = $5, email_key = $6, email_verified = $7, \
              claims = $8, attributes = $9, updated_at = $10, version = version + 1 \
              WHERE realm_id = $1 AND id = $2 AND version = $11";
    LIKE_ADDRESSES = "SELECT count(*) AS users FROM users WHERE realm_id = $1 AND username_key LIKE '%@%'";
    DROP_ROLE = "DELETE FROM user_roles WHERE realm_id = $1 AND user_id = $2 AND role = $3";
    FORGET_DEVICES = "DELETE FROM known_devices WHERE realm_id = $1 AND user_id = $2";
    FORGET_MAILS = "DELETE FROM outbox WHERE realm_id = $1 AND user_id = $2 AND kind = 'mail'";
    DELETE = "DELETE FROM users WHERE realm_id = $1 AND id = $2";
}

/// The people of a page.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// The key of the name that the page begins after; empty for the first page.
    pub after: &'a str,
    /// A text that the key of the name or the address contains; empty for all.
    pub containing: &'a str,
    /// Their standing.
    pub standing: Wanted,
    /// The most people of the page.
    pub limit: i64,
}

/// The standing of the people of a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    /// Everyone.
    #[default]
    All,
    /// People who are disabled.
    Disabled,
}

/// A person of a page.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The `sub`.
    pub id: UserId,
    /// The name to sign in with, as typed.
    pub username: String,
    /// The address, as typed; true beside it where it is known to be theirs.
    pub email: Option<(String, bool)>,
    /// False for people who are disabled.
    pub enabled: bool,
    /// The time from which on they may sign in; in the future for people who are banned.
    pub valid_from: Timestamp,
    /// The time at which they were added.
    pub created_at: Timestamp,
}

row! {
    struct ListedRow {
        id: String,
        username: String,
        email: Option<String>,
        email_verified: i64,
        enabled: i64,
        valid_from: i64,
        created_at: i64,
    }
}

/// A page of people, by name.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn page(tx: &mut Tx, realm: &RealmId, page: &Page<'_>) -> Result<Vec<Listed>, StoreError> {
    let highest = i64::from(page.standing == Wanted::All);
    let pattern = pattern(page.containing);
    let rows: Vec<ListedRow> = fetch_all!(tx, PAGE, [realm.as_str(), page.after, highest, &pattern, page.limit])?;
    let listed = |row: ListedRow| Listed {
        id: UserId::from_stored(row.id),
        username: row.username,
        email: row.email.map(|address| (address, row.email_verified != 0)),
        enabled: row.enabled != 0,
        valid_from: Timestamp::from_millis(row.valid_from),
        created_at: Timestamp::from_millis(row.created_at),
    };
    Ok(rows.into_iter().map(listed).collect())
}

/// The pattern of what contains a text.
fn pattern(text: &str) -> String {
    let literal = |c: char| if matches!(c, '%' | '_' | '\\') { vec!['\\', c] } else { vec![c] };
    format!("%{}%", text.chars().flat_map(literal).collect::<String>())
}

/// Counts the people whose name could be taken for an address, from before names could not.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn named_like_addresses(tx: &mut Tx, realm: &RealmId) -> Result<i64, StoreError> {
    let (users,): (i64,) = fetch_one!(tx, LIKE_ADDRESSES, [realm.as_str()])?;
    Ok(users)
}

/// The history of a person's row.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// The number of the last change.
    pub version: i64,
    /// The time at which they were added.
    pub created_at: Timestamp,
    /// The time of the last change.
    pub updated_at: Timestamp,
    /// The time at which their password was set, where they have one.
    pub password_set_at: Option<Timestamp>,
    /// The last sign-in that a session or a known browser still records.
    pub last_login_at: Option<Timestamp>,
}

row! {
    struct HistoryRow {
        version: i64,
        created_at: i64,
        updated_at: i64,
        password_set_at: Option<i64>,
        session_begun: Option<i64>,
        device_used: Option<i64>,
    }
}

/// The history of a person's row. Read it before the person: then its version is that of the person, or too old to
/// replace them.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn history(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<Option<History>, StoreError> {
    let row: Option<HistoryRow> = fetch_optional!(tx, HISTORY, [realm.as_str(), id.as_str()])?;
    Ok(row.map(|row| History {
        version: row.version,
        created_at: Timestamp::from_millis(row.created_at),
        updated_at: Timestamp::from_millis(row.updated_at),
        password_set_at: row.password_set_at.map(Timestamp::from_millis),
        last_login_at: row.session_begun.max(row.device_used).map(Timestamp::from_millis),
    }))
}

/// Attributes that take the place of what was read with a version.
pub struct Replacement {
    /// The name to sign in with.
    pub username: Username,
    /// The address.
    pub email: Option<EmailAddress>,
    /// True where it is known to be theirs.
    pub email_verified: bool,
    /// The standard claims as JSON, checked.
    pub claims: String,
    /// Further values as JSON.
    pub attributes: String,
    /// The version that they were made from.
    pub version: i64,
}

/// Replaces the attributes of a person, unless they were changed or removed since they were read; whether it did.
///
/// # Errors
/// [`StoreError::Conflict`] where the name or the address is taken.
pub async fn replace(
    tx: &mut Tx,
    realm: &RealmId,
    id: &UserId,
    next: &Replacement,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(
        tx,
        UPDATE,
        [
            realm.as_str(),
            id.as_str(),
            next.username.as_str(),
            next.username.key(),
            next.email.as_ref().map(EmailAddress::as_str),
            next.email.as_ref().map(EmailAddress::key),
            i64::from(next.email_verified),
            &next.claims,
            &next.attributes,
            now.as_millis(),
            next.version
        ]
    )
    .map(one)
}

/// Takes a role from a person.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn drop_role(tx: &mut Tx, realm: &RealmId, id: &UserId, role: &str) -> Result<(), StoreError> {
    execute!(tx, DROP_ROLE, [realm.as_str(), id.as_str(), role]).map(|_| ())
}

/// Forgets the browsers that a person has signed in with; how many there were.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn forget_devices(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<u64, StoreError> {
    execute!(tx, FORGET_DEVICES, [realm.as_str(), id.as_str()])
}

/// Deletes a person with everything that is stored of them, and mails to them that have not left; whether there was one.
/// Messages to applications about the end of their sessions stay, since these name the `sub` alone.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn delete(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<bool, StoreError> {
    execute!(tx, FORGET_MAILS, [realm.as_str(), id.as_str()])?;
    execute!(tx, DELETE, [realm.as_str(), id.as_str()]).map(one)
}
