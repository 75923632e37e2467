//! The overview of an account.

use super::person::Person;
use crate::flows::{Context, FlowError, Provider};
use signet_store::account::holdings::{self, OfUser};

/// Loads the numbers of sessions, grants, consents and known browsers.
pub async fn load(provider: &Provider, context: &Context, person: &Person) -> Result<OfUser, FlowError> {
    let mut tx = provider.store.read().await?;
    Ok(holdings::of_user(&mut tx, &context.realm.id, &person.user.id, context.now).await?)
}
