//! Settings of traces (OpenTelemetry).

use serde::Serialize;
use url::Url;

use super::table::settings;
use super::values::Value;

settings! {
    [telemetry]

    /// The export of traces (OpenTelemetry).
    #[derive(Clone, Debug, Serialize)]
    pub struct Telemetry {
        /// The collector that receives traces by OTLP over HTTP, such as `http://127.0.0.1:4318`. A URL with a path is
        /// used as it is. `log.level = "off"` disables traces.
        #[form(Collector)]
        pub otlp_endpoint: Option<Url> = None,
        /// The share of traces that are sent, in percent, 1 to 100.
        pub sample_percent: u32 = 100,
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

impl From<Collector> for Option<Url> {
    fn from(collector: Collector) -> Self {
        Some(collector.0)
    }
}
