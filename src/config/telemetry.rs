//! Settings of traces (OpenTelemetry).

use serde::Serialize;
use url::Url;

use super::sources::Sources;
use super::values::Value;
use super::{ConfigError, Settings};

/// Settings of what is told to a collector.
#[derive(Clone, Debug, Serialize)]
pub struct Telemetry {
    /// The collector that spans are sent to by OTLP over HTTP; none are without one.
    pub otlp_endpoint: Option<Url>,
    /// How many traces of a hundred are sent.
    pub sample_percent: u32,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self { otlp_endpoint: None, sample_percent: 100 }
    }
}

impl Settings {
    pub(super) fn read_telemetry(&mut self, sources: &mut Sources) -> Result<(), ConfigError> {
        let telemetry = &mut self.telemetry;
        telemetry.otlp_endpoint = sources.take::<Collector>("telemetry.otlp_endpoint")?.map(|collector| collector.0);
        sources.set("telemetry.sample_percent", &mut telemetry.sample_percent)
    }
}

/// The URL of a collector: what `config print` shows of it holds no secret, so it may not have a user or a query.
struct Collector(Url);

impl Value for Collector {
    const EXPECTED: &'static str =
        "an http or https URL without user, query and fragment, such as http://127.0.0.1:4318";

    fn parse(text: &str) -> Option<Self> {
        let url = Url::parse(text).ok()?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none();
        (plain && usable).then_some(Self(url))
    }
}
