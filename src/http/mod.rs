//! L3: HTTP. This file is the whole router, mounted from the table in `endpoint`. The file of each endpoint parses the
//! request, calls a flow, and builds the response; it makes no protocol decision.

mod api;
mod arrived;
mod assets;
mod authorize;
mod call;
mod check_session;
mod client_endpoint;
mod consent;
mod cookies;
mod cors;
mod csp_reports;
mod csrf;
mod device;
mod discovery;
mod entrance;
mod error;
pub mod guard;
mod home;
mod html;
mod interaction;
mod introspect;
mod limits;
mod login;
mod logo;
mod logout;
pub mod management;
mod mount;
mod oauth_error;
mod par;
mod peer;
mod refusal;
mod register;
mod retry;
mod revoke;
pub mod serve;
pub mod tls;
mod token;
mod trace;
mod userinfo;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use self::mount::mount;
use crate::app::App;
use crate::protocol::endpoint;
use crate::store::lanes::Lane;
pub use entrance::Entrance;

/// The service of the public listener.
pub fn entrance(app: Arc<App>) -> Entrance {
    Entrance::new(app.clone(), router(app))
}

fn router(app: Arc<App>) -> Router {
    let endpoints = Router::new()
        .merge(mount(&endpoint::OPENID_METADATA, get(discovery::get)))
        .merge(mount(&endpoint::OAUTH_METADATA, get(discovery::get)))
        .merge(mount(&endpoint::JWKS, get(discovery::get)))
        .merge(mount(&endpoint::JWKS_SHORT, get(discovery::get)))
        .merge(mount(&endpoint::JWKS_OAUTH, get(discovery::get)))
        .merge(mount(&endpoint::TOKEN, post(token::post)))
        .merge(mount(&endpoint::USERINFO, get(userinfo::get).post(userinfo::post)))
        .merge(mount(&endpoint::INTROSPECT, post(introspect::post)))
        .merge(mount(&endpoint::REVOKE, post(revoke::post)))
        .merge(api::routes())
        .merge(open_to_all(&app).route_layer(from_fn(share_connections)))
        .merge(mount(&endpoint::ASSET, get(assets::get)))
        .merge(mount(&endpoint::FAVICON, get(assets::favicon)));
    let base = app.base_path();
    let mounted = match base {
        "" => endpoints,
        base => Router::new().nest(base, endpoints).route(
            // RFC 8414 §3.1: the well-known part is inserted between the host and the path of the issuer.
            &format!("{}{base}", endpoint::OAUTH_METADATA.path),
            get(discovery::get).options(async || cors::preflight_of_all("GET")),
        ),
    };
    guarded(mounted.fallback(error::not_found), app)
}

/// Wraps endpoints in the guard.
pub fn guarded(endpoints: Router<Arc<App>>, app: Arc<App>) -> Router {
    endpoints.layer(from_fn_with_state(app.clone(), guard::guard)).with_state(app)
}

/// The endpoints for unauthenticated callers, mostly browsers.
fn open_to_all(app: &App) -> Router<Arc<App>> {
    Router::new()
        .merge(mount(&endpoint::HOME, get(home::get)))
        .merge(mount(&endpoint::AUTHORIZE, get(authorize::get).post(authorize::post)))
        .merge(mount(&endpoint::LOGIN, get(login::get).post(login::post)))
        .merge(mount(&endpoint::CONSENT, get(consent::get).post(consent::post)))
        .merge(mount(&endpoint::DEVICE_AUTHORIZATION, post(device::authorize)))
        .merge(mount(&endpoint::DEVICE, get(device::get).post(device::post)))
        .merge(mount(&endpoint::DEVICE_CONFIRM, get(device::question).post(device::answer)))
        .merge(mount(&endpoint::LOGOUT, get(logout::get).post(logout::post)))
        .merge(mount(&endpoint::PAR, post(par::post)))
        .merge(mount(&endpoint::LOGO, get(logo::get)))
        .merge(csp_reports::routes())
        .merge(register::routes(app))
        .merge(check_session::routes(app))
}

/// Keeps the reserved database connections free for other endpoints.
async fn share_connections(request: Request, next: Next) -> Response {
    Lane::Shared.run(next.run(request)).await
}
#[cfg(test)]
mod tests {
    use super::call::Call;
    use super::*;

    /// The maximum size of a request's future, in bytes. It is allocated and copied for each request.
    const MOST: usize = 6 * 1024;

    fn size<F: Future>(_: impl Fn(Call) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_takes_little_memory() {
        let sizes = [
            ("authorize", size(authorize::get)),
            ("token", size(token::post)),
            ("userinfo", size(userinfo::get)),
            ("introspect", size(introspect::post)),
            ("revoke", size(revoke::post)),
            ("par", size(par::post)),
            ("consent", size(consent::post)),
            ("device authorization", size(device::authorize)),
            ("device", size(device::post)),
            ("device confirm", size(device::answer)),
            ("logout", size(logout::post)),
            ("login", size(login::post)),
        ];
        let large: Vec<_> = sizes.into_iter().filter(|(_, size)| *size > MOST).collect();
        assert!(large.is_empty(), "what is hardly ever done, such as opening a connection, is boxed: {large:?}");
    }
}
