//! Cut-offs: revocations of everything that was issued before a time.

use crate::flows::context::Context;
use signet_protocol::time::Timestamp;
use signet_protocol::token::revocation::{Revocation, Target};
use signet_store::token::revocations;
use signet_store::{StoreError, Tx};

/// Voids everything that was issued about the subject until now.
pub(crate) async fn cut_off(
    tx: &mut Tx,
    context: &Context,
    target: Target,
    subject: &str,
    horizon: Timestamp,
) -> Result<(), StoreError> {
    let revocation = Revocation {
        realm: context.realm.id.clone(),
        target,
        subject: subject.to_owned(),
        not_before: context.now,
        expires_at: horizon,
    };
    revocations::insert(tx, &revocation, "cut off", context.now).await.map(|_| ())
}
