//! Hourly limits on the work that registrations can cause, for all nodes together.

use super::{HOUR, RegisterError};
use crate::flows::{Context, Provider};
use signet_protocol::ids::ClientId;
use signet_protocol::secret::Digest;
use signet_store::node::row_locks;
use signet_store::token::used_once;

/// The maximum number of changes within an hour by which a client ends all of its own grants.
const NARROWINGS: i64 = 10;

/// Counts a change by which a client ends its grants. The limit applies to this client alone.
///
/// # Errors
/// [`RegisterError::TooMany`] if the client has used up its changes within the hour.
pub(crate) async fn narrowing(provider: &Provider, context: &Context, client: &ClientId) -> Result<(), RegisterError> {
    let purpose = format!("registration-narrowing:{}:{client}", context.realm.id);
    spend(provider, context, purpose, NARROWINGS).await
}

/// Counts one of at most `most` uses of a purpose within an hour.
///
/// # Errors
/// [`RegisterError::TooMany`] if the uses of the hour are used up.
pub(crate) async fn spend(
    provider: &Provider,
    context: &Context,
    purpose: String,
    most: i64,
) -> Result<(), RegisterError> {
    let now = context.now;
    let deed = Digest::of(&context.entropy.bytes::<32>()?);
    let counted = provider.store.write_with((context.realm.id.clone(), purpose), move |given, tx| {
        Box::pin(async move {
            let (realm, purpose) = given;
            row_locks::realm(tx, realm).await?;
            let (recent, first_ends) = used_once::count_live(tx, purpose, now).await?;
            if recent >= most {
                return Err(RegisterError::TooMany(first_ends.map_or(HOUR, |end| end.since(now))));
            }
            used_once::first_use(tx, purpose, deed, now.plus(HOUR)).await?;
            Ok(())
        })
    });
    counted.await
}
