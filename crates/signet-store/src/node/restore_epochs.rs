//! Restores from a backup. Everything issued before a restore is void, since uses and revocations after the backup are
//! lost.

use super::changes;
use crate::engine::statement::statements;
use crate::engine::tx::{execute, fetch_one};
use crate::realm::realms;
use crate::session::sessions;
use crate::token::{authorization_codes, token_families};
use crate::{StoreError, Tx};
use signet_protocol::ids::RealmId;
use signet_protocol::time::Timestamp;

statements! {
    BEGIN_EPOCH = "
        INSERT INTO restore_epochs (realm_id, epoch, at, backup_at)
        SELECT $1, COALESCE(MAX(epoch), 0) + 1, CAST($2 AS BIGINT), CAST($3 AS BIGINT)
        FROM restore_epochs
        WHERE realm_id = $1
        RETURNING epoch
    ";
    PUSHED = "DELETE FROM pushed_requests WHERE realm_id = $1 AND used_at IS NULL";
    REQUESTS = "DELETE FROM authorization_requests WHERE realm_id = $1";
    OPAQUE = "DELETE FROM opaque_access_tokens WHERE realm_id = $1";
    INITIAL = "DELETE FROM initial_access_tokens WHERE realm_id = $1";
    CONSENTS = "DELETE FROM consents WHERE realm_id = $1";
    NODES = "DELETE FROM nodes";
    SESSION_FAMILIES = "
        UPDATE token_families
        SET revoked_at = $2, revoked_because = 'restored'
        WHERE realm_id = $1 AND revoked_at IS NULL AND offline = 0
    ";
}

/// Treatment of offline grants by a restore.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfflineGrants {
    /// They are revoked like all others.
    Revoke,
    /// They stay valid, including refresh tokens that may have been rotated or revoked after the backup.
    Keep,
}

/// Counts of what a restore has voided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Voided {
    /// Number of the new epoch.
    pub epoch: i64,
    pub sessions: u64,
    pub grants: u64,
    /// Unused codes and requests.
    pub pending: u64,
}

/// Begins an epoch: deletes single-use rows and consents, ends all sessions and revokes the grants.
pub async fn begin(
    tx: &mut Tx,
    realm: &RealmId,
    backup_at: Option<Timestamp>,
    offline: OfflineGrants,
    now: Timestamp,
) -> Result<Voided, StoreError> {
    let id = realm.as_str();
    let at = now.as_millis();
    let (epoch,): (i64,) = fetch_one!(tx, BEGIN_EPOCH, [id, at, backup_at.map(Timestamp::as_millis)])?;
    let mut pending = authorization_codes::drop_realm(tx, realm).await?;
    for statement in [PUSHED, REQUESTS, INITIAL] {
        pending += execute!(tx, statement, [id])?;
    }
    execute!(tx, OPAQUE, [id])?;
    // A consent may have been withdrawn after the backup, so people are asked again.
    execute!(tx, CONSENTS, [id])?;
    // The nodes of the backup are gone. A node that still runs joins again.
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
