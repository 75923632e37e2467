//! The end of a token family with everything that was issued from it.

use super::context::Context;
use super::error::FlowError;
use crate::protocol::ids::FamilyId;
use crate::protocol::revocation::{Revocation, Target};
use crate::protocol::time::Timestamp;
use crate::store::audit::{self, Record};
use crate::store::{Tx, revocations, token_families};

/// Revokes a family and everything issued from it, with its audit record. Returns true if this call revoked it.
pub(super) async fn end_family(
    context: &Context,
    family: &FamilyId,
    record: Record,
    horizon: Timestamp,
    tx: &mut Tx,
) -> Result<bool, FlowError> {
    let (realm, now) = (&context.realm.id, context.now);
    let reason = record.event.as_str();
    token_families::revoke(tx, realm, family, reason, now).await?;
    let revocation = Revocation {
        realm: realm.clone(),
        target: Target::Family,
        subject: family.as_str().to_owned(),
        not_before: now,
        expires_at: horizon,
    };
    // Repeated replays do not fill the audit log.
    let news = revocations::insert(tx, &revocation, reason, now).await?;
    if news {
        audit::append(tx, realm, &record, now).await?;
    }
    Ok(news)
}
