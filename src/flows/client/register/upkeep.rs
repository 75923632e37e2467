//! Removal of unused self-registered clients. Each use is recorded, at most once a day.

use crate::flows::client::registry;
use crate::flows::{Concerning, Context, FlowError, Provider};
use signet_protocol::client::{Client, Registration};
use signet_protocol::ids::ClientId;
use signet_store::StoreError;
use signet_store::client::registrations::{self, PORTION, Use};
use signet_store::events::audit::{Event, Outcome};
use signet_store::node::changes;

/// Records that a self-registered client has been issued something, at most once a day. A failure does not affect the
/// client's request.
pub async fn record_use(provider: &Provider, context: &Context, client: &Client) {
    let due = client.registration.is_some_and(|registration| registration.is_due(context.now));
    if !due {
        return;
    }
    if let Err(error) = Box::pin(note(provider, context, &client.id)).await {
        tracing::warn!(%error, client_id = client.id.as_str(), "could not record the use of a client");
    }
}

async fn note(provider: &Provider, context: &Context, id: &ClientId) -> Result<(), FlowError> {
    let now = context.now;
    let used = Use {
        at: now,
        noted_before: now.minus(Registration::USE_INTERVAL),
        expires_at: provider.clients.registration.end_of_use(now),
    };
    let written = provider.store.write_with((context.realm.id.clone(), id.clone()), move |given, tx| {
        Box::pin(async move {
            let (realm, id) = given;
            if registrations::touch(tx, realm, id, used).await? {
                changes::publish(tx, realm, changes::Kind::Client, id.as_str(), now).await?;
            }
            Ok::<_, StoreError>(())
        })
    });
    written.await?;
    provider.catch_up().await
}

/// Removes the clients that have not been used for too long, in batches, so that other writes can run in between.
pub async fn remove_unused(provider: &Provider, context: &Context) -> Result<(), FlowError> {
    let horizon = provider.revocation_horizon(context.now);
    loop {
        let removed = provider.store.write_with(context.clone(), move |context, tx| {
            Box::pin(async move {
                let unused = registrations::unused(tx, &context.realm.id, context.now).await?;
                for id in &unused {
                    let concerning = Concerning { actor: "system", client: Some(id), ..Concerning::default() };
                    let record = context.record(Event::ClientRemoved, Outcome::Success, concerning, "unused")?;
                    registry::remove(tx, context, id, &record, horizon).await?;
                }
                Ok::<_, FlowError>(unused.len())
            })
        });
        let removed = removed.await?;
        if removed > 0 {
            tracing::info!(removed, "removed unused clients");
        }
        if removed < PORTION {
            return Ok(());
        }
    }
}
