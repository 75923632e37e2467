//! The management listener: liveness, readiness, detailed health and metrics. It must not be public.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use crate::app::App;
use crate::http::edge::error;
use crate::metrics;
use signet_protocol::time::Span;

pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/ready", get(ready))
        .route("/health/detailed", get(detailed))
        .route("/metrics", get(exposition))
        .route("/wake", post(wake))
        .with_state(app)
}

/// `GET /health`: the process is alive. Checks nothing else.
async fn health(State(app): State<Arc<App>>) -> Response {
    let now = app.clock.now().to_chrono().to_rfc3339();
    let apart = app.clock.apart().map(Span::as_millis);
    let version = env!("CARGO_PKG_VERSION");
    Json(json!({ "status": "ok", "time": now, "host_clock_ahead_ms": apart, "version": version })).into_response()
}

/// `GET /ready`: database, schema and keys are available, and the server is not shutting down.
async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.readiness().await {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        Err(lacking) => {
            let body = Json(json!({ "status": "not ready", "lacking": lacking }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}

/// `GET /health/detailed`: every check with its outcome and duration; 503 if a critical one fails.
async fn detailed(State(app): State<Arc<App>>) -> Response {
    let checks = app.checks().await;
    let fails = |critical: bool| checks.iter().any(|check| check.status != "ok" && check.critical == critical);
    let (status, word) = match (fails(true), fails(false)) {
        (true, _) => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
        (false, true) => (StatusCode::OK, "degraded"),
        (false, false) => (StatusCode::OK, "ok"),
    };
    (status, Json(json!({ "status": word, "checks": checks }))).into_response()
}

/// `POST /wake`: another node has written a change. The request carries no data; this node polls the database, at most
/// every few milliseconds, however often it is called.
async fn wake(State(app): State<Arc<App>>) -> StatusCode {
    app.provider.store.membership().wake();
    StatusCode::NO_CONTENT
}

/// `GET /metrics`, for Prometheus.
async fn exposition(State(app): State<Arc<App>>) -> Response {
    match app.metrics() {
        Ok(text) => ([(header::CONTENT_TYPE, metrics::MEDIA_TYPE)], text).into_response(),
        Err(cause) => {
            error::log_broken(&cause.to_string());
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
