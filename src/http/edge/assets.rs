//! The style sheet, the logo and the icon of the pages.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::branding::Asset;

static ICON: &str = include_str!("../../../templates/assets/favicon.svg");

pub fn path(app: &App, asset: &Asset) -> String {
    format!("{}/assets/{}", app.base_path(), asset.name)
}

/// `GET /assets/{file}`
pub async fn get(State(app): State<Arc<App>>, Path(file): Path<String>) -> Response {
    let Some(asset) = app.branding.asset(&file) else { return StatusCode::NOT_FOUND.into_response() };
    let headers =
        [(header::CONTENT_TYPE, asset.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, asset.bytes.clone()).into_response()
}

/// `GET /favicon.ico`
pub async fn favicon() -> Response {
    let headers = [(header::CONTENT_TYPE, "image/svg+xml"), (header::CACHE_CONTROL, "public, max-age=86400")];
    (headers, ICON).into_response()
}
