//! L4: background jobs. Every node follows the change sequence and delivers the outbox; the node that holds the lease
//! also rotates keys and sweeps tables. A node that only verifies leaves the outbox and the lease to others.

mod outbox;

pub use outbox::deliver_due;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::app::App;
use crate::flows::client::register;
use crate::flows::defense::{rates, refusals};
use crate::flows::events::audit::{self, AuditFault};
use crate::flows::{Context, FlowError, session};
use signet_protocol::time::{Span, Timestamp};
use signet_store::StoreError;
use signet_store::events::audit::{Origin, append};
use signet_store::node::nodes::Channel;
use signet_store::node::wake::Listening;
use signet_store::node::{clock_steps, leases, sweep};

/// The minimum time between two polls of the change sequence, however often this node is woken.
const MIN_POLL_INTERVAL: Duration = Duration::from_millis(5);
/// The delay after a failed poll.
const POLL_RETRY: Duration = Duration::from_millis(500);
/// The delay before LISTEN is tried again, after a failure or where the database does not support it.
const LISTEN_RETRY: Duration = Duration::from_secs(1);
const LISTEN_BACKOFF: Duration = Duration::from_secs(600);
/// The interval at which nodes exchange the counts of their rate limits.
const EXCHANGE: Duration = Duration::from_secs(1);
/// The interval at which refusals are written for `signet explain`.
const EXPLAIN: Duration = Duration::from_millis(500);
/// The interval of upkeep: key schedule and sweeping.
const UPKEEP: Duration = Duration::from_secs(60);
/// The delay before a panicked job restarts.
const PAUSE: Duration = Duration::from_secs(1);
/// The lifetime of the upkeep lease.
const LEASE: Span = Span::from_minutes(3);

/// The background jobs of a node, aborted on drop.
pub struct Jobs {
    app: Arc<App>,
    node: String,
    tasks: JoinSet<()>,
}

impl Jobs {
    /// Stops the jobs and waits for them. Pending writes are flushed, the upkeep lease is released, and this node is
    /// deregistered, so that other nodes stop waiting for it. Call it after the last request was answered.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
        let store = &self.app.provider.store;
        let now = self.app.clock.now();
        refusals::flush(&self.app.provider, now).await;
        let released = store.write_with(self.node.clone(), move |holder, tx| {
            Box::pin(async move { leases::release(tx, leases::UPKEEP, holder, now).await })
        });
        let released: Result<(), StoreError> = released.await;
        let left = store.membership().deregister(store).await;
        if let Err(error) = released.and(left) {
            tracing::warn!(%error, "could not deregister this node; others wait for it until its row expires");
        }
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.app.provider.store.membership().abandon();
    }
}

/// Starts the jobs and registers this process as a node.
pub fn start(app: &Arc<App>) -> Jobs {
    let node = node_name(app);
    let advertise = app.settings.management.advertise.clone().unwrap_or_default();
    app.provider.store.membership().register(node.clone(), advertise);
    let mut tasks = JoinSet::new();
    tasks.spawn(restart_on_panic("follow", PAUSE, app.clone(), follow));
    if !app.provider.store.is_embedded() {
        tasks.spawn(restart_on_panic("listen", PAUSE, app.clone(), listen));
    }
    let named = (app.clone(), node.clone());
    tasks.spawn(restart_on_panic("upkeep", PAUSE, named, |(app, node)| async move { upkeep(&app, &node).await }));
    tasks.spawn(restart_on_panic("rates", PAUSE, app.clone(), exchange_rates));
    tasks.spawn(restart_on_panic("refusals", PAUSE, app.clone(), store_refusals));
    // Deliveries are signed.
    if !app.settings.keys.verify_only {
        tasks.spawn(restart_on_panic("outbox", PAUSE, app.clone(), outbox::run_deliveries));
    }
    Jobs { app: app.clone(), node, tasks }
}

/// Builds a unique name for this process that an operator can recognize: host, process id, random digits.
fn node_name(app: &App) -> String {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let random = app.entropy.bytes::<8>().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect());
    let random: String = random.unwrap_or_default();
    format!("{}/{}/{random}", host.trim(), std::process::id())
}

/// Runs a job and restarts it after a panic; a node without one of its jobs would only appear healthy.
async fn restart_on_panic<A, F>(name: &'static str, pause: Duration, given: A, job: impl Fn(A) -> F)
where
    A: Clone,
    F: Future<Output = ()>,
{
    loop {
        if AssertUnwindSafe(job(given.clone())).catch_unwind().await.is_err() {
            tracing::error!(name, "a job panicked; restarting it");
        }
        tokio::time::sleep(pause).await;
    }
}

async fn follow(app: Arc<App>) {
    let membership = app.provider.store.membership();
    let mut failing = false;
    loop {
        let outcome = app.follow().await;
        if let Err(error) = &outcome
            && !failing
        {
            tracing::warn!(
                %error,
                "cannot read the change sequence; requests that depend on it get 503 until it works again"
            );
        }
        if outcome.is_ok() && failing {
            tracing::info!("the change sequence can be read again");
        }
        failing = outcome.is_err();
        sleep(if failing { POLL_RETRY } else { MIN_POLL_INTERVAL }).await;
        if !failing {
            membership.wait_for_poll().await;
        }
    }
}

async fn exchange_rates(app: Arc<App>) {
    let mut ticks = interval(EXCHANGE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = rates::exchange(&app.provider, app.clock.now()).await {
            tracing::debug!(%error, "could not exchange rate limits; this node counts alone until the next exchange");
        }
    }
}

async fn store_refusals(app: Arc<App>) {
    let mut ticks = interval(EXPLAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        refusals::flush(&app.provider, app.clock.now()).await;
    }
}

/// Waits for the database's change notifications.
async fn listen(app: Arc<App>) {
    let store = &app.provider.store;
    loop {
        match store.listen().await {
            Ok(Listening::On(mut notifications)) => {
                store.membership().set_channel(Channel::Listen);
                // Wake once, since notifications may have been missed before.
                store.membership().wake();
                while notifications.next().await {
                    store.membership().wake();
                }
                store.membership().set_channel(Channel::None);
            }
            Ok(Listening::Unsupported) => {
                tracing::info!("the database does not support LISTEN; polling for changes");
                sleep(LISTEN_BACKOFF).await;
            }
            Err(error) => tracing::debug!(%error, "LISTEN failed; retrying"),
        }
        sleep(LISTEN_RETRY).await;
    }
}

async fn upkeep(app: &App, holder: &str) {
    let mut ticks = interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = run_upkeep(app, holder).await {
            tracing::warn!(%error, "upkeep failed; retrying");
        }
    }
}

/// Runs one round of upkeep: the steps of every node, and those of the lease holder. Every step runs even if others
/// fail; the first error is returned.
pub async fn run_upkeep(app: &App, holder: &str) -> Result<(), FlowError> {
    let now = app.clock.now();
    let leads = !app.settings.keys.verify_only && take_lease(app, holder, now).await?;
    let mut steps = Vec::new();
    if leads {
        // Another process may have dropped the key that would sign the checkpoint.
        app.follow().await?;
        // The audit log comes before keys are removed, since the newest checkpoint may have been signed by one of them.
        steps.extend([
            maintain_audit_log(app, now).await,
            app.rotate_keys().await,
            session::end_expired(&app.provider, now).await.map(|_| ()),
            sweep_all(app, now).await,
            register::remove_unused(&app.provider, &context(app)).await,
        ]);
    } else {
        // Another node watches the log.
        app.provider.metrics.state.audit_log_broken.set(0);
    }
    // A key may have changed its state just because time has passed.
    steps.extend([
        record_refusals(app).await,
        app.refresh_documents(),
        app.count_waiting().await,
        app.follow_hashes().await,
        app.sample().await,
    ]);
    let outcome: Result<(), FlowError> = steps.into_iter().collect();
    if outcome.is_ok() {
        app.note_upkeep(now);
    }
    outcome
}

/// Takes or renews the upkeep lease. Returns false if another node holds it.
async fn take_lease(app: &App, holder: &str, now: Timestamp) -> Result<bool, FlowError> {
    let taken = app.provider.store.write_with(holder.to_owned(), move |holder, tx| {
        Box::pin(async move {
            let leads = leases::take(tx, leases::UPKEEP, holder, now.plus(LEASE), now).await?;
            if leads {
                clock_steps::record(tx, now).await?;
            }
            Ok::<_, FlowError>(leads)
        })
    });
    taken.await
}

/// Writes the requests refused by rate limits to the audit log, in one row per class, so that a flood of requests does
/// not become a flood of rows.
async fn record_refusals(app: &App) -> Result<(), FlowError> {
    let context = context(app);
    let records = app.provider.limits.rates.records(&context)?;
    if records.is_empty() {
        return Ok(());
    }
    let written = app.provider.store.write_with((context, records), |given, tx| {
        Box::pin(async move {
            let (context, records) = given;
            for record in records {
                append(tx, &context.realm.id, record, context.now).await?;
            }
            Ok::<_, FlowError>(())
        })
    });
    written.await
}

fn context(app: &App) -> Context {
    let realm = app.realm.clone();
    let entropy = app.entropy.clone();
    Context { realm, now: app.clock.now(), entropy, origin: Origin::default() }
}

/// Signs a checkpoint of the audit log and shortens it. A broken log is left for investigation and does not stop other
/// upkeep.
async fn maintain_audit_log(app: &App, now: Timestamp) -> Result<(), FlowError> {
    let provider = &app.provider;
    let realm = &app.realm.id;
    let retention = app.settings.audit.retention;
    let reviewed = app.audit_review.proceed(&provider.store, &provider.keys.of(realm), realm).await;
    let kept = match reviewed {
        Ok(()) => audit::keep(&provider.store, &provider.keys, realm, retention, now).await,
        Err(fault) => Err(fault),
    };
    let is_broken = !matches!(kept, Ok(()) | Err(AuditFault::Flow(_)));
    provider.metrics.state.audit_log_broken.set(i64::from(is_broken));
    match kept {
        Ok(()) => Ok(()),
        Err(AuditFault::Flow(error)) => Err(error),
        Err(fault) => {
            tracing::error!(%fault, "the audit log is broken: checkpoints are not signed and rows are not removed");
            Ok(())
        }
    }
}

/// Deletes the expired rows of every table.
async fn sweep_all(app: &App, now: Timestamp) -> Result<(), FlowError> {
    for table in sweep::TABLES {
        sweep::clear(&app.provider.store, table, now).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_is_restarted() {
        let started = AtomicU32::new(0);
        let survived = Notify::new();
        let job = |()| async {
            assert!(started.fetch_add(1, Ordering::Relaxed) > 1, "the first two fail");
            survived.notify_one();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = restart_on_panic("test", Duration::from_millis(1), (), job) => {}
            () = survived.notified() => {}
        }
        assert_eq!(started.load(Ordering::Relaxed), 3);
    }
}
