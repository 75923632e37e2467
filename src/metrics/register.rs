//! The list of metrics. Each is registered once, with its name and help; its type determines kind and labels. A test
//! compares the page that operators read with this list.

use std::fmt;

use prometheus_client::encoding::text;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Metric, Registry};

use super::labels::Labels;
use super::{Seconds, SecondsTotal};
use signet_store::metrics::Statements;

/// The description of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Described {
    /// The name in queries; counters end with `_total`.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    pub labels: &'static [&'static str],
    /// One sentence without its full stop.
    pub help: &'static str,
}

/// A metric whose type determines its kind and labels.
pub(super) trait Instrument: Metric + Clone {
    /// `counter`, `gauge` or `histogram`.
    const KIND: &'static str;
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

/// Metrics with their descriptions.
#[derive(Debug, Default)]
pub(super) struct Register {
    registry: Registry,
    described: Vec<Described>,
}

impl Register {
    /// Registers a metric and returns it.
    pub(super) fn add<M: Instrument>(&mut self, name: &'static str, help: &'static str, metric: M) -> M {
        // The encoder adds the suffix of counters itself.
        let written = name.strip_suffix("_total").filter(|_| M::KIND == "counter").unwrap_or(name);
        self.registry.register(written, help, metric.clone());
        self.described.push(Described { name, kind: M::KIND, labels: M::LABELS, help });
        metric
    }

    /// Returns the descriptions, in order of registration.
    pub(super) fn described(&self) -> &[Described] {
        &self.described
    }

    /// Encodes all values in the OpenMetrics text format.
    pub(super) fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(32 * 1024);
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}
