//! Blocking addresses by hand. What an operator decides replaces what the server has decided about the same network.

use std::sync::Arc;

use ipnet::IpNet;

use super::{AdminError, checked_reason, record};
use crate::flows::Context;
use crate::protocol::address_block::{Block, Reach};
use crate::protocol::time::Span;
use crate::store::address_blocks::{self, Precedence};
use crate::store::audit::{self, Event};
use crate::store::{Store, StoreError};

/// A block to be made.
#[derive(Clone, Debug)]
pub struct NewBlock {
    /// Whom.
    pub network: IpNet,
    /// From what.
    pub reach: Reach,
    /// For how long.
    pub lasting: Span,
    /// Why.
    pub reason: String,
}

/// Blocks a network, on every node within a second.
///
/// # Errors
/// [`AdminError::Reason`] where the reason is too long, or the database fails.
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
    let shared = Arc::new((block, new.reason, record, context.now));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (block, reason, record, now) = &*shared;
            audit::append(tx, &block.realm, record, *now).await?;
            address_blocks::put(tx, block, reason, Precedence::New, *now).await?;
            Ok::<_, StoreError>(())
        })
    });
    Ok(written.await?)
}

/// Ends the block of a network.
///
/// # Errors
/// [`AdminError`] where there is none.
pub async fn remove_block(store: &Store, context: &Context, network: IpNet) -> Result<(), AdminError> {
    let mut record = record(context, Event::AddressUnblocked, None, None)?;
    record.reason = network.to_string();
    let shared = Arc::new((context.clone(), network.to_string(), record));
    let written = store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move {
            let (context, network, record) = &*shared;
            let (realm, now) = (&context.realm.id, context.now);
            audit::append(tx, realm, record, now).await?;
            match address_blocks::remove(tx, realm, network, now).await? {
                true => Ok(()),
                false => Err(AdminError::Unknown("block")),
            }
        })
    });
    written.await
}
