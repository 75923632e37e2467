//! Restores: what was issued before one is void, since nobody can tell what was used or revoked after the backup.

use super::tx::{execute, fetch_one, statements};
use super::{StoreError, Tx, authorization_codes, changes, realms, sessions, token_families};
use crate::protocol::ids::RealmId;
use crate::protocol::time::Timestamp;

statements! {
    BEGIN_EPOCH = "INSERT INTO restore_epochs (realm_id, epoch, at, backup_at) SELECT $1, COALESCE(MAX(epoch), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM restore_epochs WHERE realm_id = $1 RETURNING epoch";
    PUSHED = "DELETE FROM pushed_requests WHERE realm_id = $1 AND used_at IS NULL";
    REQUESTS = "DELETE FROM authorization_requests WHERE realm_id = $1";
    OPAQUE = "DELETE FROM opaque_access_tokens WHERE realm_id = $1";
    INITIAL = "DELETE FROM initial_access_tokens WHERE realm_id = $1";
    CONSENTS = "DELETE FROM consents WHERE realm_id = $1";
    NODES = "DELETE FROM nodes";
    SESSION_FAMILIES = "UPDATE token_families SET revoked_at = $2, revoked_because = 'restored' WHERE realm_id = $1 AND revoked_at IS NULL AND offline = 0";
}

/// What becomes of grants that outlive their session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineGrants {
    /// They are revoked as all others.
    Revoke,
    /// They stay, and with them refresh tokens that may have been replaced or revoked after the backup.
    Keep,
}

/// How much a restore has voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Voided {
    /// The number of the epoch that begins.
    pub epoch: i64,
    /// Sessions.
    pub sessions: u64,
    /// Grants.
    pub grants: u64,
    /// Codes and requests that nobody had used.
    pub pending: u64,
}

/// Begins an epoch: drops what could be used once and what people have consented to, ends all sessions and revokes the
/// grants.
///
/// # Errors
/// [`StoreError`] where the database fails.
pub async fn begin(
    tx: &mut Tx,
    realm: &RealmId,
    backup_at: Option<Timestamp>,
    offline: OfflineGrants,
    now: Timestamp,
) -> Result<Voided, StoreError> {
    let (id, at) = (realm.as_str(), now.as_millis());
    let (epoch,): (i64,) = fetch_one!(tx, BEGIN_EPOCH, [id, at, backup_at.map(Timestamp::as_millis)])?;
    let mut pending = authorization_codes::drop_realm(tx, realm).await?;
    for statement in [PUSHED, REQUESTS, INITIAL] {
        pending += execute!(tx, statement, [id])?;
    }
    execute!(tx, OPAQUE, [id])?;
    // One may have been withdrawn after the backup: people are asked again.
    execute!(tx, CONSENTS, [id])?;
    // Those of the backup are gone; one that runs all the same joins again.
    execute!(tx, NODES, [])?;
    changes::leap(tx).await?;
    let sessions = sessions::end_realm(tx, realm, now).await?;
    let grants = match offline {
        OfflineGrants::Revoke => {
            realms::cut_off(tx, realm, now).await?;
            token_families::revoke_realm(tx, realm, "restored", now).await?
        }
        OfflineGrants::Keep => execute!(tx, SESSION_FAMILIES, [id, at])?,
    };
    Ok(Voided { epoch, sessions, grants, pending })
}
