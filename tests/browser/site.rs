//! The application's site, which differs from the server's, sends the browser to the server, and receives it back.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::header::{COOKIE as COOKIE_HEADER, SET_COOKIE};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use signet::http::edge::serve::{ConnectionLimits, serve};
use tokio_rustls::TlsAcceptor;

use crate::support::{RelyingParty, TestServer};

/// A running site: at a port of localhost, where no cookie goes that belongs to 127.0.0.1, or by https under a name.
pub struct Site {
    pub origin: String,
    shared: Arc<Shared>,
    task: tokio::task::JoinHandle<()>,
}

/// A request for anything but the start page.
#[derive(Clone, Debug)]
pub struct Visit {
    pub method: Method,
    pub path: String,
    pub params: BTreeMap<String, String>,
    pub cookies: String,
}

/// With what this site marks a browser that comes by https, as a session of its own that works in frames as well.
pub const COOKIE: &str = "__Host-application=signed-in";

#[derive(Default)]
struct Shared {
    secure: bool,
    start_page: Mutex<String>,
    visits: Mutex<Vec<Visit>>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared::default());
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { origin, shared, task }
    }

    /// A site with this name, by https.
    pub async fn start_secure(host: &str, acceptor: TlsAcceptor) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("https://{host}:{}", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared { secure: true, ..Shared::default() });
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move {
            let limits = ConnectionLimits::default();
            serve(listener, Some(acceptor), router, limits, std::future::pending()).await.unwrap();
        });
        Self { origin, shared, task }
    }

    /// Registers a client that lives here; `changes` as for [`TestServer::client`].
    pub async fn client(&self, server: &TestServer, id: &str, mut changes: Value) -> RelyingParty {
        let own = [("redirect_uris", "/callback"), ("post_logout_redirect_uris", "/bye")];
        for (name, path) in own {
            if changes[name].is_null() {
                changes[name] = json!([format!("{}{path}", self.origin)]);
            }
        }
        server.client(id, changes).await
    }

    /// Sets the start page.
    pub fn show(&self, html: &str) {
        *self.shared.start_page.lock().unwrap() = html.to_owned();
    }

    /// The requests so far, those for the start page aside.
    pub fn visits(&self) -> Vec<Visit> {
        self.shared.visits.lock().unwrap().clone()
    }
}

impl Visit {
    /// A parameter that has come.
    #[track_caller]
    pub fn parameter(&self, name: &str) -> &str {
        self.params.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"))
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> Response {
    match uri.path() {
        "/" => Html(shared.start_page.lock().unwrap().clone()).into_response(),
        "/favicon.ico" => StatusCode::NOT_FOUND.into_response(),
        path => {
            let text = format!("{}&{body}", uri.query().unwrap_or_default());
            let params = url::form_urlencoded::parse(text.as_bytes()).into_owned().collect();
            let cookies = headers.get(COOKIE_HEADER).map_or("", |value| value.to_str().unwrap()).to_owned();
            shared.visits.lock().unwrap().push(Visit { method, path: path.to_owned(), params, cookies });
            let page = Html("<!doctype html><title>Application</title><h1 id=\"arrived\">Here you are</h1>");
            if shared.secure {
                ([(SET_COOKIE, format!("{COOKIE}; Path=/; Secure; SameSite=None"))], page).into_response()
            } else {
                page.into_response()
            }
        }
    }
}
