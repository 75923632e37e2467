//! The management listener: whether the process lives, and whether it can do its work. Not for the public.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::app::App;
use crate::protocol::time::Span;

/// The router of the management listener.
pub fn router(app: Arc<App>) -> Router {
    Router::new().route("/health", get(health)).route("/ready", get(ready)).with_state(app)
}

/// `GET /health`: the process lives. Asks nothing else.
async fn health(State(app): State<Arc<App>>) -> Response {
    let now = app.clock.now().to_chrono().to_rfc3339();
    let apart = app.clock.apart().map(Span::as_millis);
    let version = env!("CARGO_PKG_VERSION");
    Json(json!({ "status": "ok", "time": now, "host_clock_ahead_ms": apart, "version": version })).into_response()
}

/// `GET /ready`: database, keys and schema are there, and the server is not about to stop.
async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.readiness().await {
        Ok(()) => Json(json!({ "status": "ready" })).into_response(),
        Err(lacking) => {
            let body = Json(json!({ "status": "not ready", "lacking": lacking }));
            (StatusCode::SERVICE_UNAVAILABLE, body).into_response()
        }
    }
}
