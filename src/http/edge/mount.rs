//! Routes for the rows of the table of endpoints.

use std::sync::Arc;

use axum::Router;
use axum::routing::MethodRouter;

use super::cors;
use crate::app::App;
use signet_protocol::endpoint::{Endpoint, Scripts};

/// Mounts an endpoint of the table at its path, with preflight responses if scripts may call it.
pub fn mount(endpoint: &Endpoint, methods: MethodRouter<Arc<App>>) -> Router<Arc<App>> {
    let methods = match endpoint.scripts {
        Scripts::None => methods,
        Scripts::Registered => methods.options(cors::preflight),
        Scripts::All(allowed) => methods.options(async move || cors::preflight_of_all(allowed)),
    };
    Router::new().route(endpoint.path, methods)
}
