//! Personal access tokens by digest, and the number that each person has made.

use crate::engine::embedded::row;
use crate::engine::rows::{self, from_json, one, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::account::personal_token::{Made, Quota};
use signet_protocol::ids::{PersonalTokenId, RealmId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    COUNT = "
        INSERT INTO personal_token_quotas (realm_id, user_id, day, made, last_at)
        VALUES ($1, $2, $3, 1, $4)
        ON CONFLICT (realm_id, user_id)
        DO UPDATE SET
            made = CASE WHEN personal_token_quotas.day = excluded.day THEN personal_token_quotas.made + 1 ELSE 1 END,
            day = excluded.day,
            last_at = excluded.last_at
        WHERE personal_token_quotas.last_at <= $5
            AND (personal_token_quotas.day <> excluded.day OR personal_token_quotas.made < $6)
    ";
    MADE = "SELECT day, made, last_at FROM personal_token_quotas WHERE realm_id = $1 AND user_id = $2";
    INSERT = "
        INSERT INTO personal_tokens (digest, realm_id, id, user_id, name, scope, resources, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ";
    LIST = "
        SELECT t.id, t.user_id, t.name, t.scope, t.resources, t.created_at, t.expires_at, t.used_at
        FROM personal_tokens t
        JOIN users u ON u.realm_id = t.realm_id AND u.id = t.user_id
        JOIN realms r ON r.id = t.realm_id
        LEFT JOIN passwords p ON p.realm_id = t.realm_id AND p.user_id = t.user_id
        WHERE t.realm_id = $1
            AND t.user_id = $2
            AND t.revoked_at IS NULL
            AND t.expires_at > $3
            AND u.valid_from < t.created_at
            AND r.valid_from < t.created_at
            AND (p.updated_at IS NULL OR p.updated_at < t.created_at)
        ORDER BY t.created_at DESC, t.id LIMIT 1000
    ";
    FIND = "
        SELECT t.id, t.user_id, t.name, t.scope, t.resources, t.created_at, t.expires_at, t.used_at
        FROM personal_tokens t
        JOIN users u ON u.realm_id = t.realm_id AND u.id = t.user_id
        JOIN realms r ON r.id = t.realm_id
        LEFT JOIN passwords p ON p.realm_id = t.realm_id AND p.user_id = t.user_id
        WHERE t.digest = $1
            AND t.realm_id = $2
            AND t.revoked_at IS NULL
            AND t.expires_at > $3
            AND u.enabled = 1
            AND u.valid_from < t.created_at
            AND r.valid_from < t.created_at
            AND (p.updated_at IS NULL OR p.updated_at < t.created_at)
    ";
    USED = "
        UPDATE personal_tokens
        SET used_at = $3
        WHERE realm_id = $1 AND id = $2 AND (used_at IS NULL OR used_at < $3)
    ";
    REVOKE = "
        UPDATE personal_tokens
        SET revoked_at = $4
        WHERE realm_id = $1 AND user_id = $2 AND id = $3 AND revoked_at IS NULL AND expires_at > $4
    ";
}

/// A live token.
#[derive(Clone, Debug)]
pub struct PersonalToken {
    pub id: PersonalTokenId,
    pub user: UserId,
    pub name: String,
    pub scope: Scope,
    pub resources: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// Time of a use; later ones of the same hour are not recorded.
    pub used_at: Option<Timestamp>,
}

row! {
    struct Row {
        id: String,
        user_id: String,
        name: String,
        scope: String,
        resources: String,
        created_at: i64,
        expires_at: i64,
        used_at: Option<i64>,
    }
}

impl Row {
    fn token(self) -> Result<PersonalToken, StoreError> {
        Ok(PersonalToken {
            id: PersonalTokenId::from_stored(self.id),
            user: UserId::from_stored(self.user_id),
            name: self.name,
            scope: rows::scope(&self.scope)?,
            resources: from_json(&self.resources, "resources")?,
            created_at: Timestamp::from_millis(self.created_at),
            expires_at: Timestamp::from_millis(self.expires_at),
            used_at: self.used_at.map(Timestamp::from_millis),
        })
    }
}

/// Counts a token of a user, if the quota allows another one. Of concurrent requests, one is counted after the other.
pub async fn count(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    quota: &Quota,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let latest = now.minus(quota.cooldown).as_millis();
    let day = Quota::day(now);
    let per_day = i64::from(quota.per_day);
    let now = now.as_millis();
    execute!(tx, COUNT, [realm.as_str(), user.as_str(), day, now, latest, per_day]).map(one)
}

/// Returns what a user has made.
pub async fn made(tx: &mut Tx, realm: &RealmId, user: &UserId) -> Result<Option<Made>, StoreError> {
    let row: Option<(i64, i64, i64)> = fetch_optional!(tx, MADE, [realm.as_str(), user.as_str()])?;
    Ok(row.map(|(day, made, last)| Made { day, number: made, last_at: Timestamp::from_millis(last) }))
}

pub async fn insert(tx: &mut Tx, realm: &RealmId, digest: Digest, token: &PersonalToken) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            digest.as_bytes(),
            realm.as_str(),
            token.id.as_str(),
            token.user.as_str(),
            &token.name,
            token.scope.to_string(),
            to_json(&token.resources)?,
            token.created_at.as_millis(),
            token.expires_at.as_millis()
        ]
    )
    .map(|_| ())
}

/// Returns the tokens of a user that have neither ended nor been voided by a change of the password or a cut-off, the
/// newest first, at most 1000.
pub async fn list(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    now: Timestamp,
) -> Result<Vec<PersonalToken>, StoreError> {
    let rows: Vec<Row> = fetch_all!(tx, LIST, [realm.as_str(), user.as_str(), now.as_millis()])?;
    rows.into_iter().map(Row::token).collect()
}

/// Returns the live token with this digest, of an enabled user.
pub async fn find(
    tx: &mut Tx,
    realm: &RealmId,
    digest: Digest,
    now: Timestamp,
) -> Result<Option<PersonalToken>, StoreError> {
    let row: Option<Row> = fetch_optional!(tx, FIND, [digest.as_bytes(), realm.as_str(), now.as_millis()])?;
    row.map(Row::token).transpose()
}

/// Records a use.
pub async fn used(tx: &mut Tx, realm: &RealmId, id: &PersonalTokenId, now: Timestamp) -> Result<(), StoreError> {
    execute!(tx, USED, [realm.as_str(), id.as_str(), now.as_millis()]).map(|_| ())
}

/// Revokes a token of this user. Returns false if there is no live one with this id.
pub async fn revoke(
    tx: &mut Tx,
    realm: &RealmId,
    user: &UserId,
    id: &PersonalTokenId,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(tx, REVOKE, [realm.as_str(), user.as_str(), id.as_str(), now.as_millis()]).map(one)
}
