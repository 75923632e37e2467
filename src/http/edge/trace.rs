//! The trace of a request: joined from its `traceparent`, or a new one if traces are exported. The ids are on every log
//! line of the request.

use axum::http::HeaderMap;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use crate::app::App;
use signet_protocol::trace_context::TraceParent;

/// Joins the span of a request to the trace in its headers, and records the ids: of this server's span if it is
/// exported, otherwise of the caller's.
pub fn begin(app: &App, span: &Span, method: &'static str, route: Option<&str>, headers: &HeaderMap) {
    let mut values = headers.get_all("traceparent").iter();
    let parent = match (values.next(), values.next()) {
        (Some(only), None) => only.to_str().ok().and_then(TraceParent::parse),
        _ => None,
    };
    if app.exports_traces() {
        span.record("otel.name", format!("{method} {}", route.unwrap_or_default()).trim_end());
        span.record("otel.kind", "server");
        if let Some(remote) = parent.as_ref().and_then(remote) {
            // It fails if the exporter could not be set up.
            let _ = span.set_parent(opentelemetry::Context::new().with_remote_span_context(remote));
        }
        let context = span.context();
        let own = context.span().span_context().clone();
        if own.is_valid() {
            span.record("trace_id", own.trace_id().to_string());
            span.record("span_id", own.span_id().to_string());
            return;
        }
    }
    if let Some(TraceParent { trace_id, parent_id, .. }) = parent {
        span.record("trace_id", trace_id);
        span.record("span_id", parent_id);
    }
}

/// Sets the attributes of an exported span, by the semantic conventions for HTTP.
pub fn end(app: &App, span: &Span, method: &'static str, route: &str, status: u16) {
    if !app.exports_traces() {
        return;
    }
    span.set_attribute("http.request.method", method);
    span.set_attribute("http.route", route.to_owned());
    span.set_attribute("http.response.status_code", i64::from(status));
    if status >= 500 {
        span.set_status(opentelemetry::trace::Status::error("the request failed"));
    }
}

fn remote(parent: &TraceParent<'_>) -> Option<SpanContext> {
    let trace_id = TraceId::from_hex(parent.trace_id).ok()?;
    let span_id = SpanId::from_hex(parent.parent_id).ok()?;
    let flags = if parent.sampled { TraceFlags::SAMPLED } else { TraceFlags::default() };
    Some(SpanContext::new(trace_id, span_id, flags, true, TraceState::default()))
}
