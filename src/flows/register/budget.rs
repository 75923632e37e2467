//! What registrations may make this server do within an hour, on all nodes together.

use std::sync::Arc;

use super::{HOUR, RegisterError};
use crate::flows::{Context, Provider};
use crate::protocol::ids::ClientId;
use crate::protocol::secret::Digest;
use crate::store::{row_locks, used_once};

/// The most changes within an hour by which a client ends all of its own grants.
const NARROWINGS: i64 = 10;

/// Counts a change by which a client ends its grants. The client alone runs out of them: others are not held up.
///
/// # Errors
/// [`RegisterError::TooMany`] where it has made enough of them within the hour.
pub(super) async fn narrowing(provider: &Provider, context: &Context, client: &ClientId) -> Result<(), RegisterError> {
    let purpose = format!("registration-narrowing:{}:{client}", context.realm.id);
    spend(provider, context, purpose, NARROWINGS).await
}

/// Counts one of `most` deeds for a purpose.
///
/// # Errors
/// [`RegisterError::TooMany`] where so many have been counted within the hour.
pub(super) async fn spend(
    provider: &Provider,
    context: &Context,
    purpose: String,
    most: i64,
) -> Result<(), RegisterError> {
    let now = context.now;
    let deed = Digest::of(&context.entropy.bytes::<32>()?);
    let shared = Arc::new((context.realm.id.clone(), purpose));
    let counted = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (realm, purpose) = &*shared;
            row_locks::realm(tx, realm).await?;
            let (lately, first_ends) = used_once::count_live(tx, purpose, now).await?;
            if lately >= most {
                return Err(RegisterError::TooMany(first_ends.map_or(HOUR, |end| end.since(now))));
            }
            used_once::first_use(tx, purpose, deed, now.plus(HOUR)).await?;
            Ok(())
        })
    });
    counted.await
}
