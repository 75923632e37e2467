//! Initial access tokens, and logos set by an administrator.

use super::{AdminError, record};
use crate::flows::{Context, FlowError};
use signet_protocol::client::logo::LogoType;
use signet_protocol::ids::ClientId;
use signet_protocol::secret::InitialAccessToken;
use signet_store::client::logos::{self, Logo};
use signet_store::client::registrations::{self, Allowance};
use signet_store::events::audit::{self, Event};
use signet_store::node::changes;
use signet_store::{Store, StoreError};

/// Creates an initial access token; it is shown once.
pub async fn make_initial_token(
    store: &Store,
    context: &Context,
    allowance: Allowance,
) -> Result<InitialAccessToken, AdminError> {
    let token = InitialAccessToken::from_random(context.entropy.bytes().map_err(FlowError::from)?);
    let digest = token.digest();
    let record = record(context, Event::InitialTokenMade, None, None)?;
    let written = store.write_with((context.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            registrations::add_initial(tx, realm, digest, allowance, now).await?;
            audit::append(tx, realm, record, now).await
        })
    });
    written.await?;
    Ok(token)
}

pub async fn set_logo(store: &Store, context: &Context, id: ClientId, image: Vec<u8>) -> Result<(), AdminError> {
    let logo = Logo { kind: LogoType::of(&image)?, image };
    let record = record(context, Event::ClientLogoSet, None, Some(&id))?;
    let written = store.write_with((context.clone(), id, logo, record), move |given, tx| {
        Box::pin(async move {
            let (context, id, logo, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            logos::put(tx, realm, id, logo, now).await?;
            audit::append(tx, realm, record, now).await?;
            changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await
        })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(AdminError::Unknown("client")),
        written => Ok(written?),
    }
}
