//! The embedded style sheet and icon, under names that contain their hash.

use std::sync::{Arc, LazyLock};

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use signet_protocol::secret::Digest;

static STYLE: &str = include_str!("../../../templates/assets/signet.css");
static ICON: &str = include_str!("../../../templates/assets/favicon.svg");
static STYLE_NAME: LazyLock<String> = LazyLock::new(|| {
    let digest = Digest::of(STYLE.as_bytes());
    let hash: String = digest.as_bytes().iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("signet-{hash}.css")
});

pub fn style_path(app: &App) -> String {
    format!("{}/assets/{}", app.base_path(), *STYLE_NAME)
}

/// `GET /assets/{file}`
pub async fn get(State(_app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    if file != *STYLE_NAME {
        return StatusCode::NOT_FOUND.into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, STYLE).into_response()
}

/// `GET /favicon.ico`
pub async fn favicon() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, ICON).into_response()
}
