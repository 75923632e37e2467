//! Cut-offs: revocations of everything that was issued before a time.

use super::context::Context;
use crate::protocol::revocation::{Revocation, Target};
use crate::protocol::time::Timestamp;
use crate::store::{StoreError, Tx, revocations};

/// Voids everything that was issued about the subject until now.
pub(super) async fn cut_off(
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
