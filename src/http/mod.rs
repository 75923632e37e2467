//! L3: HTTP. This file is the whole router, mounted from the table in `endpoint`. The file of each endpoint parses the
//! request, calls a flow, and builds the response; it makes no protocol decision.

pub mod account;
pub mod admin;
pub mod authorize;
pub mod client;
pub mod defense;
pub mod edge;
pub mod session;
pub mod sign_in;
pub mod token;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};

use self::edge::mount::mount;
use crate::app::App;
pub use edge::entrance::Entrance;
use signet_protocol::endpoint;
use signet_store::engine::lanes::Lane;

/// The service of the public listener.
pub fn entrance(app: Arc<App>) -> Entrance {
    Entrance::new(app.clone(), router(app))
}

fn router(app: Arc<App>) -> Router {
    let endpoints = Router::new()
        .merge(mount(&endpoint::OPENID_METADATA, get(token::discovery::get)))
        .merge(mount(&endpoint::OAUTH_METADATA, get(token::discovery::get)))
        .merge(mount(&endpoint::JWKS, get(token::discovery::get)))
        .merge(mount(&endpoint::JWKS_SHORT, get(token::discovery::get)))
        .merge(mount(&endpoint::JWKS_OAUTH, get(token::discovery::get)))
        .merge(mount(&endpoint::TOKEN, post(token::endpoint::post)))
        .merge(mount(&endpoint::USERINFO, get(token::userinfo::get).post(token::userinfo::post)))
        .merge(mount(&endpoint::INTROSPECT, post(token::introspect::post)))
        .merge(mount(&endpoint::REVOKE, post(token::revoke::post)))
        .merge(admin::api::routes())
        .merge(open_to_all(&app).route_layer(from_fn(share_connections)))
        .merge(mount(&endpoint::ASSET, get(edge::assets::get)))
        .merge(mount(&endpoint::FAVICON, get(edge::assets::favicon)));
    let base = app.base_path();
    let mounted = match base {
        "" => endpoints,
        base => Router::new().nest(base, endpoints).route(
            // RFC 8414 §3.1: the well-known part is inserted between the host and the path of the issuer.
            &format!("{}{base}", endpoint::OAUTH_METADATA.path),
            get(token::discovery::get).options(async || edge::cors::preflight_of_all("GET")),
        ),
    };
    guarded(mounted.fallback(edge::error::not_found), app)
}

/// Wraps endpoints in the guard.
pub fn guarded(endpoints: Router<Arc<App>>, app: Arc<App>) -> Router {
    endpoints.layer(from_fn_with_state(app.clone(), edge::guard::guard)).with_state(app)
}

/// The endpoints for unauthenticated callers, mostly browsers.
fn open_to_all(app: &App) -> Router<Arc<App>> {
    Router::new()
        .merge(mount(&endpoint::HOME, get(sign_in::home::get)))
        .merge(mount(&endpoint::ACCOUNT, get(account::overview::get)))
        .merge(mount(&endpoint::ACCOUNT_PASSWORD, get(account::password::get).post(account::password::post)))
        .merge(mount(&endpoint::CHANGE_PASSWORD, get(account::password::well_known)))
        .merge(mount(&endpoint::ACCOUNT_PROFILE, get(account::profile::get).post(account::profile::post)))
        .merge(mount(&endpoint::ACCOUNT_SECURITY, get(account::security::get)))
        .merge(mount(&endpoint::ACCOUNT_SESSIONS, get(account::sessions::get).post(account::sessions::post)))
        .merge(mount(
            &endpoint::ACCOUNT_APPLICATIONS,
            get(account::applications::get).post(account::applications::post),
        ))
        .merge(mount(&endpoint::ACCOUNT_TOKENS, get(account::tokens::get).post(account::tokens::post)))
        .merge(mount(&endpoint::ACCOUNT_ACTIVITY, get(account::activity::get)))
        .merge(mount(&endpoint::ACCOUNT_DISPUTE, get(account::activity::question).post(account::activity::dispute)))
        .merge(mount(&endpoint::ACCOUNT_DATA, get(account::data::get).post(account::data::post)))
        .merge(mount(&endpoint::ACCOUNT_DELETE, get(account::deletion::get).post(account::deletion::post)))
        .merge(mount(&endpoint::ACCOUNT_SESSION, get(account::session::get)))
        .merge(mount(&endpoint::AUTHORIZE, get(authorize::endpoint::get).post(authorize::endpoint::post)))
        .merge(mount(&endpoint::LOGIN, get(sign_in::login::get).post(sign_in::login::post)))
        .merge(mount(&endpoint::LOGIN_PASSWORD, get(sign_in::login::back).post(sign_in::login::change)))
        .merge(mount(&endpoint::CONSENT, get(authorize::consent::get).post(authorize::consent::post)))
        .merge(mount(&endpoint::DEVICE_AUTHORIZATION, post(authorize::device::authorize)))
        .merge(mount(&endpoint::DEVICE, get(authorize::device::get).post(authorize::device::post)))
        .merge(mount(&endpoint::DEVICE_CONFIRM, get(authorize::device::question).post(authorize::device::answer)))
        .merge(mount(&endpoint::LOGOUT, get(session::logout::get).post(session::logout::post)))
        .merge(mount(&endpoint::PAR, post(authorize::par::post)))
        .merge(mount(&endpoint::LOGO, get(client::logo::get)))
        .merge(mount(&endpoint::LANGUAGE, get(edge::language::get)))
        .merge(defense::csp_reports::routes())
        .merge(client::register::routes(app))
        .merge(session::check_session::routes(app))
}

/// Keeps the reserved database connections free for other endpoints.
async fn share_connections(request: Request, next: Next) -> Response {
    Lane::Shared.run(next.run(request)).await
}
#[cfg(test)]
mod tests {
    use super::edge::call::Call;
    use super::*;

    /// The maximum size of a request's future, in bytes. It is allocated and copied for each request.
    const MOST: usize = 6 * 1024;

    fn size<F: Future>(_: impl Fn(Call) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_request_takes_little_memory() {
        let sizes = [
            ("authorize", size(authorize::endpoint::get)),
            ("token", size(token::endpoint::post)),
            ("userinfo", size(token::userinfo::get)),
            ("introspect", size(token::introspect::post)),
            ("revoke", size(token::revoke::post)),
            ("par", size(authorize::par::post)),
            ("consent", size(authorize::consent::post)),
            ("device authorization", size(authorize::device::authorize)),
            ("device", size(authorize::device::post)),
            ("device confirm", size(authorize::device::answer)),
            ("logout", size(session::logout::post)),
            ("login", size(sign_in::login::post)),
        ];
        let large: Vec<_> = sizes.into_iter().filter(|(_, size)| *size > MOST).collect();
        assert!(large.is_empty(), "what is hardly ever done, such as opening a connection, is boxed: {large:?}");
    }
}
