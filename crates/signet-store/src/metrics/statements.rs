//! Durations of database statements, by statement name. A statement is identified by its index in the list of all
//! statements, so that a request pays two clock readings and two atomic additions, but no lock and no hashing.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;

/// Upper bounds of the buckets, in microseconds. The last but one is the duration from which a statement is logged as
/// slow.
const BOUNDS: [u64; 7] = [100, 500, 2_000, 10_000, 50_000, 200_000, 1_000_000];
const BUCKETS: usize = BOUNDS.len() + 1;

/// The label of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Statement {
    /// The file of the table and the constant: `sessions.insert`.
    pub statement: Cow<'static, str>,
}

/// The number and the durations of statements.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    /// Started statements, without transaction control.
    pub begun: Counter,
    timings: Arc<[Timing]>,
}

/// The durations of one statement.
#[derive(Debug)]
struct Timing {
    label: Statement,
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

impl Statements {
    /// Creates counters for the statements with these names; their order defines the indexes.
    pub fn new(names: impl Iterator<Item = String>) -> Self {
        let timing = |name| Timing {
            label: Statement { statement: Cow::Owned(name) },
            buckets: Default::default(),
            nanos: AtomicU64::default(),
        };
        Self { begun: Counter::default(), timings: names.map(timing).collect() }
    }

    /// Adds a duration for the statement at this index and returns its name.
    pub fn observe(&self, place: usize, took: Duration) -> Option<&str> {
        let timing = self.timings.get(place)?;
        let micros = took.as_micros();
        let bucket = BOUNDS.iter().position(|bound| micros <= u128::from(*bound)).unwrap_or(BOUNDS.len());
        if let Some(bucket) = timing.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        timing.nanos.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        Some(&timing.label.statement)
    }
}

impl EncodeMetric for Statements {
    /// Encodes the statements that have run. Most of the list belongs to commands, which this process never runs.
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), fmt::Error> {
        for Timing { label, buckets, nanos } in &*self.timings {
            let counts: Vec<u64> = buckets.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect();
            let count: u64 = counts.iter().sum();
            if count == 0 {
                continue;
            }
            let bounds = BOUNDS.iter().map(|bound| seconds(bound.saturating_mul(1000))).chain([f64::INFINITY]);
            let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
            let sum = seconds(nanos.load(Ordering::Relaxed));
            encoder.encode_family(label)?.encode_histogram::<NoLabelSet>(sum, count, &buckets, None)?;
        }
        Ok(())
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

#[expect(clippy::cast_precision_loss, reason = "the exposition has floats")]
fn seconds(nanos: u64) -> f64 {
    nanos as f64 / 1e9
}
