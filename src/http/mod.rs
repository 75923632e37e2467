//! L3: HTTP. This file is the whole router; each endpoint has a file that takes a request apart, calls a flow, and
//! puts the answer together. No decision about the protocol is taken here.

mod api;
mod assets;
mod authorize;
mod call;
mod check_session;
mod consent;
mod cookies;
mod cors;
mod csrf;
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
mod par;
mod peer;
mod register;
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

use crate::app::App;
use crate::store::lanes::Lane;
pub use entrance::Entrance;

/// What answers requests at the public listener.
pub fn entrance(app: Arc<App>) -> Entrance {
    Entrance::new(app.clone(), router(app))
}

fn router(app: Arc<App>) -> Router {
    let endpoints = Router::new()
        .route("/.well-known/openid-configuration", get(discovery::get).options(discovery::preflight))
        .route("/.well-known/oauth-authorization-server", get(discovery::get).options(discovery::preflight))
        .route("/.well-known/jwks.json", get(discovery::get).options(discovery::preflight))
        .route("/jwks", get(discovery::get).options(discovery::preflight))
        .route("/oauth/jwks", get(discovery::get).options(discovery::preflight))
        .route("/token", post(token::post).options(cors::preflight))
        .route("/userinfo", get(userinfo::get).post(userinfo::post).options(cors::preflight))
        .route("/introspect", post(introspect::post))
        .route("/revoke", post(revoke::post).options(cors::preflight))
        .merge(api::routes())
        .merge(open_to_all(&app).route_layer(from_fn(share_connections)))
        .route("/assets/{file}", get(assets::get))
        .route("/favicon.ico", get(assets::favicon));
    let base = app.base_path();
    let mounted = match base {
        "" => endpoints,
        base => Router::new().nest(base, endpoints).route(
            // RFC 8414 §3.1: the well-known part goes between the host and the path of the issuer.
            &format!("/.well-known/oauth-authorization-server{base}"),
            get(discovery::get).options(discovery::preflight),
        ),
    };
    guarded(mounted.fallback(error::not_found), app)
}

/// Endpoints with what stands around each of them.
pub fn guarded(endpoints: Router<Arc<App>>, app: Arc<App>) -> Router {
    endpoints.layer(from_fn_with_state(app.clone(), guard::guard)).with_state(app)
}

/// What anybody can ask for, a browser above all, and as often as they like.
fn open_to_all(app: &App) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(home::get))
        .route("/authorize", get(authorize::get).post(authorize::post))
        .route("/login", get(login::get).post(login::post))
        .route("/consent", get(consent::get).post(consent::post))
        .route("/logout", get(logout::get).post(logout::post))
        .route("/par", post(par::post).options(cors::preflight))
        .route("/clients/{client_id}/logo", get(logo::get))
        .merge(register::routes(app))
        .merge(check_session::routes(app))
}

/// Leaves the reserved connections to the database to everything else.
async fn share_connections(request: Request, next: Next) -> Response {
    Lane::Shared.run(next.run(request)).await
}
#[cfg(test)]
mod tests {
    use super::call::Call;
    use super::*;

    /// The most that a request may hold while it waits, in bytes. It is allocated and copied for each request.
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
            ("login", size(login::post)),
        ];
        let large: Vec<_> = sizes.into_iter().filter(|(_, size)| *size > MOST).collect();
        assert!(large.is_empty(), "what is hardly ever done, such as opening a connection, is boxed: {large:?}");
    }
}
