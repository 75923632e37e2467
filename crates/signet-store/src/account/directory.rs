//! Users as administrators see them: pages of a list, history, updates, removal.

use crate::engine::embedded::row;
use crate::engine::rows::one;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::account::person::{EmailAddress, Username};
use signet_protocol::ids::{RealmId, UserId};
use signet_protocol::time::Timestamp;

statements! {
    PAGE = "
        SELECT id, username, email, email_verified, enabled, valid_from, created_at
        FROM users
        WHERE realm_id = $1
            AND username_key > $2
            AND enabled <= $3
            AND (username_key LIKE $4 ESCAPE '\\' OR email_key LIKE $4 ESCAPE '\\')
        ORDER BY username_key LIMIT $5
    ";
    HISTORY = "
        SELECT u.version, u.created_at, u.updated_at, p.updated_at AS password_set_at,
            (SELECT max(s.auth_time) FROM sessions s WHERE s.realm_id = u.realm_id AND s.user_id = u.id)
                AS session_begun,
            (SELECT max(d.last_used_at) FROM known_devices d WHERE d.realm_id = u.realm_id AND d.user_id = u.id)
                AS device_used
        FROM users u
        LEFT JOIN passwords p ON p.realm_id = u.realm_id AND p.user_id = u.id
        WHERE u.realm_id = $1 AND u.id = $2
    ";
    UPDATE = "
        UPDATE users
        SET username = $3, username_key = $4, email = $5, email_key = $6, email_verified = $7, claims = $8,
            attributes = $9, updated_at = $10, version = version + 1
        WHERE realm_id = $1 AND id = $2 AND version = $11
    ";
    LIKE_ADDRESSES = "SELECT count(*) AS users FROM users WHERE realm_id = $1 AND username_key LIKE '%@%'";
    DROP_ROLE = "DELETE FROM user_roles WHERE realm_id = $1 AND user_id = $2 AND role = $3";
    FORGET_DEVICES = "DELETE FROM known_devices WHERE realm_id = $1 AND user_id = $2";
    FORGET_MAILS = "DELETE FROM outbox WHERE realm_id = $1 AND user_id = $2 AND kind = 'mail'";
    DELETE = "DELETE FROM users WHERE realm_id = $1 AND id = $2";
}

/// A query for one page of users.
#[derive(Clone, Debug)]
pub struct Page<'a> {
    /// Key of the username after which the page starts; empty for the first page.
    pub after: &'a str,
    /// Substring of the key of the username or address; empty for all users.
    pub containing: &'a str,
    pub standing: Wanted,
    /// Maximum number of users per page.
    pub limit: i64,
}

/// A filter of a list by standing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Wanted {
    #[default]
    All,
    Disabled,
}

/// A user as lists show it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub id: UserId,
    pub username: String,
    /// E-mail address, as typed, and whether it is verified.
    pub email: Option<(String, bool)>,
    pub enabled: bool,
    /// Time from which on the user can sign in; in the future for banned users.
    pub valid_from: Timestamp,
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

/// Returns a page of users ordered by username.
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

/// Returns the LIKE pattern for a substring.
fn pattern(text: &str) -> String {
    let literal = |c: char| if matches!(c, '%' | '_' | '\\') { vec!['\\', c] } else { vec![c] };
    format!("%{}%", text.chars().flat_map(literal).collect::<String>())
}

/// Counts usernames with an at sign, which were accepted by early versions.
pub async fn named_like_addresses(tx: &mut Tx, realm: &RealmId) -> Result<i64, StoreError> {
    let (users,): (i64,) = fetch_one!(tx, LIKE_ADDRESSES, [realm.as_str()])?;
    Ok(users)
}

/// Version and times of a user's row.
#[derive(Clone, Copy, Debug)]
pub struct History {
    /// Number of the last change.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Time of the last password change, if there is a password.
    pub password_set_at: Option<Timestamp>,
    /// The last sign-in that a stored session or known device records.
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

/// Returns the version and times of a user's row. Read it before the user: then the version is that of the user, or too
/// old for an update to succeed.
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

/// New attributes for a user in a known version.
pub struct Replacement {
    pub username: Username,
    pub email: Option<EmailAddress>,
    pub email_verified: bool,
    /// Standard claims as validated JSON.
    pub claims: String,
    /// Further attributes as JSON.
    pub attributes: String,
    /// The version that they are based on.
    pub version: i64,
}

/// Replaces the attributes of a user. Returns false if the user was changed or removed since this version.
///
/// # Errors
/// [`StoreError::Conflict`] if the username or the address is taken.
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

pub async fn drop_role(tx: &mut Tx, realm: &RealmId, id: &UserId, role: &str) -> Result<(), StoreError> {
    execute!(tx, DROP_ROLE, [realm.as_str(), id.as_str(), role]).map(|_| ())
}

/// Deletes the known devices of a user and returns their number.
pub async fn forget_devices(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<u64, StoreError> {
    execute!(tx, FORGET_DEVICES, [realm.as_str(), id.as_str()])
}

/// Deletes a user, all rows that refer to the user, and unsent mails. Returns false if there was none. Queued logout
/// messages to applications stay, since these contain only the `sub`.
pub async fn delete(tx: &mut Tx, realm: &RealmId, id: &UserId) -> Result<bool, StoreError> {
    execute!(tx, FORGET_MAILS, [realm.as_str(), id.as_str()])?;
    execute!(tx, DELETE, [realm.as_str(), id.as_str()]).map(one)
}
