//! Authorization codes by digest. One guarded write consumes a code; every later attempt finds it used.

use crate::authorize::consents::ConsentKey;
use crate::engine::rows::{self, from_json, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::ids::{ClientId, FamilyId, RealmId, SessionId, UserId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;
use signet_protocol::token::authentication::Authentication;
use signet_protocol::token::code::CodeRecord;

statements! {
    INSERT = "
        INSERT INTO authorization_codes (digest, realm_id, client_id, user_id, session_id, family_id, redirect_uri,
            redirect_uri_named, scope, extensions, auth_time, methods, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
    ";
    CONSUME = "
        UPDATE authorization_codes
        SET redeemed_at = $4
        WHERE digest = $1
            AND realm_id = $2
            AND client_id = $3
            AND redeemed_at IS NULL
            AND EXISTS (
                SELECT 1
                FROM sessions s
                JOIN users u ON u.realm_id = s.realm_id AND u.id = s.user_id
                JOIN clients c ON c.realm_id = s.realm_id AND c.id = authorization_codes.client_id
                JOIN realms r ON r.id = s.realm_id
                WHERE c.enabled = 1
                    AND s.realm_id = authorization_codes.realm_id
                    AND s.id = authorization_codes.session_id
                    AND s.ended_at IS NULL
                    AND s.idle_expires_at > $4
                    AND s.expires_at > $4
                    AND u.enabled = 1
                    AND u.valid_from < authorization_codes.auth_time
                    AND r.valid_from < authorization_codes.auth_time
            )
        RETURNING client_id, user_id, session_id, family_id, redirect_uri, redirect_uri_named, scope, extensions,
            auth_time, methods, expires_at
    ";
    UNUSABLE = "
        SELECT client_id, family_id, user_id, redeemed_at
        FROM authorization_codes
        WHERE digest = $1 AND realm_id = $2
    ";
    DROP_SESSION = "DELETE FROM authorization_codes WHERE realm_id = $1 AND session_id = $2 AND redeemed_at IS NULL";
    DROP_CLIENT = "DELETE FROM authorization_codes WHERE realm_id = $1 AND client_id = $2 AND redeemed_at IS NULL";
    DROP_CONSENT = "
        DELETE FROM authorization_codes
        WHERE realm_id = $1 AND user_id = $2 AND client_id = $3 AND redeemed_at IS NULL
    ";
    DROP_REALM = "DELETE FROM authorization_codes WHERE realm_id = $1 AND redeemed_at IS NULL";
}

pub async fn insert(tx: &mut Tx, realm: &RealmId, code: Digest, record: &CodeRecord) -> Result<(), StoreError> {
    execute!(
        tx,
        INSERT,
        [
            code.as_bytes(),
            realm.as_str(),
            record.client_id.as_str(),
            record.user_id.as_str(),
            record.session_id.as_str(),
            record.family_id.as_str(),
            &record.redirect_uri,
            i64::from(record.redirect_uri_named),
            record.scope.to_string(),
            to_json(&record.extensions)?,
            record.authentication.time.as_millis(),
            to_json(&record.authentication.methods)?,
            record.expires_at.as_millis()
        ]
    )
    .map(|_| ())
}

/// Consumes a code of this client, if it is unused, its session is live, its user is enabled and not cut off since the
/// login, and the client is enabled. The client is checked here too because this node may not know yet that it was
/// disabled.
pub async fn consume(
    tx: &mut Tx,
    realm: &RealmId,
    client: &ClientId,
    code: Digest,
    now: Timestamp,
) -> Result<Option<CodeRecord>, StoreError> {
    type Row = (String, String, String, String, String, i64, String, String, i64, String, i64);
    let row: Option<Row> =
        fetch_optional!(tx, CONSUME, [code.as_bytes(), realm.as_str(), client.as_str(), now.as_millis()])?;
    row.map(|(client, user, session, family, uri, named, scope, extensions, auth_time, methods, expires_at)| {
        Ok(CodeRecord {
            client_id: ClientId::from_stored(client),
            user_id: UserId::from_stored(user),
            session_id: SessionId::from_stored(session),
            family_id: FamilyId::from_stored(family),
            redirect_uri: uri,
            redirect_uri_named: named != 0,
            scope: rows::scope(&scope)?,
            extensions: from_json(&extensions, "extensions")?,
            authentication: Authentication {
                time: Timestamp::from_millis(auth_time),
                methods: from_json(&methods, "methods")?,
            },
            expires_at: Timestamp::from_millis(expires_at),
        })
    })
    .transpose()
}

pub struct Unusable {
    pub client: ClientId,
    /// The family of the tokens issued from it.
    pub family: FamilyId,
    pub user: UserId,
    pub state: CodeState,
}

/// The reason why a code cannot be consumed by its own client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeState {
    /// It was consumed before, so this is a replay.
    Redeemed,
    /// Its session has ended, or its user or client was removed or disabled.
    SessionOver,
}

/// Returns the code that [`consume`] refused, if it exists.
pub async fn find_unusable(tx: &mut Tx, realm: &RealmId, code: Digest) -> Result<Option<Unusable>, StoreError> {
    let row: Option<(String, String, String, Option<i64>)> =
        fetch_optional!(tx, UNUSABLE, [code.as_bytes(), realm.as_str()])?;
    Ok(row.map(|(client, family, user, redeemed_at)| Unusable {
        client: ClientId::from_stored(client),
        family: FamilyId::from_stored(family),
        user: UserId::from_stored(user),
        state: redeemed_at.map_or(CodeState::SessionOver, |_| CodeState::Redeemed),
    }))
}

/// Deletes the unredeemed codes of a session and returns their number. Waits for concurrent redemptions, so that a
/// revocation after it covers the grants of these.
pub async fn drop_session(tx: &mut Tx, realm: &RealmId, session: &SessionId) -> Result<u64, StoreError> {
    execute!(tx, DROP_SESSION, [realm.as_str(), session.as_str()])
}

/// Deletes the unredeemed codes of a client and returns their number.
pub async fn drop_unused(tx: &mut Tx, realm: &RealmId, client: &ClientId) -> Result<u64, StoreError> {
    execute!(tx, DROP_CLIENT, [realm.as_str(), client.as_str()])
}

/// Deletes the unredeemed codes of a user for a client and returns their number.
pub async fn drop_consent(tx: &mut Tx, realm: &RealmId, key: ConsentKey<'_>) -> Result<u64, StoreError> {
    execute!(tx, DROP_CONSENT, [realm.as_str(), key.user.as_str(), key.client.as_str()])
}

/// Deletes the unredeemed codes of a realm and returns their number.
pub async fn drop_realm(tx: &mut Tx, realm: &RealmId) -> Result<u64, StoreError> {
    execute!(tx, DROP_REALM, [realm.as_str()])
}
