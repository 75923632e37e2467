//! Adding, updating and removing resources.

use super::{AdminError, record};
use crate::flows::{Context, FlowError};
use signet_protocol::client::Client;
use signet_protocol::client::resource::Resource;
use signet_protocol::ids::RealmId;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_store::client::{clients, resources};
use signet_store::events::audit::{self, Event, Record};
use signet_store::node::changes;
use signet_store::{Store, StoreError, Tx};

/// The maximum number of clients named in a refusal.
const NAMED: usize = 10;

pub async fn add_resource(
    store: &Store,
    context: &Context,
    resource: Resource,
    algorithms: &[SigningAlgorithm],
) -> Result<(), AdminError> {
    resource.check(algorithms)?;
    let record = concerning(context, Event::ResourceAdded, &resource.uri)?;
    let written = store.write_with((context.clone(), resource, record), move |given, tx| {
        Box::pin(async move {
            let (context, resource, record) = given;
            let realm = &context.realm.id;
            resources::insert(tx, realm, resource, context.now).await?;
            audit::append(tx, realm, record, context.now).await?;
            changes::publish(tx, realm, changes::Kind::Resource, &resource.uri, context.now).await
        })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(AdminError::Exists("a resource with this URI")),
        written => Ok(written?),
    }
}

/// Replaces the header of a resource's access tokens. Earlier tokens keep theirs, and stay valid.
pub async fn update_resource(
    store: &Store,
    context: &Context,
    resource: Resource,
    algorithms: &[SigningAlgorithm],
) -> Result<(), AdminError> {
    resource.check(algorithms)?;
    let record = concerning(context, Event::ResourceUpdated, &resource.uri)?;
    let written = store.write_with((context.clone(), resource, record), move |given, tx| {
        Box::pin(async move {
            let (context, resource, record) = given;
            let realm = &context.realm.id;
            if !resources::update(tx, realm, resource, context.now).await? {
                return Ok::<_, StoreError>(false);
            }
            audit::append(tx, realm, record, context.now).await?;
            changes::publish(tx, realm, changes::Kind::Resource, &resource.uri, context.now).await?;
            Ok(true)
        })
    });
    if written.await? { Ok(()) } else { Err(AdminError::UnknownId("resource")) }
}

/// Removes a resource that no client names.
pub async fn remove_resource(store: &Store, context: &Context, uri: String) -> Result<(), AdminError> {
    let record = concerning(context, Event::ResourceRemoved, &uri)?;
    let written = store.write_with((context.clone(), uri, record), move |given, tx| {
        Box::pin(async move {
            let (context, uri, record) = given;
            let realm = &context.realm.id;
            // The row before the clients. A concurrent change that makes a client name the resource locks the row, so
            // the clients are read after its commit; a later change waits for this one, and adds the row again.
            if !resources::remove(tx, realm, uri).await? {
                return Err(AdminError::UnknownId("resource"));
            }
            check_unused(tx, realm, uri).await?;
            audit::append(tx, realm, record, context.now).await?;
            Ok(changes::publish(tx, realm, changes::Kind::Resource, uri, context.now).await?)
        })
    });
    written.await
}

/// Checks that no client names a resource.
async fn check_unused(tx: &mut Tx, realm: &RealmId, uri: &str) -> Result<(), AdminError> {
    let all = clients::list(tx, realm).await?;
    let holders: Vec<&str> = all.iter().filter(|client| names(client, uri)).map(|client| client.id.as_str()).collect();
    let Some(named) = holders.get(..NAMED.min(holders.len())).filter(|named| !named.is_empty()) else { return Ok(()) };
    let more = if holders.len() > NAMED { " and others" } else { "" };
    Err(AdminError::ResourceInUse(format!("{}{more}", named.join(", "))))
}

fn names(client: &Client, uri: &str) -> bool {
    client.metadata.audiences.iter().chain(&client.metadata.introspects).any(|held| held == uri)
}

/// The audit record of a change to a resource; its reason is the URI.
fn concerning(context: &Context, event: Event, uri: &str) -> Result<Record, FlowError> {
    Ok(Record { reason: uri.to_owned(), ..record(context, event, None, None)? })
}
