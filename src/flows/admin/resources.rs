//! Adding, updating and removing resources.

use super::error::{Exists, Kind, NotFound, RoomError, from_store};
use super::operator::Operator;
use crate::flows::{Concerning, FlowError};
use signet_protocol::client::Client;
use signet_protocol::client::resource::{Resource, ResourceError};
use signet_protocol::ids::RealmId;
use signet_protocol::jose::jwk::SigningAlgorithm;
use signet_store::client::{clients, resources};
use signet_store::events::audit::Event;
use signet_store::node::changes;
use signet_store::{StoreError, Tx};

/// The maximum number of clients named in a refusal.
const NAMED: usize = 10;

/// The reason why an order about resources fails.
#[derive(Debug, thiserror::Error)]
pub enum ResourcesError {
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// Clients may still request or introspect tokens for it.
    #[error("clients still name this resource: {0}; remove it from them first")]
    InUse(String),
    #[error(transparent)]
    Exists(#[from] Exists),
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(ResourcesError);

impl RoomError for ResourcesError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Resource(_) => Kind::Invalid,
            Self::InUse(_) | Self::Exists(_) => Kind::Conflict,
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

impl Operator<'_> {
    pub const fn resources(&self) -> Resources<'_> {
        Resources { operator: self }
    }
}

/// The resources of the realm.
pub struct Resources<'a> {
    operator: &'a Operator<'a>,
}

impl Resources<'_> {
    /// The resources after a URI, in order.
    pub async fn list(&self, after: &str, limit: u16) -> Result<Vec<Resource>, ResourcesError> {
        let mut tx = self.operator.store.read().await?;
        Ok(resources::list(&mut tx, self.operator.realm(), after, limit.into()).await?)
    }

    pub async fn find(&self, uri: &str) -> Result<Option<Resource>, ResourcesError> {
        let mut tx = self.operator.store.read().await?;
        Ok(resources::find(&mut tx, self.operator.realm(), uri).await?)
    }

    pub async fn add(&self, resource: Resource, algorithms: &[SigningAlgorithm]) -> Result<(), ResourcesError> {
        resource.check(algorithms)?;
        let change = self.operator.change(Event::ResourceAdded, Concerning::default(), &resource.uri)?;
        let change = change.publishing(changes::Kind::Resource, &resource.uri);
        let written = self.operator.write(change, resource, |given, tx| {
            Box::pin(async move { resources::insert(tx, given.realm(), &given.data, given.now()).await })
        });
        match written.await {
            Err(StoreError::Conflict) => Err(Exists("a resource with this URI").into()),
            written => Ok(written?),
        }
    }

    /// Replaces the header of a resource's access tokens. Earlier tokens keep theirs, and stay valid.
    pub async fn update(&self, resource: Resource, algorithms: &[SigningAlgorithm]) -> Result<(), ResourcesError> {
        resource.check(algorithms)?;
        let change = self.operator.change(Event::ResourceUpdated, Concerning::default(), &resource.uri)?;
        let change = change.publishing(changes::Kind::Resource, &resource.uri);
        let written = self.operator.write(change, resource, |given, tx| {
            Box::pin(async move { resources::update(tx, given.realm(), &given.data, given.now()).await })
        });
        if written.await? { Ok(()) } else { Err(NotFound::Id("resource").into()) }
    }

    /// Removes a resource that no client names.
    pub async fn remove(&self, uri: String) -> Result<(), ResourcesError> {
        let change = self.operator.change(Event::ResourceRemoved, Concerning::default(), &uri)?;
        let change = change.publishing(changes::Kind::Resource, &uri);
        let written = self.operator.write(change, uri, |given, tx| {
            Box::pin(async move {
                // The row before the clients. A concurrent change that makes a client name the resource locks the row,
                // so the clients are read after its commit; a later change waits for this one, and adds the row again.
                if !resources::remove(tx, given.realm(), &given.data).await? {
                    return Err(NotFound::Id("resource").into());
                }
                check_unused(tx, given.realm(), &given.data).await
            })
        });
        written.await
    }
}

/// Checks that no client names a resource.
async fn check_unused(tx: &mut Tx, realm: &RealmId, uri: &str) -> Result<(), ResourcesError> {
    let all = clients::list(tx, realm).await?;
    let holders: Vec<&str> = all.iter().filter(|client| names(client, uri)).map(|client| client.id.as_str()).collect();
    let Some(named) = holders.get(..NAMED.min(holders.len())).filter(|named| !named.is_empty()) else { return Ok(()) };
    let more = if holders.len() > NAMED { " and others" } else { "" };
    Err(ResourcesError::InUse(format!("{}{more}", named.join(", "))))
}

fn names(client: &Client, uri: &str) -> bool {
    client.metadata.audiences.iter().chain(&client.metadata.introspects).any(|held| held == uri)
}
