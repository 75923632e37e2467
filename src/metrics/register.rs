//! The list of metrics: each is entered once, with its name, its help and, by its type, its kind and its labels. The
//! page that operators read is compared with this list.

use std::fmt;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::labels::Labels;
use super::{Seconds, SecondsTotal};
use crate::store::metrics::Statements;

/// What is said of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// Its name as it is queried: counters with `_total`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it says, as one sentence without its full stop.
    pub help: &'static str,
}

/// A metric whose kind and labels follow from its type.
pub(super) trait Instrument: Metric + Clone {
    /// `counter`, `gauge` or `histogram`.
    const KIND: &'static str;
    /// The names of its labels.
    const LABELS: &'static [&'static str] = &[];
}

impl Instrument for Counter {
    const KIND: &'static str = "counter";
}

impl Instrument for SecondsTotal {
    const KIND: &'static str = "counter";
}

impl Instrument for Gauge {
    const KIND: &'static str = "gauge";
}

impl Instrument for Seconds {
    const KIND: &'static str = "gauge";
}

impl Instrument for Histogram {
    const KIND: &'static str = "histogram";
}

impl Instrument for Statements {
    const KIND: &'static str = "histogram";
    const LABELS: &'static [&'static str] = &["statement"];
}

impl<L, M, C> Instrument for Family<L, M, C>
where
    L: Labels,
    M: Instrument,
    C: MetricConstructor<M> + Clone,
    Self: Metric,
{
    const KIND: &'static str = M::KIND;
    const LABELS: &'static [&'static str] = L::NAMES;
}

/// Metrics with what is said of each.
#[derive(Debug, Default)]
pub(super) struct Register {
    registry: Registry,
    described: Vec<Described>,
}

impl Register {
    /// Enters a metric and hands it on.
    pub(super) fn add<M: Instrument>(&mut self, name: &'static str, help: &'static str, metric: M) -> M {
        // The exposition adds the suffix of counters by itself.
        let written = name.strip_suffix("_total").filter(|_| M::KIND == "counter").unwrap_or(name);
        self.registry.register(written, help, metric.clone());
        self.described.push(Described { name, kind: M::KIND, labels: M::LABELS, help });
        metric
    }

    /// What is said of each, in the order of entry.
    pub(super) fn described(&self) -> &[Described] {
        &self.described
    }

    /// All values in the OpenMetrics text format, which Prometheus reads.
    pub(super) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(32 * 1024);
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
