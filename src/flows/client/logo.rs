//! The logos of clients, for the pages.

use crate::flows::{Context, FlowError, Provider};
use signet_protocol::ids::ClientId;
use signet_store::client::logos::{self, Logo};

/// The logo of an enabled client.
pub async fn find(provider: &Provider, context: &Context, id: &str) -> Result<Option<Logo>, FlowError> {
    let Some(id) = ClientId::parse(id) else { return Ok(None) };
    let realm = &context.realm.id;
    let client = provider.view.client(realm, &id).await?;
    if !client.is_some_and(|client| client.enabled && client.logo.is_some()) {
        return Ok(None);
    }
    let mut tx = provider.store.read().await?;
    Ok(logos::find(&mut tx, realm, &id).await?)
}
