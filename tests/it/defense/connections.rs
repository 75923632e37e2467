//! Limits on a single connection and on all connections of a peer: HTTP/2 (CVE-2023-44487, CVE-2024-27316), and
//! oversized or slow requests, which do not affect a steady load.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{RelyingParty, TestServer};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const REFUSED_STREAM: u32 = 7;
const ENHANCE_YOUR_CALM: u32 = 11;

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A received frame: kind, stream and payload.
type Frame = (u8, u32, Vec<u8>);

/// An HTTP/2 connection without TLS, frame by frame.
struct Connection {
    stream: TcpStream,
    host: String,
}

impl Connection {
    async fn open(server: &TestServer) -> Self {
        let host = server.issuer.trim_start_matches("http://").to_owned();
        let mut connection = Self { stream: TcpStream::connect(&host).await.unwrap(), host };
        connection.send(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await;
        connection
    }

    /// Sends bytes; a closed connection is no error.
    async fn send(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes).await;
    }

    /// The header block of a request without any indexing (RFC 7541 §6.2.2): a GET, or a POST.
    fn block(&self, posts: bool) -> Vec<u8> {
        let method = if posts { 0x83 } else { 0x82 };
        let host = self.host.as_bytes();
        [&[method, 0x86, 0x84, 0x01, u8::try_from(host.len()).unwrap()], host].concat()
    }

    /// The next frame, or `None` if the server has closed the connection.
    async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.stream.read_exact(&mut head).await.ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.stream.read_exact(&mut payload).await.ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }

    /// The next frame of this kind, or `None` if the server closes the connection before.
    async fn next_of(&mut self, kind: u8) -> Option<Frame> {
        loop {
            match self.next().await? {
                frame if frame.0 == kind => return Some(frame),
                _ => {}
            }
        }
    }

    /// The error code with which the server closes the connection (RFC 9113 §6.8).
    async fn goodbye(&mut self) -> u32 {
        let (_, _, payload) = self.next_of(GOAWAY).await.expect("a GOAWAY before the end");
        code(&payload[4..])
    }
}

fn code(payload: &[u8]) -> u32 {
    u32::from_be_bytes([payload[0], payload[1], payload[2], payload[3]])
}

/// Sends the head of an HTTP/1.1 request and an optional body, and returns the head of the response.
async fn answer_to(server: &TestServer, request: &str, body: &str) -> String {
    let host = server.issuer.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!("{request} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\n{body}");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        answer.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(answer).unwrap().to_ascii_lowercase()
}

#[tokio::test]
async fn an_answer_before_the_body_has_come_says_that_the_connection_ends() {
    let server = TestServer::start_with(|settings| {
        settings.limits.enabled = true;
        settings.limits.pages = 3;
    })
    .await;
    let rows = [
        ("POST /nowhere", "", "404", true),
        ("PUT /token", "", "405", true),
        ("GET /jwks", "", "200", true),
        ("POST /token", "a=b&c=defg", "400", false),
        ("POST /logout", "", "429", true),
    ];
    for (request, body, status, ends) in rows {
        if status == "429" {
            while server.get("/nowhere").await.status() != 429 {}
        }
        let head = answer_to(&server, request, body).await;
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{request}: {head}");
        assert_eq!(head.contains("\r\nconnection: close\r\n"), ends, "{request}: {head}");
    }
}

#[tokio::test]
async fn an_http_2_peer_receives_the_limits() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(&server).await;
    let (_, _, payload) = connection.next_of(SETTINGS).await.unwrap();
    let setting =
        |id: u16| payload.chunks(6).find(|entry| entry[..2] == id.to_be_bytes()).map(|entry| code(&entry[2..]));
    assert_eq!(setting(3), Some(128), "SETTINGS_MAX_CONCURRENT_STREAMS");
    assert_eq!(setting(6), Some(16_384), "SETTINGS_MAX_HEADER_LIST_SIZE");
}

#[tokio::test]
async fn one_request_too_many_at_once_is_refused_and_the_others_are_not() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(&server).await;
    // None of them completes, since their bodies are not sent.
    let block = connection.block(true);
    let requests = (0..130).map(|number| frame(HEADERS, END_HEADERS, 2 * number + 1, &block));
    connection.send(&requests.collect::<Vec<_>>().concat()).await;
    for number in [128, 129] {
        let (_, stream, payload) = connection.next_of(RST_STREAM).await.unwrap();
        assert_eq!((stream, code(&payload)), (2 * number + 1, REFUSED_STREAM));
    }
}

#[tokio::test]
async fn a_peer_that_gives_requests_up_as_fast_as_it_makes_them_is_disconnected() {
    let server = TestServer::start().await;
    let rp = server.relying_party().await;
    let mut connection = Connection::open(&server).await;
    let block = connection.block(false);
    let cancel = 8_u32.to_be_bytes();
    let burst = (0..2_000).map(|number| {
        let stream = 2 * number + 1;
        let request = frame(HEADERS, END_HEADERS | END_STREAM, stream, &block);
        [request, frame(RST_STREAM, 0, stream, &cancel)].concat()
    });
    connection.send(&burst.collect::<Vec<_>>().concat()).await;
    assert_eq!(connection.goodbye().await, ENHANCE_YOUR_CALM);
    assert!(!rp.is_active("nonsense").await, "others are served");
}

#[tokio::test]
async fn a_head_that_never_ends_is_not_collected() {
    let server = TestServer::start().await;
    let mut connection = Connection::open(&server).await;
    let block = connection.block(false);
    let endless = std::iter::once(frame(HEADERS, END_STREAM, 1, &block));
    // A header with a short name, repeated.
    let more = (0..2_000).map(|_| frame(CONTINUATION, 0, 1, &[0x00, 0x01, b'a', 0x01, b'b']));
    connection.send(&endless.chain(more).collect::<Vec<_>>().concat()).await;
    assert_eq!(connection.goodbye().await, ENHANCE_YOUR_CALM);
}

/// A load that runs until it is stopped.
struct Load {
    stop: AtomicBool,
    served: AtomicUsize,
    failed: AtomicUsize,
}

impl Load {
    async fn go_on(&self, server: &TestServer, service: &RelyingParty) {
        while !self.stop.load(Ordering::SeqCst) {
            let reply = service.client_credentials(&[]).await;
            let well = reply.status == 200
                && service.is_active(&reply.tokens().access_token).await
                && server.get("/jwks").await.status() == 200;
            let counter = if well { &self.served } else { &self.failed };
            counter.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// A connection that stalls after these bytes.
async fn stalled(server: &TestServer, sent: &str) -> TcpStream {
    let mut stream = TcpStream::connect(server.issuer.trim_start_matches("http://")).await.unwrap();
    stream.write_all(sent.replace("HOST", server.issuer.trim_start_matches("http://")).as_bytes()).await.unwrap();
    stream
}

/// Sends a request of the maximum size, and one larger by one, for each limited dimension.
async fn oversized(server: &TestServer) {
    let form = |size: usize| {
        let post = server.http.post(server.url("/token")).header("content-type", "application/x-www-form-urlencoded");
        let begin = "grant_type=refresh_token&a=";
        post.basic_auth("unknown", Some("x")).body(format!("{begin}{}", "b".repeat(size - begin.len())))
    };
    let uri = |size: usize| server.http.get(server.url(&format!("/login?{}", "a".repeat(size - "/login".len()))));
    let header = |size: usize| server.http.get(server.url("/jwks")).header("x-long", "a".repeat(size));
    let fields = |count: usize| {
        let more = (1..count).map(|number| (format!("p{number}"), "x"));
        let pairs: Vec<(String, &str)> = more.chain([("grant_type".to_owned(), "refresh_token")]).collect();
        server.http.post(server.url("/token")).basic_auth("unknown", Some("x")).form(&pairs)
    };
    for (what, request, status) in [
        ("a body", form(65_536), 401),
        ("a body and a byte", form(65_537), 413),
        ("a URI", uri(8_192), 400),
        ("a URI and a byte", uri(8_193), 414),
        ("a head", header(15_000), 200),
        ("a head that is too long", header(33_000), 431),
        ("parameters", fields(100), 401),
        ("one parameter more", fields(101), 400),
    ] {
        // The server may close a connection before it has read all of a head that is too long.
        match request.send().await {
            Ok(response) => assert_eq!(response.status().as_u16(), status, "{what}"),
            Err(error) => assert_eq!(status, 431, "{what}: {error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn oversized_and_slow_requests_do_not_affect_a_steady_load() {
    let server = Arc::new(TestServer::start_with(|settings| settings.limits.connections = 200).await);
    let metadata = json!({ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "api" });
    let service = Arc::new(server.client("service", metadata).await);
    let load = Arc::new(Load { stop: false.into(), served: 0.into(), failed: 0.into() });
    let workers: Vec<_> = (0..4)
        .map(|_| {
            let load = load.clone();
            let server = server.clone();
            let service = service.clone();
            tokio::spawn(async move { load.go_on(&server, &service).await })
        })
        .collect();
    let mut held = Vec::new();
    for round in 0..10 {
        for sent in [
            "",
            "GET / HTTP/1.1\r\nHost: HO",
            "POST /token HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000\r\n\r\ngrant",
            "POST /par HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n",
        ] {
            held.extend(join_all((0..4).map(|_| stalled(&server, sent))).await);
        }
        oversized(&server).await;
        assert_eq!(load.failed.load(Ordering::SeqCst), 0, "round {round}");
    }
    let before = load.served.load(Ordering::SeqCst);
    while load.served.load(Ordering::SeqCst) < before + 20 {
        tokio::task::yield_now().await;
    }
    assert_eq!(held.len(), 160, "all of them still wait");
    load.stop.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    assert_eq!(load.failed.load(Ordering::SeqCst), 0);
}
