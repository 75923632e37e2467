//! L4: what runs beside requests: following the change sequence and delivering the outbox on every node, and rotation
//! and sweeping on the one node that holds their lease.

mod outbox;

pub use outbox::deliver_due;

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::app::App;
use crate::flows::audit::{self, AuditFault};
use crate::flows::{Context, FlowError, rates, register, session};
use crate::protocol::time::{Span, Timestamp};
use crate::store::audit::{Origin, append};
use crate::store::{clock_steps, leases, sweep};

/// How often the change sequence is looked at.
const FOLLOW: Duration = Duration::from_millis(500);
/// How often the nodes tell each other what their rate limits have granted.
const EXCHANGE: Duration = Duration::from_secs(1);
/// How often the schedule of keys and the tables are looked at.
const UPKEEP: Duration = Duration::from_secs(60);
/// How long a job that has panicked rests.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a node keeps the lease for upkeep without renewing it.
const LEASE: Span = Span::from_minutes(3);

/// The jobs of a node; they end when this is dropped.
pub struct Jobs {
    tasks: JoinSet<()>,
}

impl Jobs {
    /// Ends the jobs and waits until they have ended. What they had given to the database to write is written.
    pub async fn end(mut self) {
        self.tasks.shutdown().await;
    }
}

/// Starts the jobs.
pub fn start(app: &Arc<App>) -> Jobs {
    let mut tasks = JoinSet::new();
    tasks.spawn(for_ever(("follow", PAUSE), app.clone(), follow));
    tasks.spawn(for_ever(("upkeep", PAUSE), app.clone(), upkeep));
    tasks.spawn(for_ever(("rates", PAUSE), app.clone(), exchange_rates));
    tasks.spawn(for_ever(("outbox", PAUSE), app.clone(), outbox::keep_delivering));
    Jobs { tasks }
}

/// Runs a job, and again where it has panicked: a node without one of them would only seem to live.
async fn for_ever<A, F>((name, pause): (&'static str, Duration), given: A, job: impl Fn(A) -> F)
where
    A: Clone,
    F: Future<Output = ()>,
{
    loop {
        if AssertUnwindSafe(job(given.clone())).catch_unwind().await.is_err() {
            tracing::error!(name, "a job panicked; it is begun again");
        }
        tokio::time::sleep(pause).await;
    }
}

async fn follow(app: Arc<App>) {
    let mut ticks = interval(FOLLOW);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failing = false;
    loop {
        ticks.tick().await;
        let outcome = app.follow().await;
        if let Err(error) = &outcome
            && !failing
        {
            tracing::warn!(%error, "lost the change sequence; answers turn to 503 until it is back");
        }
        if outcome.is_ok() && failing {
            tracing::info!("follows the change sequence again");
        }
        failing = outcome.is_err();
    }
}

async fn exchange_rates(app: Arc<App>) {
    let mut ticks = interval(EXCHANGE);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = rates::exchange(&app.provider, app.clock.now()).await {
            tracing::debug!(%error, "could not exchange what rate limits have granted; nodes count alone meanwhile");
        }
    }
}

async fn upkeep(app: Arc<App>) {
    let holder = app.entropy.bytes::<16>().map(|bytes| format!("{bytes:02x?}")).unwrap_or_default();
    let mut ticks = interval(UPKEEP);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = keep_up(&app, &holder).await {
            tracing::warn!(%error, "upkeep failed; it is tried again");
        }
    }
}

/// One round of upkeep: what every node does, and what the holder of the lease does for all. Each step is taken, whatever
/// has become of the others.
///
/// # Errors
/// The first [`FlowError`], where the database or a key fails.
pub async fn keep_up(app: &App, holder: &str) -> Result<(), FlowError> {
    let now = app.clock.now();
    let name = holder.to_owned();
    let leads = app.provider.store.write(move |tx| {
        let name = name.clone();
        Box::pin(async move {
            let leads = leases::take(tx, leases::UPKEEP, &name, now.plus(LEASE), now).await?;
            if leads {
                clock_steps::note(tx, now).await?;
            }
            Ok::<_, FlowError>(leads)
        })
    });
    let mut steps = Vec::new();
    if !leads.await? {
        // The log is another node's to watch.
        app.provider.metrics.state.audit_log_broken.set(0);
    } else {
        // Another process may have dropped the key that would vouch.
        app.follow().await?;
        // The log before keys are removed, by which the newest checkpoint may have been signed.
        steps.extend([
            keep_audit_log(app, now).await,
            app.keep_keys().await,
            session::end_expired(&app.provider, now).await.map(|_| ()),
            sweep_all(app, now).await,
            register::remove_unused(&app.provider, &context(app)).await,
        ]);
    }
    // A key may have changed its state by the mere passing of time.
    steps.extend([record_refusals(app).await, app.refresh_documents(), app.count_waiting().await, app.sample().await]);
    let outcome: Result<(), FlowError> = steps.into_iter().collect();
    if outcome.is_ok() {
        app.note_upkeep(now);
    }
    outcome
}

/// Writes down what this node has refused as too much: a line a class, or a flood of requests were one of rows.
async fn record_refusals(app: &App) -> Result<(), FlowError> {
    let context = context(app);
    let records = Arc::new(app.provider.rates.records(&context)?);
    if records.is_empty() {
        return Ok(());
    }
    let written = app.provider.store.write(move |tx| {
        let (realm, records, now) = (context.realm.id.clone(), records.clone(), context.now);
        Box::pin(async move {
            for record in &*records {
                append(tx, &realm, record, now).await?;
            }
            Ok::<_, FlowError>(())
        })
    });
    written.await
}

fn context(app: &App) -> Context {
    let (realm, entropy) = (app.realm.clone(), app.entropy.clone());
    Context { realm, now: app.clock.now(), entropy, origin: Origin::default() }
}

/// Signs a checkpoint of the audit log and shortens it. A broken one stops nothing else: it is left to be looked into.
async fn keep_audit_log(app: &App, now: Timestamp) -> Result<(), FlowError> {
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

/// Sweeps every table.
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
    async fn a_job_that_panics_is_begun_again() {
        let (begun, lives) = (AtomicU32::new(0), Notify::new());
        let job = |()| async {
            assert!(begun.fetch_add(1, Ordering::Relaxed) > 1, "the first two fail");
            lives.notify_one();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = for_ever(("test", Duration::from_millis(1)), (), job) => {}
            () = lives.notified() => {}
        }
        assert_eq!(begun.load(Ordering::Relaxed), 3);
    }
}
