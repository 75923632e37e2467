//! Adding and removing claim mappers.

use super::error::{Kind, NotFound, RoomError, from_store};
use super::operator::Operator;
use crate::flows::{Concerning, FlowError};
use signet_protocol::claims::mapper::{ClaimMapper, MapperError};
use signet_protocol::ids::{ClientId, is_name};
use signet_store::StoreError;
use signet_store::client::claim_mappers::{self, StoredMapper};
use signet_store::events::audit::Event;
use signet_store::node::changes;

/// The reason why an order about claim mappers fails.
#[derive(Debug, thiserror::Error)]
pub enum MappersError {
    #[error(transparent)]
    Mapper(#[from] MapperError),
    #[error("the mapper needs a name of 1 to 64 letters, digits and - _ .; give one with --id")]
    Name,
    #[error("there is a mapper with this name already, or no such client")]
    Conflict,
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(MappersError);

impl RoomError for MappersError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::Mapper(_) | Self::Name => Kind::Invalid,
            Self::Conflict => Kind::Conflict,
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// A mapper to add.
#[derive(Clone, Debug)]
pub struct NewMapper {
    pub id: String,
    /// The client that it applies to; `None` for all clients.
    pub client: Option<ClientId>,
    pub mapper: ClaimMapper,
}

impl Operator<'_> {
    pub const fn mappers(&self) -> Mappers<'_> {
        Mappers { operator: self }
    }
}

/// The claim mappers of the realm and of its clients.
pub struct Mappers<'a> {
    operator: &'a Operator<'a>,
}

impl Mappers<'_> {
    pub async fn list(&self) -> Result<Vec<StoredMapper>, MappersError> {
        let mut all = claim_mappers::list(&mut self.operator.store.read().await?).await?;
        all.retain(|stored| stored.realm == *self.operator.realm());
        Ok(all)
    }

    pub async fn add(&self, new: NewMapper) -> Result<(), MappersError> {
        let NewMapper { id, client, mapper } = new;
        mapper.check()?;
        if !is_name(&id) {
            return Err(MappersError::Name);
        }
        let concerning = client.as_ref().map(Concerning::client).unwrap_or_default();
        let change = self.operator.change(Event::MapperAdded, concerning, "")?;
        let change = change.publishing(changes::Kind::Mapper, &id);
        let stored = StoredMapper { realm: self.operator.realm().clone(), id, client, mapper };
        let written = self.operator.write(change, stored, |given, tx| {
            Box::pin(async move { claim_mappers::insert(tx, &given.data, given.now()).await })
        });
        match written.await {
            Err(StoreError::Conflict) => Err(MappersError::Conflict),
            written => Ok(written?),
        }
    }

    pub async fn remove(&self, id: String) -> Result<(), MappersError> {
        let change = self.operator.change(Event::MapperRemoved, Concerning::default(), "")?;
        let change = change.publishing(changes::Kind::Mapper, &id);
        let written = self.operator.write(change, id, |given, tx| {
            Box::pin(async move { claim_mappers::remove(tx, given.realm(), &given.data).await })
        });
        if written.await? { Ok(()) } else { Err(NotFound::Name("claim mapper").into()) }
    }
}
