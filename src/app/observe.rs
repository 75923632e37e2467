//! Health checks and sampled metrics of this node.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use serde::Serialize;

use super::App;
use crate::flows::FlowError;
use crate::metrics::labels::{Alg, Connections, Keys};
use signet_protocol::jose::jwk::KeyAlgorithm;
use signet_protocol::time::{Span, Timestamp};
use signet_store::node::{leases, samples};

/// The age in seconds from which the oldest outbox message fails its check.
const OLD_MESSAGE: f64 = 3600.0;

/// The age from which upkeep, which is due every minute, counts as missed.
const OLD_ROUND: Span = Span::from_minutes(5);

/// The last runs of background jobs, for the health checks.
#[derive(Debug)]
pub struct Rounds {
    /// The end of the last successful upkeep, or the start of this node, in milliseconds.
    upkeep: AtomicI64,
    /// The start of this node.
    started: Timestamp,
}

impl Rounds {
    /// Returns the state of a node that starts now.
    pub fn starting(now: Timestamp) -> Self {
        Self { upkeep: AtomicI64::new(now.as_millis()), started: now }
    }
}

/// The result of one health check.
#[derive(Debug, Serialize)]
pub struct Check {
    pub check: &'static str,
    /// `ok` or `failing`.
    pub status: &'static str,
    /// True if the server cannot work without it.
    pub critical: bool,
    /// The duration of the check, in microseconds.
    pub micros: u128,
}

impl App {
    /// Samples the metrics that need the database: live sessions and the outbox.
    pub async fn sample(&self) -> Result<(), FlowError> {
        let now = self.clock.now();
        let mut tx = self.provider.store.read().await?;
        let sessions = samples::sessions(&mut tx, now).await?;
        let (messages, oldest) = samples::outbox(&mut tx).await?;
        let state = &self.provider.metrics.state;
        state.sessions.set(sessions);
        state.outbox.set(messages);
        state.outbox_oldest.set(oldest.map_or(0.0, |oldest| seconds(now.since(oldest))));
        Ok(())
    }

    /// Encodes all metrics in the OpenMetrics text format, with the current state of this node. Does not query the
    /// database.
    pub fn metrics(&self) -> Result<String, fmt::Error> {
        let provider = &self.provider;
        let state = &provider.metrics.state;
        let (revocations, blocks) = provider.view.held();
        state.revocations.set(whole(revocations));
        state.blocks.set(whole(blocks));
        state.waiting.set(provider.requests.waiting.total());
        state.view_age.set(provider.view.age().as_secs_f64());
        let (idle, used) = provider.store.connections();
        for (name, count) in [("idle", idle), ("used", used)] {
            state.connections.get_or_create(&Connections { state: name }).set(whole(count));
        }
        let is_ready = !self.draining.load(Ordering::Relaxed) && self.has_keys() && provider.view.check_fresh().is_ok();
        state.ready.set(i64::from(is_ready));
        provider.store.metrics().nodes.set(whole(provider.store.membership().count()));
        provider.metrics.process.sample();
        self.observe_keys(self.clock.now());
        provider.metrics.encode()
    }

    fn observe_keys(&self, now: Timestamp) {
        let keys = &self.provider.keys;
        let state = &self.provider.metrics.state;
        let all = keys.status(&self.realm.id, now);
        for alg in keys.algorithms_of(&self.realm.id).into_iter().map(KeyAlgorithm::as_str) {
            let of_it = || all.iter().filter(|key| key.algorithm == alg);
            for name in ["announced", "active", "retired"] {
                let count = of_it().filter(|key| key.state == name).count();
                state.keys.get_or_create(&Keys { alg, state: name }).set(whole(count));
            }
            let Some(active) = of_it().find(|key| key.state == "active") else { continue };
            let planned = active.activates_at.plus(keys.schedule().interval);
            let announced = of_it().filter(|key| key.state == "announced").map(|key| key.activates_at).min();
            let remaining = announced.unwrap_or(planned).since(now);
            state.key_age.get_or_create(&Alg { alg }).set(seconds(now.since(active.activates_at)));
            state.key_remaining.get_or_create(&Alg { alg }).set(seconds(remaining));
        }
    }

    /// Runs all health checks.
    pub async fn checks(&self) -> Vec<Check> {
        let provider = &self.provider;
        let oldest = provider.metrics.state.outbox_oldest.get();
        vec![
            check("database", true, async { provider.store.ping().await.is_ok() }).await,
            check("schema", true, async { provider.store.check_applied().await.is_ok() }).await,
            check("change-sequence", true, async { provider.view.check_fresh().is_ok() }).await,
            check("signing-keys", true, async { self.has_keys() }).await,
            check("accepting", true, async { !self.draining.load(Ordering::Relaxed) }).await,
            check("key-rotation", false, async { self.rotates_in_time() }).await,
            check("password-pool", false, async { provider.sign_ins.passwords.has_room() }).await,
            check("audit-log", false, async { provider.metrics.state.audit_log_broken.get() == 0 }).await,
            check("outbox", false, async { oldest < OLD_MESSAGE }).await,
            check("upkeep", false, async { self.upkeep_ran() }).await,
            check("sweeper", false, self.sweeper_ran()).await,
            check("mailer", false, self.mailer_answers()).await,
        ]
    }

    /// Records a successful upkeep.
    pub fn note_upkeep(&self, at: Timestamp) {
        self.rounds.upkeep.store(at.as_millis(), Ordering::Relaxed);
    }

    fn upkeep_ran(&self) -> bool {
        let last = Timestamp::from_millis(self.rounds.upkeep.load(Ordering::Relaxed));
        self.clock.now() < last.plus(OLD_ROUND)
    }

    /// Returns true if some node has recently held the upkeep lease, or could not have taken it yet.
    async fn sweeper_ran(&self) -> bool {
        let now = self.clock.now();
        let Ok(mut tx) = self.provider.store.read().await else { return false };
        let Ok(until) = leases::held_until(&mut tx, leases::UPKEEP).await else { return false };
        let last = until.unwrap_or(self.rounds.started).max(self.rounds.started);
        now < last.plus(OLD_ROUND)
    }

    /// Returns true if the mail server is reachable or none is configured.
    async fn mailer_answers(&self) -> bool {
        match &self.provider.outbound.mailer {
            Some(mailer) => mailer.test().await.is_ok(),
            None => true,
        }
    }

    pub(super) fn has_keys(&self) -> bool {
        let keys = self.provider.keys.of(&self.realm.id);
        keys.is_ready(self.provider.keys.algorithms(), self.clock.now())
    }

    /// Returns true if no active key has signed for longer than planned.
    fn rotates_in_time(&self) -> bool {
        let keys = &self.provider.keys;
        let now = self.clock.now();
        let late = keys.schedule().interval.plus(Span::from_hours(1));
        let all = keys.status(&self.realm.id, now);
        all.iter().filter(|key| key.state == "active").all(|key| now < key.activates_at.plus(late))
    }
}

async fn check(name: &'static str, critical: bool, work: impl Future<Output = bool>) -> Check {
    let started = Instant::now();
    let status = if work.await { "ok" } else { "failing" };
    Check { check: name, status, critical, micros: started.elapsed().as_micros() }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a float is what the exposition has")]
fn seconds(span: Span) -> f64 {
    span.as_millis() as f64 / 1000.0
}
