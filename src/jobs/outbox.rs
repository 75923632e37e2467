//! Delivery of the outbox. Every node delivers due messages, its own at once and those of other nodes within a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::{Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::context;
use crate::app::App;
use crate::flows::account::notices;
use crate::flows::account::notices::Wanted;
use crate::flows::events::outbox::{self, Attempt, Capacity};
use crate::flows::events::webhooks;
use crate::flows::session::back_channel::{self, Ended};
use crate::flows::{Context, FlowError};
use crate::pages::mails::{Draft, Letterhead};
use signet_store::events::outbox::{Message, OutboxContent, Receiver};

/// The interval at which the outbox is polled without a notification.
const POLL: Duration = Duration::from_secs(1);
/// The maximum number of concurrent deliveries of a node, below the fetcher's limit, which other calls need as well.
const MAX_CONCURRENT: usize = 16;

/// Delivers messages until the node stops.
pub(super) async fn run_deliveries(app: Arc<App>) {
    let mut ticks = interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut active = ActiveDeliveries::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.provider.outbound.announced.notified() => {}
            () = active.one_ends() => {
                // Poll the outbox once for several deliveries that have ended.
                if active.receivers.len() > MAX_CONCURRENT / 2 {
                    continue;
                }
            }
        }
        if let Err(error) = active.begin(&app).await {
            tracing::warn!(%error, "could not read the outbox; retrying");
        }
    }
}

/// Deliveries of this node that have not ended.
#[derive(Default)]
struct ActiveDeliveries {
    tasks: JoinSet<()>,
    receivers: HashMap<Id, Receiver>,
}

impl ActiveDeliveries {
    /// Claims due messages up to the limit.
    async fn begin(&mut self, app: &Arc<App>) -> Result<(), FlowError> {
        let mut capacity =
            Capacity { free: MAX_CONCURRENT.saturating_sub(self.receivers.len()), active: HashMap::new() };
        for receiver in self.receivers.values() {
            *capacity.active.entry(receiver.clone()).or_default() += 1;
        }
        if capacity.free == 0 {
            return Ok(());
        }
        if let Err(error) = webhooks::gather(&app.provider, &context(app)).await {
            tracing::warn!(%error, "could not queue new events for webhooks; retrying");
        }
        for message in outbox::claim(&app.provider, &context(app), capacity).await? {
            let app = app.clone();
            let receiver = message.receiver();
            let task = self.tasks.spawn(async move { deliver(&app, &message).await });
            self.receivers.insert(task.id(), receiver);
        }
        Ok(())
    }

    /// Waits until a delivery has ended. Pending forever if there is none.
    async fn one_ends(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return std::future::pending().await,
        };
        self.receivers.remove(&id);
    }
}

/// Delivers everything that is due now and returns the number of attempts.
pub async fn deliver_due(app: &Arc<App>) -> Result<usize, FlowError> {
    let mut attempts = 0;
    loop {
        webhooks::gather(&app.provider, &context(app)).await?;
        let capacity = Capacity { free: MAX_CONCURRENT, active: HashMap::new() };
        let claimed = outbox::claim(&app.provider, &context(app), capacity).await?;
        if claimed.is_empty() {
            return Ok(attempts);
        }
        attempts += claimed.len();
        join_all(claimed.iter().map(|message| deliver(app, message))).await;
    }
}

/// Makes one attempt and records its outcome.
async fn deliver(app: &App, message: &Message) {
    let tried = match attempt(app, &context(app), message).await {
        // The context is built again, since the attempt may have taken some time.
        Ok(attempt) => {
            app.provider.count_delivery(attempt.outcome());
            outbox::settle(&app.provider, &context(app), message, attempt).await
        }
        Err(error) => Err(error),
    };
    if let Err(error) = tried {
        tracing::warn!(%error, message = message.id, "a delivery failed; retrying");
    }
}

async fn attempt(app: &App, context: &Context, message: &Message) -> Result<Attempt, FlowError> {
    if let Some(abandoned) = outbox::overdue(message, context) {
        return Ok(abandoned);
    }
    let provider = &app.provider;
    match &message.content {
        OutboxContent::Logout { client, session, user } => {
            back_channel::attempt(provider, context, Ended { client, session, user }, message.attempts).await
        }
        OutboxContent::Mail { user, row, address } => {
            let wanted = Wanted { user, row, address: address.as_deref() };
            let Some(facts) = notices::facts(provider, context, wanted).await? else { return Ok(Attempt::Obsolete) };
            let letter = Draft::notice(&facts, &message.id).letter(&Letterhead::of(&app.settings));
            let letter = letter.map_err(|error| FlowError::Internal(error.to_string()))?;
            Ok(notices::attempt(provider, &letter, message.attempts).await)
        }
        OutboxContent::Event { webhook, row } => {
            webhooks::attempt(provider, context, webhook, row, message.attempts).await
        }
    }
}
