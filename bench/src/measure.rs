//! One measured window: workers send one request after the other, and the server's CPU time, memory and statements are
//! read before and after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use url::Url;

use crate::flow::Op;
use crate::http::{Client, Origin, Req};
use crate::procstat::{self, Machine, Usage};
use crate::scenario::{Plan, Worker};
use crate::stats::{quantile, r3};

const SETUP_PARALLEL: usize = 2;
const SETUP_TRIES: u32 = 5;

/// How a window is measured.
#[derive(Clone)]
pub struct Window {
    /// Connections, one worker each.
    pub conns: usize,
    /// Seconds of load before it.
    pub warmup: f64,
    /// Where the server tells how many SQL statements it has run.
    pub metrics: Option<Url>,
}

impl Window {
    async fn statements(&self) -> Option<u64> {
        let url = self.metrics.as_ref()?;
        let origin = Arc::new(Origin::new(url, None, vec![]).ok()?);
        let reply = Client::new(origin).send(&Req::get(url)).await.ok()?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        text.lines().find_map(|line| line.strip_prefix("signet_database_statements_total "))?.trim().parse().ok()
    }
}

/// What one measured window gave.
pub struct Sample {
    secs: f64,
    latencies_us: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
    connects: u64,
    conns: usize,
    cpu_us: u64,
    client_cpu_us: u64,
    usage: Usage,
    rss_peak_kib: u64,
    busy: f64,
    steal: f64,
    statements: Option<u64>,
}

#[derive(Default)]
struct WorkerLog {
    latencies_us: Vec<u32>,
    errors: u64,
    first_error: Option<String>,
    connects: u64,
}

#[derive(Default)]
struct Phase {
    counting: AtomicBool,
    over: AtomicBool,
}

pub async fn measure(
    window: &Window,
    secs: f64,
    pids: &[u32],
    plan: &Plan,
    op: Option<&Arc<Op>>,
    origin: &Arc<Origin>,
) -> Result<Sample> {
    let workers = start_workers(window.conns, plan, op, origin).await?;
    let phase = Arc::new(Phase::default());
    let tasks: Vec<_> = workers.into_iter().map(|w| tokio::spawn(work(w, phase.clone()))).collect();

    tokio::time::sleep(Duration::from_secs_f64(window.warmup.min(secs))).await;
    let me = std::process::id();
    let statements_before = window.statements().await;
    let (before, machine) = (procstat::usage(pids), Machine::now());
    let client_before = own_cpu(me);
    phase.counting.store(true, Ordering::Relaxed);
    let began = Instant::now();
    let end = began + Duration::from_secs_f64(secs);
    let mut rss_peak_kib = before.rss_kib;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        tokio::time::sleep(left.min(Duration::from_millis(250))).await;
        rss_peak_kib = rss_peak_kib.max(procstat::usage(pids).rss_kib);
    }
    phase.counting.store(false, Ordering::Relaxed);
    let secs = began.elapsed().as_secs_f64();
    let after = procstat::usage(pids);
    let statements =
        window.statements().await.zip(statements_before).map(|(after, before)| after.saturating_sub(before));
    let (busy, steal) = Machine::now().since(machine);
    let client_cpu_us = own_cpu(me).saturating_sub(client_before);
    phase.over.store(true, Ordering::Relaxed);

    let mut sample = Sample {
        secs,
        latencies_us: vec![],
        errors: 0,
        first_error: None,
        connects: 0,
        conns: window.conns,
        cpu_us: after.cpu_us.saturating_sub(before.cpu_us),
        client_cpu_us,
        usage: after,
        rss_peak_kib: rss_peak_kib.max(after.rss_kib),
        busy,
        steal,
        statements,
    };
    for task in tasks {
        let log = task.await?;
        sample.latencies_us.extend(log.latencies_us);
        sample.errors += log.errors;
        sample.first_error = sample.first_error.or(log.first_error);
        sample.connects += log.connects;
    }
    sample.latencies_us.sort_unstable();
    Ok(sample)
}

/// Sets the workers up a few at a time, so that an OP which fails under load can
/// still be measured: its errors then count in the window.
async fn start_workers(count: usize, plan: &Plan, op: Option<&Arc<Op>>, origin: &Arc<Origin>) -> Result<Vec<Worker>> {
    let few = Arc::new(Semaphore::new(SETUP_PARALLEL));
    let mut starting = JoinSet::new();
    for _ in 0..count {
        let (few, plan, op, origin) = (few.clone(), plan.clone(), op.cloned(), origin.clone());
        starting.spawn(async move {
            let _turn = few.acquire().await?;
            let mut tries = 0;
            loop {
                tries += 1;
                let worker = Worker::start(plan.clone(), Client::new(origin.clone()), op.clone());
                match worker.await {
                    Err(_) if tries < SETUP_TRIES => {}
                    outcome => return outcome,
                }
            }
        });
    }
    let mut workers = Vec::with_capacity(count);
    while let Some(worker) = starting.join_next().await {
        workers.push(worker?.context("set-up of a worker")?);
    }
    Ok(workers)
}

/// The load generator's own CPU time. The floor server is its child, so it is
/// read without descendants.
fn own_cpu(me: u32) -> u64 {
    procstat::own_usage(me).cpu_us
}

async fn work(mut worker: Worker, phase: Arc<Phase>) -> WorkerLog {
    let mut log = WorkerLog::default();
    let connects = worker.connects();
    while !phase.over.load(Ordering::Relaxed) {
        let began = Instant::now();
        let outcome = worker.iterate().await;
        let counts = phase.counting.load(Ordering::Relaxed);
        match outcome {
            Ok(()) if counts => log.latencies_us.push(began.elapsed().as_micros() as u32),
            Ok(()) => {}
            Err(err) => {
                log.errors += u64::from(counts);
                log.first_error.get_or_insert_with(|| format!("{err:#}"));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
    }
    log.connects = worker.connects() - connects;
    log
}

impl Sample {
    fn rps(&self) -> f64 {
        self.latencies_us.len() as f64 / self.secs
    }

    fn cpu_us_per_req(&self) -> f64 {
        self.cpu_us as f64 / self.latencies_us.len().max(1) as f64
    }

    pub fn report(&self) -> Value {
        let n = self.latencies_us.len();
        let ms = |q| r3(f64::from(quantile(&self.latencies_us, q)) / 1000.0);
        json!({
            "conns": self.conns,
            "secs": r3(self.secs),
            "n": n,
            "errors": self.errors,
            "first_error": self.first_error,
            "rps": r3(self.rps()),
            "p50_ms": ms(0.5),
            "p99_ms": ms(0.99),
            "max_ms": ms(1.0),
            "cpu_us_per_req": r3(self.cpu_us_per_req()),
            "server_cores": r3(self.cpu_us as f64 / 1e6 / self.secs),
            "client_cores": r3(self.client_cpu_us as f64 / 1e6 / self.secs),
            "busy": r3(self.busy),
            "steal": r3(self.steal),
            "rss_mib": r3(self.usage.rss_kib as f64 / 1024.0),
            "rss_peak_mib": r3(self.rss_peak_kib as f64 / 1024.0),
            "threads": self.usage.threads,
            "connects": self.connects,
            "sql_per_req": self.statements.map(|all| r3(all as f64 / n.max(1) as f64)),
        })
    }

    /// The same figures as multiples of the floor measured just before.
    pub fn against(&self, floor: &Sample) -> Value {
        json!({
            "floor_rps": r3(floor.rps()),
            "floor_cpu_us_per_req": r3(floor.cpu_us_per_req()),
            "cpu_ratio": r3(self.cpu_us_per_req() / floor.cpu_us_per_req().max(0.001)),
            "rps_ratio": r3(self.rps() / floor.rps().max(0.001)),
        })
    }
}
