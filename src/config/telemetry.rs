//! Settings of traces (OpenTelemetry).

use serde::Serialize;
use url::Url;

use super::sources::Sources;
use super::values::Value;
use super::{ConfigError, Settings};

/// Settings of the trace export.
#[derive(Clone, Debug, Serialize)]
pub struct Telemetry {
    /// The collector that receives spans by OTLP over HTTP; `None` disables the export.
    pub otlp_endpoint: Option<Url>,
    /// The share of traces that are exported, in percent.
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

/// The URL of a collector. `config print` shows it, so it must contain no secret: no user and no query.
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
