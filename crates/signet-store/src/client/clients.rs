//! The client registry. Of secrets only digests are stored, and a sealed copy where HMAC needs the secret.

use std::collections::BTreeSet;

use super::resources;
use crate::engine::rows::{digest, from_json, one, to_json};
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_all, fetch_one, fetch_optional};
use crate::{StoreError, Tx};
use signet_protocol::client::{Client, ClientMetadata, Registration, SecretRecord};
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;

statements! {
    INSERT = "
        INSERT INTO clients (realm_id, id, metadata, enabled, created_at, updated_at, created_by)
        VALUES ($1, $2, $3, 1, $4, $4, $5)
    ";
    HISTORY = "SELECT version, created_at, updated_at, created_by FROM clients WHERE realm_id = $1 AND id = $2";
    FIND = "
        SELECT c.id, c.metadata, c.enabled, r.last_used_at, l.updated_at
        FROM clients c
        LEFT JOIN client_registrations r ON r.realm_id = c.realm_id AND r.client_id = c.id
        LEFT JOIN client_logos l ON l.realm_id = c.realm_id AND l.client_id = c.id
        WHERE c.realm_id = $1 AND c.id = $2
    ";
    LIST = "
        SELECT c.id, c.metadata, c.enabled, r.last_used_at, l.updated_at
        FROM clients c
        LEFT JOIN client_registrations r ON r.realm_id = c.realm_id AND r.client_id = c.id
        LEFT JOIN client_logos l ON l.realm_id = c.realm_id AND l.client_id = c.id
        WHERE c.realm_id = $1
        ORDER BY c.id
    ";
    SECRETS = "
        SELECT digest, sealed, expires_at, weak
        FROM client_secrets
        WHERE realm_id = $1 AND client_id = $2
        ORDER BY created_at DESC
    ";
    ADD_SECRET = "
        INSERT INTO client_secrets (realm_id, client_id, digest, sealed, created_at, weak)
        VALUES ($1, $2, $3, $4, $5, $6)
    ";
    EXPIRE_SECRETS = "
        UPDATE client_secrets
        SET expires_at = CASE WHEN expires_at IS NULL THEN $3 ELSE $4 END
        WHERE realm_id = $1 AND client_id = $2 AND (expires_at IS NULL OR expires_at > $4)
    ";
    ADD_ORIGIN = "INSERT INTO client_origins (realm_id, origin, client_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    UPDATE = "
        UPDATE clients
        SET metadata = $3, updated_at = $4, version = version + 1
        WHERE realm_id = $1 AND id = $2 AND version = $5
    ";
    ADVANCE = "
        UPDATE clients
        SET updated_at = $3, version = version + 1
        WHERE realm_id = $1 AND id = $2 AND version = $4
    ";
    DELETE = "DELETE FROM clients WHERE realm_id = $1 AND id = $2";
    HAS_SECRET = "
        SELECT count(*) AS secrets
        FROM client_secrets
        WHERE realm_id = $1 AND client_id = $2 AND digest = $3
    ";
    DROP_SECRETS = "DELETE FROM client_secrets WHERE realm_id = $1 AND client_id = $2";
    DROP_ORIGINS = "DELETE FROM client_origins WHERE realm_id = $1 AND client_id = $2";
    ENABLE = "
        UPDATE clients
        SET enabled = $3, updated_at = $4, version = version + 1
        WHERE realm_id = $1 AND id = $2 AND enabled <> $3
    ";
    EXISTS = "SELECT count(*) AS clients FROM clients WHERE realm_id = $1 AND id = $2";
}

/// Estimates the memory of a client in bytes, its metadata as three times the length of its JSON.
pub fn weight(client: &Client) -> usize {
    let metadata = serde_json::to_vec(&client.metadata).map_or(0, |json| json.len());
    let sealed = client.secrets.iter().map(|secret| secret.sealed.as_ref().map_or(0, Vec::len));
    let secrets: usize = sealed.map(|sealed| size_of::<SecretRecord>() + sealed).sum();
    size_of::<Client>() + secrets + 3 * metadata
}

type ClientRow = (String, String, i64, Option<i64>, Option<i64>);
type SecretRow = (Vec<u8>, Option<Vec<u8>>, Option<i64>, i64);

/// A client to be registered.
pub struct NewClient<'a> {
    pub id: &'a ClientId,
    /// Validated metadata.
    pub metadata: &'a ClientMetadata,
    /// The actor, as in the audit log.
    pub created_by: &'a str,
}

/// Registers a client with its origins and resources.
///
/// # Errors
/// [`StoreError::Conflict`] if the id is taken.
pub async fn insert(tx: &mut Tx, realm: &RealmId, client: &NewClient<'_>, now: Timestamp) -> Result<(), StoreError> {
    let NewClient { id, metadata, created_by } = client;
    let stored = to_json(metadata)?;
    execute!(tx, INSERT, [realm.as_str(), id.as_str(), &stored, now.as_millis(), created_by])?;
    add_origins(tx, realm, id, metadata).await?;
    name_resources(tx, realm, metadata, now).await
}

/// Version and times of a client's row.
#[derive(Clone, Debug)]
pub struct History {
    /// Number of the last change.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// The actor that registered it; empty if unknown.
    pub created_by: String,
}

/// Returns the version and times of a client's row. Read it before the client: then the version is that of the client,
/// or too old for an update to succeed.
pub async fn history(tx: &mut Tx, realm: &RealmId, id: &ClientId) -> Result<Option<History>, StoreError> {
    let row: Option<(i64, i64, i64, String)> = fetch_optional!(tx, HISTORY, [realm.as_str(), id.as_str()])?;
    Ok(row.map(|(version, created_at, updated_at, created_by)| History {
        version,
        created_at: Timestamp::from_millis(created_at),
        updated_at: Timestamp::from_millis(updated_at),
        created_by,
    }))
}

/// New metadata for a client in a known version.
pub struct Replacement<'a> {
    /// Validated metadata.
    pub metadata: &'a ClientMetadata,
    /// The version that it is based on.
    pub version: i64,
}

/// Replaces a client's metadata. Returns false if the client was changed or removed since this version. Secrets stay.
pub async fn replace(
    tx: &mut Tx,
    realm: &RealmId,
    id: &ClientId,
    replacement: &Replacement<'_>,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let Replacement { metadata, version } = replacement;
    let stored = to_json(metadata)?;
    if !execute!(tx, UPDATE, [realm.as_str(), id.as_str(), &stored, now.as_millis(), version]).map(one)? {
        return Ok(false);
    }
    execute!(tx, DROP_ORIGINS, [realm.as_str(), id.as_str()])?;
    add_origins(tx, realm, id, metadata).await?;
    name_resources(tx, realm, metadata, now).await?;
    Ok(true)
}

/// Increments the version for a change of secrets. Returns false if the client was changed or removed since this
/// version.
pub async fn advance(
    tx: &mut Tx,
    realm: &RealmId,
    id: &ClientId,
    version: i64,
    now: Timestamp,
) -> Result<bool, StoreError> {
    execute!(tx, ADVANCE, [realm.as_str(), id.as_str(), now.as_millis(), version]).map(one)
}

/// Deletes a client and all rows that refer to it. Returns false if there was none.
pub async fn delete(tx: &mut Tx, realm: &RealmId, id: &ClientId) -> Result<bool, StoreError> {
    execute!(tx, DELETE, [realm.as_str(), id.as_str()]).map(one)
}

/// Returns true if the client has this secret, expired or not.
pub async fn has_secret(tx: &mut Tx, realm: &RealmId, id: &ClientId, secret: Digest) -> Result<bool, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, HAS_SECRET, [realm.as_str(), id.as_str(), secret.as_bytes()])?;
    Ok(count > 0)
}

pub async fn drop_secrets(tx: &mut Tx, realm: &RealmId, id: &ClientId) -> Result<(), StoreError> {
    execute!(tx, DROP_SECRETS, [realm.as_str(), id.as_str()]).map(|_| ())
}

async fn add_origins(tx: &mut Tx, realm: &RealmId, id: &ClientId, metadata: &ClientMetadata) -> Result<(), StoreError> {
    for origin in &metadata.cors_origins {
        execute!(tx, ADD_ORIGIN, [realm.as_str(), origin, id.as_str()])?;
    }
    Ok(())
}

/// Adds the missing resources that the client requests tokens for or introspects for.
async fn name_resources(
    tx: &mut Tx,
    realm: &RealmId,
    metadata: &ClientMetadata,
    now: Timestamp,
) -> Result<(), StoreError> {
    let named: BTreeSet<&str> = metadata.audiences.iter().chain(&metadata.introspects).map(String::as_str).collect();
    let named: Vec<&str> = named.into_iter().collect();
    resources::name(tx, realm, &named, now).await
}

/// Returns the client with its secrets.
pub async fn find(tx: &mut Tx, realm: &RealmId, id: &ClientId) -> Result<Option<Client>, StoreError> {
    let row: Option<ClientRow> = fetch_optional!(tx, FIND, [realm.as_str(), id.as_str()])?;
    let Some(row) = row else { return Ok(None) };
    let secrets: Vec<SecretRow> = fetch_all!(tx, SECRETS, [realm.as_str(), id.as_str()])?;
    let secrets = secrets.into_iter().map(|(stored, sealed, expires_at, weak)| {
        let expires_at = expires_at.map(Timestamp::from_millis);
        Ok(SecretRecord { digest: digest(&stored)?, sealed, expires_at, is_weak: weak != 0 })
    });
    let secrets = secrets.collect::<Result<Vec<_>, StoreError>>()?;
    client(row, secrets).map(Some)
}

/// Returns all clients of a realm ordered by id, without their secrets.
pub async fn list(tx: &mut Tx, realm: &RealmId) -> Result<Vec<Client>, StoreError> {
    let rows: Vec<ClientRow> = fetch_all!(tx, LIST, [realm.as_str()])?;
    rows.into_iter().map(|row| client(row, Vec::new())).collect()
}

/// Adds a secret beside the existing ones.
pub async fn add_secret(
    tx: &mut Tx,
    realm: &RealmId,
    id: &ClientId,
    secret: &NewSecret,
    now: Timestamp,
) -> Result<(), StoreError> {
    let digest = secret.digest.as_bytes();
    let sealed = secret.sealed.as_deref();
    execute!(tx, ADD_SECRET, [realm.as_str(), id.as_str(), digest, sealed, now.as_millis(), i64::from(secret.is_weak)])
        .map(|_| ())
}

/// A secret to be stored.
#[derive(Clone)]
pub struct NewSecret {
    pub digest: Digest,
    /// The sealed secret, for methods that need it (`client_secret_jwt`).
    pub sealed: Option<Vec<u8>>,
    /// True if it is short enough to be guessed.
    pub is_weak: bool,
}

/// Lets the current secret expire at `at`. A secret that already had an end expires now, so at most two are valid.
pub async fn expire_secrets(
    tx: &mut Tx,
    realm: &RealmId,
    id: &ClientId,
    at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    execute!(tx, EXPIRE_SECRETS, [realm.as_str(), id.as_str(), at.as_millis(), now.as_millis()]).map(|_| ())
}

/// Standing of a client or user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Enabled,
    Disabled,
}

pub async fn exists(tx: &mut Tx, realm: &RealmId, id: &ClientId) -> Result<bool, StoreError> {
    let (count,): (i64,) = fetch_one!(tx, EXISTS, [realm.as_str(), id.as_str()])?;
    Ok(count > 0)
}

/// Enables or disables a client and increments its version. Returns false if nothing changed.
pub async fn set_standing(
    tx: &mut Tx,
    realm: &RealmId,
    id: &ClientId,
    standing: Standing,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let enabled = i64::from(standing == Standing::Enabled);
    execute!(tx, ENABLE, [realm.as_str(), id.as_str(), enabled, now.as_millis()]).map(one)
}

fn client(row: ClientRow, secrets: Vec<SecretRecord>) -> Result<Client, StoreError> {
    let (id, metadata, enabled, last_used_at, logo) = row;
    Ok(Client {
        id: ClientId::from_stored(id),
        metadata: from_json(&metadata, "client metadata")?,
        secrets,
        enabled: enabled != 0,
        registration: last_used_at.map(|at| Registration { last_used_at: Timestamp::from_millis(at) }),
        logo: logo.map(Timestamp::from_millis),
    })
}
