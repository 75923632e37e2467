//! Manual address blocks. An operator's block replaces the server's own block of the same network.

use ipnet::IpNet;

use super::error::{Kind, NotFound, RoomError, from_store};
use super::operator::Operator;
use crate::flows::{Concerning, FlowError};
use signet_protocol::defense::address_block::{Block, Reach};
use signet_protocol::time::Span;
use signet_store::StoreError;
use signet_store::defense::address_blocks::{self, Listed, Precedence};
use signet_store::events::audit::Event;

/// The reason why an order about address blocks fails.
#[derive(Debug, thiserror::Error)]
pub enum BlocksError {
    #[error(transparent)]
    NotFound(#[from] NotFound),
    #[error(transparent)]
    Flow(#[from] FlowError),
}

from_store!(BlocksError);

impl RoomError for BlocksError {
    fn kind(&self) -> Kind<'_> {
        match self {
            Self::NotFound(_) => Kind::NotFound,
            Self::Flow(error) => Kind::Failed(error),
        }
    }
}

/// A block to add.
#[derive(Clone, Debug)]
pub struct NewBlock {
    pub network: IpNet,
    pub reach: Reach,
    /// The duration.
    pub lasting: Span,
}

impl Operator<'_> {
    pub const fn blocks(&self) -> Blocks<'_> {
        Blocks { operator: self }
    }
}

/// The blocked addresses of the realm.
pub struct Blocks<'a> {
    operator: &'a Operator<'a>,
}

impl Blocks<'_> {
    /// The blocks in force, including those made by the server.
    pub async fn list(&self) -> Result<Vec<Listed>, BlocksError> {
        let mut tx = self.operator.store.read().await?;
        Ok(address_blocks::list(&mut tx, self.operator.realm(), self.operator.now()).await?)
    }

    /// Blocks a network for the operator's reason, which lists show; nodes apply it within a second.
    pub async fn add(&self, new: NewBlock) -> Result<(), BlocksError> {
        let change = self.operator.change(Event::AddressBlocked, Concerning::default(), &new.network.to_string())?;
        let block = Block {
            realm: self.operator.realm().clone(),
            network: new.network,
            reach: new.reach,
            expires_at: self.operator.now().plus(new.lasting),
        };
        let written = self.operator.write(change, (block, self.operator.reason.clone()), |given, tx| {
            Box::pin(async move {
                let (block, reason) = &given.data;
                address_blocks::put(tx, block, reason.as_str(), Precedence::New, given.now()).await?;
                Ok::<_, StoreError>(())
            })
        });
        Ok(written.await?)
    }

    pub async fn remove(&self, network: IpNet) -> Result<(), BlocksError> {
        let network = network.to_string();
        let change = self.operator.change(Event::AddressUnblocked, Concerning::default(), &network)?;
        let written = self.operator.write(change, network, |given, tx| {
            Box::pin(async move { address_blocks::remove(tx, given.realm(), &given.data, given.now()).await })
        });
        if written.await? { Ok(()) } else { Err(NotFound::Name("block").into()) }
    }
}
