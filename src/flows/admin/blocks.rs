//! Manual address blocks. An operator's block replaces the server's own block of the same network.

use ipnet::IpNet;

use super::{AdminError, checked_reason, record};
use crate::flows::Context;
use signet_protocol::defense::address_block::{Block, Reach};
use signet_protocol::time::Span;
use signet_store::defense::address_blocks::{self, Precedence};
use signet_store::events::audit::{self, Event};
use signet_store::{Store, StoreError};

/// A block to add.
#[derive(Clone, Debug)]
pub struct NewBlock {
    pub network: IpNet,
    pub reach: Reach,
    /// The duration.
    pub lasting: Span,
    pub reason: String,
}

/// Blocks a network; nodes apply it within a second.
pub async fn add_block(store: &Store, context: &Context, new: NewBlock) -> Result<(), AdminError> {
    checked_reason(&new.reason)?;
    let mut record = record(context, Event::AddressBlocked, None, None)?;
    record.reason = format!("{}: {}", new.network, new.reason);
    let block = Block {
        realm: context.realm.id.clone(),
        network: new.network,
        reach: new.reach,
        expires_at: context.now.plus(new.lasting),
    };
    let written = store.write_with((block, new.reason, record, context.now), move |given, tx| {
        Box::pin(async move {
            let (block, reason, record, now) = given;
            audit::append(tx, &block.realm, record, *now).await?;
            address_blocks::put(tx, block, reason, Precedence::New, *now).await?;
            Ok::<_, StoreError>(())
        })
    });
    Ok(written.await?)
}

pub async fn remove_block(store: &Store, context: &Context, network: IpNet) -> Result<(), AdminError> {
    let mut record = record(context, Event::AddressUnblocked, None, None)?;
    record.reason = network.to_string();
    let written = store.write_with((context.clone(), network.to_string(), record), move |given, tx| {
        Box::pin(async move {
            let (context, network, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            audit::append(tx, realm, record, now).await?;
            if address_blocks::remove(tx, realm, network, now).await? {
                Ok(())
            } else {
                Err(AdminError::Unknown("block"))
            }
        })
    });
    written.await
}
