//! The end of a token family with everything that was issued from it.

use crate::flows::context::Context;
use crate::flows::error::FlowError;
use signet_protocol::ids::FamilyId;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::{Revocation, Target};
use signet_store::Tx;
use signet_store::events::audit::{self, Record};
use signet_store::token::{revocations, token_families};

/// Revokes a family and everything issued from it, with its audit record. Returns true if this call revoked it.
pub(crate) async fn end_family(
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
