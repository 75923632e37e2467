//! The delivery of the outbox: every node takes what is due, its own at once and that of others within a second.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::task::{Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::flows::back_channel::{self, Room};
use crate::flows::{Context, FlowError};
use crate::protocol::ids::ClientId;
use crate::store::audit::Origin;
use crate::store::outbox::Message;

/// How often the outbox is looked at without having been told.
const POLL: Duration = Duration::from_secs(1);
/// How many attempts a node has under way at a time: fewer than the fetcher has turns, which others need as well.
const AT_ONCE: usize = 16;

/// Delivers for as long as the node runs.
pub(super) async fn keep_delivering(app: Arc<App>) {
    let mut ticks = interval(POLL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = UnderWay::default();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = app.provider.announced.notified() => {}
            () = under_way.one_ends() => {
                // One look at the outbox for several that have ended.
                if under_way.clients.len() > AT_ONCE / 2 {
                    continue;
                }
            }
        }
        if let Err(error) = under_way.begin(&app).await {
            tracing::warn!(%error, "the outbox could not be read; it is tried again");
        }
    }
}

/// The attempts of this node that have not ended.
#[derive(Default)]
struct UnderWay {
    tasks: JoinSet<()>,
    clients: HashMap<Id, ClientId>,
}

impl UnderWay {
    /// Takes what is due, as far as there is room.
    async fn begin(&mut self, app: &Arc<App>) -> Result<(), FlowError> {
        let mut room = Room { free: AT_ONCE.saturating_sub(self.clients.len()), under_way: HashMap::new() };
        for client in self.clients.values() {
            *room.under_way.entry(client.clone()).or_default() += 1;
        }
        if room.free == 0 {
            return Ok(());
        }
        for message in back_channel::claim(&app.provider, &context(app), room).await? {
            let (app, client) = (app.clone(), message.client.clone());
            let task = self.tasks.spawn(async move { deliver(&app, &message).await });
            self.clients.insert(task.id(), client);
        }
        Ok(())
    }

    /// Waits until an attempt has ended; for ever where there is none.
    async fn one_ends(&mut self) {
        let id = match self.tasks.join_next_with_id().await {
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
            None => return std::future::pending().await,
        };
        self.clients.remove(&id);
    }
}

/// Delivers all that is due now, and waits for it; how many attempts that took.
///
/// # Errors
/// [`FlowError`] where the database fails.
pub async fn deliver_due(app: &Arc<App>) -> Result<usize, FlowError> {
    let mut attempts = 0;
    loop {
        let room = Room { free: AT_ONCE, under_way: HashMap::new() };
        let claimed = back_channel::claim(&app.provider, &context(app), room).await?;
        if claimed.is_empty() {
            return Ok(attempts);
        }
        attempts += claimed.len();
        join_all(claimed.iter().map(|message| deliver(app, message))).await;
    }
}

/// One attempt and what follows from it.
async fn deliver(app: &App, message: &Message) {
    let tried = match back_channel::attempt(&app.provider, &context(app), message).await {
        // Later than the attempt began, by as much as the client took.
        Ok(attempt) => back_channel::settle(&app.provider, &context(app), message, attempt).await,
        Err(error) => Err(error),
    };
    if let Err(error) = tried {
        tracing::warn!(%error, client_id = message.client.as_str(), "a delivery failed; it is tried again");
    }
}

fn context(app: &App) -> Context {
    let (realm, entropy) = (app.realm.clone(), app.entropy.clone());
    Context { realm, now: app.clock.now(), entropy, origin: Origin::default() }
}
