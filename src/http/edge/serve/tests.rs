use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use std::net::IpAddr;

use super::*;

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const LAST_REQUEST: &str = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// A running server; dropping `stop` or calling `stop()` begins its shutdown.
struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    task: JoinHandle<io::Result<()>>,
}

impl Running {
    async fn start(router: Router, limits: ConnectionLimits) -> Self {
        Self::start_with(None, router, limits).await
    }

    async fn start_with(tls: Option<TlsAcceptor>, router: Router, limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async { drop(stopped.await) };
        let task = tokio::spawn(serve(listener, tls, router, limits, shutdown));
        Self { address, stop, task }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }
}

fn hello() -> Router {
    Router::new().route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() }))
}

fn short() -> ConnectionLimits {
    let brief = Duration::from_millis(200);
    ConnectionLimits { header_timeout: brief, handshake_timeout: brief, drain: brief, ..ConnectionLimits::default() }
}

/// Reads until the server closes, which must happen soon.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    // A reset also counts as an end.
    let _ = timeout(Duration::from_secs(2), stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

/// Reads one response on a connection that stays open; the bodies here are the client's own address.
async fn answer(stream: &mut TcpStream) -> String {
    let address = stream.local_addr().unwrap().to_string();
    let mut bytes = Vec::new();
    while !bytes.ends_with(address.as_bytes()) {
        assert_ne!(stream.read_buf(&mut bytes).await.unwrap(), 0, "closed early");
    }
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_client_that_sends_no_whole_head_in_time_is_dropped() {
    let server = Running::start(hello(), short()).await;
    for sent in ["", "G", "GET / HTTP/1.1\r\nHost: loc", "PRI * HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        let mut stream = server.connect().await;
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        let ended = timeout(Duration::from_secs(2), stream.read_to_end(&mut bytes)).await;
        assert!(ended.is_ok(), "still open after {sent:?}");
    }
}

#[tokio::test]
async fn a_connection_serves_several_requests_and_knows_its_peer() {
    let server = Running::start(hello(), ConnectionLimits::default()).await;
    let mut stream = server.connect().await;
    for _ in 0..3 {
        stream.write_all(REQUEST.as_bytes()).await.unwrap();
        assert!(answer(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
    }
}

#[tokio::test]
async fn an_idle_connection_is_closed_after_its_last_request() {
    let server = Running::start(hello(), short()).await;
    let mut stream = server.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 OK"));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_answered_with_431_or_cut_off() {
    let server = Running::start(hello(), ConnectionLimits::default()).await;
    let long = format!("X-Long: {}\r\n", "a".repeat(MIN_HEADER_BYTES));
    let many = "X-Many: a\r\n".repeat(100);
    for (extra, may_be_cut_off) in [(long, true), (many, false)] {
        let mut stream = server.connect().await;
        let request = format!("GET / HTTP/1.1\r\nHost: localhost\r\n{extra}\r\n");
        // The server may close before it has read everything.
        let _ = stream.write_all(request.as_bytes()).await;
        let head = rest(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 431") || (may_be_cut_off && head.is_empty()), "{head}");
    }
}

/// A route that signals the arrival of a request and answers after `release`.
fn slow(arrived: &Arc<Notify>, release: &Arc<Notify>) -> Router {
    let arrived = Arc::clone(arrived);
    let release = Arc::clone(release);
    let handler = || async move {
        arrived.notify_one();
        release.notified().await;
        "finished"
    };
    Router::new().route("/", get(handler))
}

#[tokio::test]
async fn shutdown_lets_a_request_in_flight_finish() {
    let arrived = Arc::new(Notify::new());
    let release = Arc::new(Notify::new());
    let server = Running::start(slow(&arrived, &release), ConnectionLimits::default()).await;
    let mut stream = server.connect().await;
    let mut idle = server.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    arrived.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(!server.task.is_finished());
    release.notify_one();
    assert!(rest(&mut stream).await.ends_with("finished"));
    timeout(Duration::from_secs(2), server.task).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn shutdown_drops_what_does_not_finish_in_time() {
    let arrived = Arc::new(Notify::new());
    let release = Arc::new(Notify::new());
    let server =
        Running::start(slow(&arrived, &release), ConnectionLimits { drain: short().drain, ..Default::default() }).await;
    let mut stream = server.connect().await;
    stream.write_all(REQUEST.as_bytes()).await.unwrap();
    arrived.notified().await;
    server.stop.send(()).unwrap();
    timeout(Duration::from_secs(2), server.task).await.unwrap().unwrap().unwrap();
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn a_request_may_take_longer_than_its_head() {
    let arrived = Arc::new(Notify::new());
    let release = Arc::new(Notify::new());
    let server = Running::start(slow(&arrived, &release), short()).await;
    let mut stream = server.connect().await;
    stream.write_all(LAST_REQUEST.as_bytes()).await.unwrap();
    arrived.notified().await;
    // Another connection exceeds its timeout while the request above waits.
    assert_eq!(rest(&mut server.connect().await).await, "");
    release.notify_one();
    assert!(rest(&mut stream).await.ends_with("finished"));
}

#[tokio::test]
async fn a_connection_beyond_the_cap_waits_for_a_place() {
    let limits = ConnectionLimits { connections: 1, ..ConnectionLimits::default() };
    let server = Running::start(hello(), limits).await;
    let mut first = server.connect().await;
    first.write_all(REQUEST.as_bytes()).await.unwrap();
    answer(&mut first).await;
    let mut second = server.connect().await;
    second.write_all(REQUEST.as_bytes()).await.unwrap();
    assert!(timeout(Duration::from_millis(100), second.readable()).await.is_err());
    drop(first);
    assert!(answer(&mut second).await.starts_with("HTTP/1.1 200 OK"));
}

#[test]
fn a_peer_beyond_its_bound_is_refused_until_a_place_is_free() {
    let exempt = vec!["10.0.0.0/8".parse().unwrap()];
    let peers = Arc::new(Peers::new(1, exempt));
    for free in ["127.0.0.1", "::1", "::ffff:127.0.0.1", "10.1.2.3", "::ffff:10.1.2.3"] {
        let address: IpAddr = free.parse().unwrap();
        assert!(matches!(peers.admit(address), Admission::Free), "{free}");
    }
    for (first, same, other) in [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("192.0.2.9", "::ffff:192.0.2.9", "::ffff:192.0.2.8"),
        ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"),
    ] {
        let place = peers.admit(first.parse().unwrap());
        assert!(matches!(place, Admission::Counted(_)), "{first}");
        assert!(matches!(peers.admit(same.parse().unwrap()), Admission::Refused), "{same}");
        assert!(matches!(peers.admit(other.parse().unwrap()), Admission::Counted(_)), "{other}");
        drop(place);
        assert!(matches!(peers.admit(same.parse().unwrap()), Admission::Counted(_)), "{same}");
    }
    assert!(peers.open().is_empty());
}

#[test]
fn only_errors_of_the_peer_do_not_pause_accepting() {
    let too_many_open_files = io::Error::from_raw_os_error(24);
    assert!(!is_of_the_peer(&too_many_open_files));
    assert!(is_of_the_peer(&io::Error::from(ErrorKind::ConnectionAborted)));
}

/// An acceptor with a fresh certificate for localhost, and the roots that trust it.
fn certified() -> (TlsAcceptor, RootCertStore) {
    let pair = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let cert = dir.path().join("cert.pem");
    let key = dir.path().join("key.pem");
    std::fs::write(&cert, pair.cert.pem()).unwrap();
    std::fs::write(&key, pair.signing_key.serialize_pem()).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(pair.cert.der().clone()).unwrap();
    (crate::http::edge::tls::acceptor(&cert, &key).unwrap(), roots)
}

fn client(roots: RootCertStore, versions: &[&'static SupportedProtocolVersion], alpn: &[u8]) -> ClientConfig {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    config
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let (acceptor, roots) = certified();
    let server = Running::start_with(Some(acceptor), hello(), ConnectionLimits::default()).await;
    for (version, expected) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let connector = TlsConnector::from(Arc::new(client(roots.clone(), &[version], b"http/1.1")));
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = connector.connect(name, server.connect().await).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(expected));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(b"http/1.1".as_slice()));
        stream.write_all(LAST_REQUEST.as_bytes()).await.unwrap();
        assert!(rest(&mut stream).await.starts_with("HTTP/1.1 200 OK"), "{expected:?}");
    }
}

#[tokio::test]
async fn http_2_is_chosen_by_alpn_and_its_heads_are_bounded_too() {
    let (acceptor, roots) = certified();
    let limits = ConnectionLimits { header_bytes: 2 * MIN_HEADER_BYTES, ..ConnectionLimits::default() };
    let server = Running::start_with(Some(acceptor), hello(), limits).await;
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(client(roots, &[&TLS13], b"h2"))
        .resolve("localhost", server.address)
        .build()
        .unwrap();
    let url = format!("https://localhost:{}/", server.address.port());
    for (length, status) in [(MIN_HEADER_BYTES, 200), (2 * MIN_HEADER_BYTES, 431)] {
        let response = http.get(&url).header("x-long", "a".repeat(length)).send().await.unwrap();
        let got = (response.version(), response.status().as_u16());
        assert_eq!(got, (reqwest::Version::HTTP_2, status), "{length}");
    }
}

#[tokio::test]
async fn a_handshake_that_does_not_finish_in_time_is_dropped() {
    let (acceptor, _) = certified();
    let server = Running::start_with(Some(acceptor), hello(), short()).await;
    assert_eq!(rest(&mut server.connect().await).await, "");
}

#[tokio::test]
async fn a_connection_ends_when_nothing_has_happened_on_it_for_a_while() {
    let first = Duration::from_millis(10);
    let idle = Duration::from_millis(100);
    let lasting = async |activity: &Activity| {
        let begun = Instant::now();
        activity.ceases(first, idle).await;
        begun.elapsed()
    };
    assert!(lasting(&Activity::default()).await >= first, "no request at all");
    let activity = Activity::default();
    drop(activity.begin());
    assert!(lasting(&activity).await >= idle, "one at the beginning");
    let active = activity.begin();
    assert!(timeout(idle * 5, activity.ceases(first, idle)).await.is_err(), "one that goes on");
    drop(active);
    assert!(lasting(&activity).await >= idle, "after its end");
}
