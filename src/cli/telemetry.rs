//! Log and traces of the process.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceContextExt as _, TraceId, TracerProvider as _};
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, SdkTracer, SdkTracerProvider, ShouldSample};
use tokio::runtime::Handle;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use super::json_line::{JsonLine, Members};
use super::lines::Lines;
use crate::config::{Log, LogFormat, LogLevel, Settings};
use crate::fetch;
use signet_crypto::entropy::Entropy;

/// Timeout of the collector, also for the last export at shutdown.
const TIMEOUT: Duration = Duration::from_secs(5);

pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    lines: Lines,
}

impl Telemetry {
    /// Starts the log, and the export of traces if the settings name a collector. A collector that does not answer is
    /// no error.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        let traces = match &settings.telemetry.otlp_endpoint {
            Some(endpoint) => Some(exporter(endpoint.as_str(), settings)?),
            None => None,
        };
        let tracer = traces.as_ref().map(|provider| provider.tracer("signet"));
        let spans = tracer.map(spans);
        // `try_init` fails only if a subscriber is set already, as by a test.
        let lines = Lines::start();
        let log = log_to(lines.clone(), settings.log.format);
        let _ = tracing_subscriber::registry().with(spans).with(log).with(filter(&settings.log)).try_init();
        Ok(Self { traces, lines })
    }

    /// Exports the remaining spans within [`TIMEOUT`].
    pub async fn end(mut self) {
        let Some(traces) = self.traces.take() else { return };
        let ended = tokio::task::spawn_blocking(move || traces.shutdown_with_timeout(TIMEOUT)).await;
        if let Ok(Err(error)) = ended {
            tracing::warn!(%error, "could not export the last spans");
        }
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        self.lines.flush();
    }
}

/// Builds the level filter. `RUST_LOG` overrides the settings.
///
/// It applies to all layers. With a per-layer filter, the log treated spans as disabled that another crate had queried
/// on the same thread, and wrote lines without their request id.
fn filter<S>(log: &Log) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let wanted = std::env::var("RUST_LOG").ok().filter(|wanted| !wanted.is_empty());
    match wanted.and_then(|wanted| EnvFilter::try_new(wanted).ok()) {
        Some(wanted) => wanted.boxed(),
        None => level(log.level).boxed(),
    }
}

fn level(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    }
}

/// Builds the log layer: readable lines or JSON.
fn log_to<S>(lines: Lines, format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let on_terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let layer = tracing_subscriber::fmt::layer().with_writer(lines).with_ansi(on_terminal);
    match format {
        LogFormat::Json => layer.fmt_fields(Members).event_format(JsonLine).boxed(),
        LogFormat::Pretty => layer.with_target(false).boxed(),
    }
}

/// Builds the layer that exports the spans of this crate. Events are only logged.
fn spans<S>(tracer: SdkTracer) -> impl Layer<S>
where
    S: tracing::Subscriber + for<'a> LookupSpan<'a>,
{
    let layer = tracing_opentelemetry::layer().with_tracer(tracer);
    let layer = layer.with_location(false).with_threads(false).with_level(false).with_target(false);
    layer.with_filter(filter_fn(|of| of.is_span() && of.target().starts_with("signet")))
}

/// A sampler with random numbers of its own: callers choose the trace id by `traceparent` (W3C Trace Context §3.2) and
/// must not control what reaches the collector.
#[derive(Clone, Debug)]
struct OwnShare {
    /// Sampled share, in units of 2^-32.
    share: u64,
    entropy: Entropy,
}

impl OwnShare {
    fn of_percent(percent: u32) -> Self {
        Self { share: (u64::from(percent) << 32) / 100, entropy: Entropy::default() }
    }

    /// Decides at random if a trace that begins here is sampled.
    fn draws(&self) -> bool {
        self.entropy.bytes().is_ok_and(|bytes| u64::from(u32::from_ne_bytes(bytes)) < self.share)
    }
}

impl ShouldSample for OwnShare {
    fn should_sample(
        &self,
        parent: Option<&opentelemetry::Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent.map(|parent| parent.span().span_context().clone()).filter(SpanContext::is_valid);
        let sampled = match &parent {
            // A span within a request follows its parent.
            Some(own) if !own.is_remote() => own.is_sampled(),
            Some(_) | None => self.draws(),
        };
        SamplingResult {
            decision: if sampled { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: parent.map(|parent| parent.trace_state().clone()).unwrap_or_default(),
        }
    }
}

/// Builds the batch exporter of spans by OTLP over HTTP.
fn exporter(endpoint: &str, settings: &Settings) -> anyhow::Result<SdkTracerProvider> {
    let tls = fetch::trust(&settings.outbound)?;
    let client = reqwest::Client::builder().tls_backend_preconfigured(tls).timeout(TIMEOUT).no_proxy();
    let sender = Sender { client: client.build()?, runtime: Handle::current(), failing: Arc::default() };
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(sender)
        .with_protocol(Protocol::HttpBinary)
        .with_timeout(TIMEOUT)
        .with_endpoint(traces_url(endpoint))
        .build();
    let exporter = exporter.context("telemetry.otlp_endpoint")?;
    let resource = Resource::builder()
        .with_service_name("signet")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let provider = SdkTracerProvider::builder()
        .with_sampler(OwnShare::of_percent(settings.telemetry.sample_percent))
        .with_resource(resource)
        .with_batch_exporter(exporter);
    Ok(provider.build())
}

/// Returns the URL for traces: the setting with `/v1/traces`, unless it has a path.
fn traces_url(endpoint: &str) -> String {
    match url::Url::parse(endpoint) {
        Ok(url) if url.path() == "/" => format!("{}/v1/traces", endpoint.trim_end_matches('/')),
        Ok(_) | Err(_) => endpoint.to_owned(),
    }
}

/// HTTP client that runs on the server's runtime, since the exporter has a separate thread. Logs the first of several
/// failures.
struct Sender {
    client: reqwest::Client,
    runtime: Handle,
    failing: Arc<AtomicBool>,
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sender")
    }
}

#[async_trait]
impl HttpClient for Sender {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = self.runtime.spawn(async move { client.send_bytes(request).await }).await?;
        let failed = !sent.as_ref().is_ok_and(|answer| answer.status().is_success());
        match (self.failing.swap(failed, Ordering::Relaxed), failed) {
            (false, true) => tracing::warn!("the trace collector does not answer; spans are dropped until it does"),
            (true, false) => tracing::info!("the trace collector answers again"),
            (true, true) | (false, false) => {}
        }
        sent
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanId, TraceFlags, TraceState};

    use super::*;

    #[test]
    fn no_trace_id_of_a_caller_decides_what_is_sent() {
        let context = |trace_id: u128, is_remote: bool| {
            let flags = TraceFlags::SAMPLED;
            let span = SpanContext::new(TraceId::from(trace_id), SpanId::from(1), flags, is_remote, TraceState::NONE);
            opentelemetry::Context::new().with_remote_span_context(span)
        };
        let sent = |sampler: &OwnShare, trace_id: u128, is_remote: bool| {
            let result = sampler.should_sample(
                Some(&context(trace_id, is_remote)),
                TraceId::from(trace_id),
                "request",
                &SpanKind::Server,
                &[],
                &[],
            );
            result.decision == SamplingDecision::RecordAndSample
        };
        let few = OwnShare::of_percent(1);
        let all = OwnShare::of_percent(100);
        // Samplers by trace id use the low bytes.
        for trace_id in [1 << 64, u128::MAX] {
            let count = (0..1_000).filter(|_| sent(&few, trace_id, true)).count();
            assert!((1..100).contains(&count), "{trace_id:x}: {count} of a thousand");
            assert!((0..1_000).all(|_| sent(&all, trace_id, true)), "{trace_id:x}");
            assert!(sent(&few, trace_id, false), "within a request that is sent");
        }
    }

    #[test]
    fn a_collector_is_named_with_or_without_a_path() {
        for (written, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://127.0.0.1:4318/", "http://127.0.0.1:4318/v1/traces"),
            ("https://collector.example/otlp/traces", "https://collector.example/otlp/traces"),
        ] {
            assert_eq!(traces_url(written), expected);
        }
    }
}
