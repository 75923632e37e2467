//! A restore. The data is older than what has been issued since, so everything issued is voided. Used values stay used,
//! and nothing that was replaced or revoked after the backup becomes valid again.

use crate::flows::{Concerning, Context, FlowError};
use signet_protocol::time::{Span, Timestamp};
use signet_protocol::token::revocation::{Revocation, Target};
use signet_store::Store;
use signet_store::events::audit::{self, Event, Outcome};
use signet_store::node::restore_epochs::{self, OfflineGrants, Voided};
use signet_store::node::{leases, nodes};
use signet_store::token::revocations;

/// The time without an update after which a node's row counts as dead.
const SILENT: Span = Span::from_secs(15);

/// The time until which a running server, or one that ended abruptly, counts as using the database. It writes data
/// that it read before the restore, so a new epoch must not begin while it runs.
pub async fn in_use_until(store: &Store, context: &Context) -> Result<Option<Timestamp>, FlowError> {
    let mut tx = store.read().await?;
    let lease_end = leases::held_until(&mut tx, leases::UPKEEP).await?;
    let leads_until = lease_end.filter(|end| *end > context.now);
    // A node that does not lead is recognized by its row, which it updates every few seconds and removes when it stops.
    let nodes = nodes::all(&mut tx).await?;
    let heard_until = nodes.iter().map(|node| node.heard_at.plus(SILENT)).filter(|until| context.now < *until).max();
    Ok(leads_until.max(heard_until))
}

/// Begins a new epoch on restored data. Access tokens are cut off for the whole realm; the entry is kept until
/// `horizon`, when all of them have expired.
pub async fn begin_epoch(
    store: &Store,
    context: &Context,
    backup_at: Option<Timestamp>,
    offline: OfflineGrants,
    horizon: Timestamp,
) -> Result<Voided, FlowError> {
    let reason = match offline {
        OfflineGrants::Revoke => "",
        OfflineGrants::Keep => "offline grants kept",
    };
    let concerning = Concerning { actor: "command", ..Concerning::default() };
    let record = context.record(Event::Restored, Outcome::Success, concerning, reason)?;
    let written = store.write_with((context.clone(), record), move |given, tx| {
        Box::pin(async move {
            let (context, record) = given;
            let realm = &context.realm.id;
            let now = context.now;
            let voided = restore_epochs::begin(tx, realm, backup_at, offline, now).await?;
            audit::append(tx, realm, record, now).await?;
            let cut_off = Revocation {
                realm: realm.clone(),
                target: Target::Realm,
                subject: realm.as_str().to_owned(),
                not_before: now,
                expires_at: horizon,
            };
            revocations::insert(tx, &cut_off, "restored", now).await?;
            Ok::<_, FlowError>(voided)
        })
    });
    written.await
}
