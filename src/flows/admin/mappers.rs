//! Adding and removing claim mappers.

use super::{AdminError, record};
use crate::flows::Context;
use signet_protocol::ids::is_name;
use signet_store::client::claim_mappers::{self, StoredMapper};
use signet_store::events::audit::{self, Event};
use signet_store::node::changes;
use signet_store::{Store, StoreError};

/// Adds a mapper to the realm, or to one of its clients.
pub async fn add_mapper(store: &Store, context: &Context, stored: StoredMapper) -> Result<(), AdminError> {
    stored.mapper.check()?;
    if !is_name(&stored.id) {
        return Err(AdminError::MapperName);
    }
    let record = record(context, Event::MapperAdded, None, stored.client.as_ref())?;
    let written = store.write_with((context.clone(), stored, record), move |given, tx| {
        Box::pin(async move {
            let (context, stored, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            claim_mappers::insert(tx, stored, now).await?;
            audit::append(tx, realm, record, now).await?;
            changes::publish(tx, realm, changes::Kind::Mapper, &stored.id, now).await
        })
    });
    match written.await {
        Err(StoreError::Conflict) => Err(AdminError::MapperConflict),
        written => Ok(written?),
    }
}

pub async fn remove_mapper(store: &Store, context: &Context, id: String) -> Result<(), AdminError> {
    let record = record(context, Event::MapperRemoved, None, None)?;
    let written = store.write_with((context.clone(), id, record), move |given, tx| {
        Box::pin(async move {
            let (context, id, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            if !claim_mappers::remove(tx, realm, id).await? {
                return Ok::<_, StoreError>(false);
            }
            audit::append(tx, realm, record, now).await?;
            changes::publish(tx, realm, changes::Kind::Mapper, id, now).await?;
            Ok(true)
        })
    });
    if written.await? { Ok(()) } else { Err(AdminError::Unknown("claim mapper")) }
}
