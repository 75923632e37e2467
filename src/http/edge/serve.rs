//! The accept loop: accepts TCP connections, passes their requests to the router, and limits the resources of each
//! peer.
//!
//! This module owns connections: their number, timeouts and shutdown. It does not depend on any route.

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::response::Response;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower::Service;
use tracing::{debug, info, warn};

use crate::config::{Limits, Proxy};
use crate::http::edge::peers::{Admission, PeerSlot, Peers};

/// hyper refuses read buffers smaller than half of this, so the limit on a request head is never lower.
const MIN_HEADER_BYTES: usize = 2 * 8_192;

/// The pause after an accept error that is not the peer's fault, such as too many open files.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// The maximum number of concurrent requests of an HTTP/2 connection, of streams that the peer has reset and the server
/// has not processed, and of streams that the server may have to reset. A peer that exceeds one of the latter two is
/// disconnected (CVE-2023-44487).
const H2_STREAMS: u32 = 128;
const H2_RESETS: usize = 20;
const H2_BROKEN_OFF: usize = 128;

/// The idle timeout of a connection, from its last request. Data that the peer has not read by then is lost.
const IDLE: Duration = Duration::from_secs(75);

/// The silence after which an HTTP/2 connection is pinged, and the timeout for the answer.
const H2_PING: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));

/// A service for requests, cloned for each request.
pub trait RequestService:
    Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<S> RequestService for S where
    S: Service<Request<Incoming>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Serves requests on `listener` until `shutdown` completes, and then until in-flight requests have finished or
/// `limits.drain` is over.
///
/// Every request carries its peer as `ConnectInfo<SocketAddr>`. Connections above the limit wait in the kernel's
/// backlog.
pub async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    service: impl RequestService,
    limits: ConnectionLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    info!(address = %listener.local_addr()?, tls = tls.is_some(), "started listening");
    let drain = limits.drain;
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let listener = Listener::new(listener, tls, service, limits);
    let mut shutdown = pin!(shutdown);
    loop {
        tokio::select! {
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => {
                let server = Arc::clone(&listener.server);
                connections.spawn(server.connection(accepted, graceful.watcher()));
            }
        }
    }
    drop(listener);
    finish(connections, graceful, drain).await;
    Ok(())
}

/// Lets open requests finish for up to `drain`, then drops the rest.
async fn finish(mut connections: JoinSet<()>, graceful: GracefulShutdown, drain: Duration) {
    let all = async {
        let tasks = async { while connections.join_next().await.is_some() {} };
        tokio::join!(graceful.shutdown(), tasks);
    };
    if timeout(drain, all).await.is_err() {
        warn!(connections = connections.len(), "dropped connections that did not finish in time");
        connections.shutdown().await;
    }
}

#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// The maximum number of open connections.
    pub connections: usize,
    /// The maximum number of one IPv4 address or IPv6 /64; loopback and `exempt` are not counted.
    pub per_ip: usize,
    /// Networks without their own limit: the trusted proxies, which carry everyone's requests.
    pub exempt: Vec<IpNet>,
    /// The maximum size of a request head, in bytes; at least 16384.
    pub header_bytes: usize,
    /// The timeout for reading a request head, and for waiting for the next request.
    pub header_timeout: Duration,
    pub handshake_timeout: Duration,
    /// The time that in-flight requests have to finish after the shutdown began.
    pub drain: Duration,
}

impl ConnectionLimits {
    /// The limits of the settings. If limits are off, one peer may hold every connection.
    pub fn new(limits: &Limits, proxy: &Proxy) -> Self {
        let defaults = Self::default();
        Self {
            connections: limits.connections,
            per_ip: if limits.enabled { defaults.per_ip } else { usize::MAX },
            exempt: proxy.trusted.clone(),
            header_bytes: limits.header_bytes,
            ..defaults
        }
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            connections: 10_000,
            per_ip: 1_000,
            exempt: Vec::new(),
            header_bytes: MIN_HEADER_BYTES,
            header_timeout: Duration::from_secs(10),
            handshake_timeout: Duration::from_secs(5),
            drain: Duration::from_secs(30),
        }
    }
}

/// The socket and the free connection slots.
struct Listener<S> {
    socket: TcpListener,
    permits: Arc<Semaphore>,
    peers: Arc<Peers>,
    server: Arc<Server<S>>,
}

/// A connection with its slot; dropping it frees the slot.
struct Accepted {
    stream: TcpStream,
    peer: SocketAddr,
    _place: Option<PeerSlot>,
    _permit: OwnedSemaphorePermit,
}

impl<S: RequestService> Listener<S> {
    fn new(socket: TcpListener, tls: Option<TlsAcceptor>, service: S, limits: ConnectionLimits) -> Self {
        Self {
            socket,
            permits: Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS))),
            peers: Arc::new(Peers::new(limits.per_ip, limits.exempt.clone())),
            server: Arc::new(Server { tls, service, http: http_builder(&limits), limits }),
        }
    }

    /// Waits for a free slot, then for a connection that may have it.
    async fn accept(&self) -> Accepted {
        loop {
            let Ok(permit) = Arc::clone(&self.permits).acquire_owned().await else {
                // The semaphore is never closed.
                return std::future::pending().await;
            };
            match self.socket.accept().await {
                Ok((stream, peer)) => match self.peers.admit(peer.ip()) {
                    Admission::Free => {
                        return Accepted { stream, peer, _place: None, _permit: permit };
                    }
                    Admission::Counted(place) => {
                        return Accepted { stream, peer, _place: Some(place), _permit: permit };
                    }
                    Admission::Refused => {
                        debug!(%peer, "refused a connection above the limit of its address")
                    }
                },
                Err(error) if is_of_the_peer(&error) => {
                    debug!(%error, "lost a connection before it was accepted")
                }
                Err(error) => {
                    warn!(%error, "could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// True if accepting failed because the peer has gone; the next connection is not affected.
fn is_of_the_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
            | ErrorKind::Interrupted
    )
}

/// The shared state of all connections.
struct Server<S> {
    tls: Option<TlsAcceptor>,
    service: S,
    http: auto::Builder<TokioExecutor>,
    limits: ConnectionLimits,
}

impl<S: RequestService> Server<S> {
    /// Serves one connection from its handshake to its end.
    async fn connection(self: Arc<Self>, accepted: Accepted, watcher: Watcher) {
        let Accepted { stream, peer, _place, _permit } = accepted;
        if let Err(error) = stream.set_nodelay(true) {
            debug!(%peer, %error, "could not set TCP_NODELAY");
        }
        let Some(acceptor) = &self.tls else {
            return self.requests(stream, peer, watcher).await;
        };
        match timeout(self.limits.handshake_timeout, acceptor.accept(stream)).await {
            Ok(Ok(stream)) => self.requests(stream, peer, watcher).await,
            Ok(Err(error)) => debug!(%peer, %error, "TLS handshake failed"),
            Err(_) => debug!(%peer, "TLS handshake timed out"),
        }
    }

    /// Answers the requests of one connection.
    async fn requests<T>(&self, stream: T, peer: SocketAddr, watcher: Watcher)
    where
        T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let activity = Activity::default();
        let service = service_fn(|mut request: Request<Incoming>| {
            let active = activity.begin();
            request.extensions_mut().insert(ConnectInfo(peer));
            let response = self.service.clone().call(request);
            async move {
                let _active = active;
                response.await
            }
        });
        let connection = self.http.serve_connection(TokioIo::new(stream), service);
        tokio::select! {
            result = watcher.watch(connection) => if let Err(error) = result {
                debug!(%peer, %error, "connection ended early");
            },
            () = activity.ceases(self.limits.header_timeout, IDLE) => debug!(%peer, "dropped an idle connection"),
        }
    }
}

/// The activity on a connection. hyper's own timeout starts only when the version of HTTP is known, and it has none for
/// HTTP/2, where a peer that answers pings could keep a connection open indefinitely.
#[derive(Clone, Default)]
struct Activity(Arc<Mutex<Requests>>);

#[derive(Default)]
struct Requests {
    active: usize,
    last: Option<Instant>,
}

/// A request in progress.
struct ActiveRequest(Activity);

impl Activity {
    fn begin(&self) -> ActiveRequest {
        self.requests().active += 1;
        ActiveRequest(self.clone())
    }

    /// Completes if no request has arrived within `first`, or later if none has been in progress for `idle`.
    async fn ceases(&self, first: Duration, idle: Duration) {
        sleep(first).await;
        loop {
            let rest = match *self.requests() {
                Requests { active: 0, last: None } => return,
                Requests { active: 0, last: Some(last) } => idle.saturating_sub(last.elapsed()),
                Requests { .. } => idle,
            };
            if rest.is_zero() {
                return;
            }
            sleep(rest).await;
        }
    }

    fn requests(&self) -> MutexGuard<'_, Requests> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let mut requests = self.0.requests();
        requests.active = requests.active.saturating_sub(1);
        requests.last = Some(Instant::now());
    }
}

fn http_builder(limits: &ConnectionLimits) -> auto::Builder<TokioExecutor> {
    let header_bytes = limits.header_bytes.max(MIN_HEADER_BYTES);
    let (ping_after, ping_timeout) = H2_PING;
    let mut builder = auto::Builder::new(TokioExecutor::new());
    // hyper's default of 100 headers stays unset: setting it costs an allocation for each request.
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(header_bytes);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(header_bytes).unwrap_or(u32::MAX))
        .max_concurrent_streams(H2_STREAMS)
        .max_pending_accept_reset_streams(H2_RESETS)
        .max_local_error_reset_streams(H2_BROKEN_OFF)
        .initial_stream_window_size(65_535)
        .initial_connection_window_size(262_144)
        .keep_alive_interval(ping_after)
        .keep_alive_timeout(ping_timeout);
    builder
}
