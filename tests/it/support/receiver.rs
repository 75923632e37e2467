//! A receiver of notifications on loopback: a client's back-channel logout endpoint, or a webhook. It keeps the
//! requests and responds as the test configures it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// The timeout for a request.
const TIMEOUT: Duration = Duration::from_secs(20);
/// The status that is never sent.
pub const SILENCE: u16 = 0;

/// A running endpoint.
pub struct Receiver {
    pub url: String,
    shared: Arc<Shared>,
    arrivals: Mutex<UnboundedReceiver<Arrival>>,
    task: tokio::task::JoinHandle<()>,
}

/// A received request.
#[derive(Debug)]
pub struct Arrival {
    pub headers: HeaderMap,
    pub body: String,
    pub fields: Vec<(String, String)>,
}

struct Shared {
    status: AtomicU16,
    count: AtomicUsize,
    reason: std::sync::Mutex<String>,
    arrivals: UnboundedSender<Arrival>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/backchannel?tenant=1", listener.local_addr().unwrap());
        let (sender, arrivals) = unbounded_channel();
        let shared = Shared {
            status: AtomicU16::new(200),
            count: AtomicUsize::new(0),
            reason: std::sync::Mutex::default(),
            arrivals: sender,
        };
        let shared = Arc::new(shared);
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, shared, arrivals: Mutex::new(arrivals), task }
    }

    /// Responds with this status from now on, or with [`SILENCE`].
    pub fn answer_with(&self, status: u16) {
        self.shared.status.store(status, Ordering::SeqCst);
    }

    /// Refuses requests from now on, with this JSON as the body.
    pub fn refuse_with(&self, reason: &str) {
        *self.shared.reason.lock().unwrap() = reason.to_owned();
        self.answer_with(400);
    }

    /// The number of received requests.
    pub fn count(&self) -> usize {
        self.shared.count.load(Ordering::SeqCst)
    }

    /// The next request, as soon as it comes.
    pub async fn next(&self) -> Arrival {
        let next = tokio::time::timeout(TIMEOUT, async { self.arrivals.lock().await.recv().await });
        next.await.expect("a request comes in time").expect("the endpoint runs")
    }

    /// The logout token of the next request, as soon as it comes.
    pub async fn token(&self) -> String {
        let arrival = self.next().await;
        match arrival.fields.as_slice() {
            [(name, token)] if name == "logout_token" => token.clone(),
            fields => panic!("a logout token and nothing else: {fields:?}"),
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let fields = url::form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    shared.count.fetch_add(1, Ordering::SeqCst);
    let status = shared.status.load(Ordering::SeqCst);
    shared.arrivals.send(Arrival { headers, body, fields }).unwrap();
    match StatusCode::from_u16(status) {
        Ok(status) => {
            let reason = shared.reason.lock().unwrap().clone();
            (status, [("content-type", "application/json; charset=utf-8")], reason).into_response()
        }
        Err(_) => std::future::pending().await,
    }
}
