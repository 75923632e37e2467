//! Outgoing requests: allowed targets, accepted answers, and timeouts. The test servers are on loopback, which is
//! refused unless the settings name it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use signet::config::{Mode, Outbound};
use signet::fetch::{FetchError, Fetcher, MAX_BODY};
use signet::http::edge::tls;
use signet_protocol::defense::outbound::UrlRefusal;
use signet_protocol::time::Span;
use tempfile::TempDir;

use crate::support::upstream::{Script, Upstream};

const JSON: &[&str] = &["application/json", "application/jwk-set+json"];

/// A fetcher of development mode that may call these hosts, with half a second for each call.
fn fetcher(hosts: &[&str]) -> Fetcher {
    with(hosts, None, Mode::Development)
}

fn with(hosts: &[&str], extra_ca: Option<PathBuf>, mode: Mode) -> Fetcher {
    let allow_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    Fetcher::new(&Outbound { extra_ca, allow_hosts, timeout: Span::from_millis(500) }, mode).unwrap()
}

/// A fetcher whose timeout no successful call reaches.
fn patient(hosts: &[&str]) -> Fetcher {
    let allow_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    let settings = Outbound { extra_ca: None, allow_hosts, timeout: Span::from_secs(20) };
    Fetcher::new(&settings, Mode::Development).unwrap()
}

async fn outcome(script: Script) -> Result<Vec<u8>, FetchError> {
    let upstream = Upstream::http(script).await;
    let fetched = patient(&["127.0.0.1"]).get(&upstream.url("/"), JSON).await;
    fetched.map(|fetched| fetched.body)
}

#[tokio::test]
async fn a_document_is_fetched_with_a_plain_request() {
    let upstream = Upstream::http(Script::ok("application/jwk-set+json; charset=utf-8", "{}")).await;
    let fetched = patient(&["127.0.0.1"]).get(&upstream.url("/jwks?a=b#fragment"), JSON).await.unwrap();
    assert_eq!((fetched.content_type.as_str(), fetched.body.as_slice()), ("application/jwk-set+json", &b"{}"[..]));
    let expected = format!(
        "GET /jwks?a=b HTTP/1.1\r\nhost: 127.0.0.1:{}\r\nuser-agent: Signet\r\naccept-encoding: identity\r\n\
         connection: close\r\naccept: application/json, application/jwk-set+json\r\n\r\n",
        upstream.port
    );
    assert_eq!(upstream.requests(), [expected]);
}

#[tokio::test]
async fn a_form_is_posted_and_its_status_returned() {
    let upstream = Upstream::http(Script::raw("HTTP/1.1 204 No Content\r\n\r\n")).await;
    let fetcher = patient(&["127.0.0.1"]);
    let fields = [("logout_token", "a.b.c"), ("x", "ö &")];
    assert_eq!(fetcher.post_form(&upstream.url("/logout"), &fields).await, Ok(204));
    let request = upstream.requests().remove(0);
    assert!(request.starts_with("POST /logout HTTP/1.1\r\n"), "{request}");
    assert!(request.contains("\r\ncontent-type: application/x-www-form-urlencoded\r\n"), "{request}");
    assert!(request.ends_with("\r\n\r\nlogout_token=a.b.c&x=%C3%B6+%26"), "{request}");
    for (status, expected) in [
        (200, Ok(200)),
        (400, Ok(400)),
        (404, Ok(404)),
        (302, Err(FetchError::Status(302))),
        (500, Err(FetchError::Status(500))),
    ] {
        // A body without an end does not matter.
        let head = format!("HTTP/1.1 {status} X\r\nLocation: /\r\n\r\n");
        upstream.play(Script::Drip(head.into_bytes()));
        assert_eq!(fetcher.post_form(&upstream.url("/"), &[]).await, expected, "{status}");
    }
}

#[tokio::test]
async fn only_status_200_brings_a_document_and_no_redirect_is_followed() {
    let elsewhere = Upstream::http(Script::ok("application/json", "{}")).await;
    for status in [201, 204, 206, 301, 302, 303, 307, 308, 304, 400, 401, 404, 500, 503] {
        let upstream = Upstream::http(Script::raw(&format!(
            "HTTP/1.1 {status} X\r\nLocation: {}\r\nRefresh: 0; url={}\r\nContent-Type: application/json\r\n\
             Content-Length: 0\r\n\r\n",
            elsewhere.url("/"),
            elsewhere.url("/"),
        )))
        .await;
        let fetched = patient(&["127.0.0.1"]).get(&upstream.url("/"), JSON).await;
        assert_eq!(fetched, Err(FetchError::Status(status)));
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[tokio::test]
async fn a_body_is_bounded_with_and_without_its_length() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";
    let fits = "a".repeat(MAX_BODY);
    let chunks = |size: usize, count: usize| {
        let chunk = format!("{size:x}\r\n{}\r\n", "a".repeat(size));
        format!("{head}Transfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunk.repeat(count))
    };
    let rows = [
        ("as much as fits", format!("{head}Content-Length: {MAX_BODY}\r\n\r\n{fits}"), Ok(MAX_BODY)),
        ("announced too long", format!("{head}Content-Length: 65537\r\n\r\n"), Err(FetchError::TooLarge)),
        ("announced far too long", format!("{head}Content-Length: 9999999999999\r\n\r\n"), Err(FetchError::TooLarge)),
        ("ended by the connection", format!("{head}\r\n{fits}"), Ok(MAX_BODY)),
        ("ended too late", format!("{head}\r\n{fits}a"), Err(FetchError::TooLarge)),
        ("in chunks", chunks(1024, 64), Ok(MAX_BODY)),
        ("in too many chunks", chunks(1024, 65), Err(FetchError::TooLarge)),
        ("in one chunk that is too long", chunks(65537, 1), Err(FetchError::TooLarge)),
        ("empty", format!("{head}Content-Length: 0\r\n\r\n"), Ok(0)),
    ];
    for (rule, answer, expected) in rows {
        assert_eq!(outcome(Script::raw(&answer)).await.map(|body| body.len()), expected, "{rule}");
    }
}

#[tokio::test]
async fn an_announced_length_is_refused_before_the_body_comes() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 65537\r\n\r\n";
    assert_eq!(outcome(Script::Hang(head.into())).await, Err(FetchError::TooLarge));
}

#[tokio::test]
async fn the_type_is_one_that_is_accepted_and_nothing_is_compressed() {
    let answer = |fields: &str| Script::raw(&format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\n{{}}"));
    let rows = [
        ("Content-Type: application/json\r\n", true),
        ("Content-Type: Application/JSON ; charset=utf-8\r\n", true),
        ("Content-Type: application/json\r\nContent-Encoding: identity\r\n", true),
        ("Content-Type: text/html\r\n", false),
        ("Content-Type: application/jsonp\r\n", false),
        ("Content-Type: text/plain; application/json\r\n", false),
        ("Content-Type: application/json\r\nContent-Type: text/html\r\n", false),
        ("", false),
        ("Content-Type: application/json\r\nContent-Encoding: gzip\r\n", false),
        ("Content-Type: application/json\r\nContent-Encoding: br\r\n", false),
        ("Content-Type: application/json\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n", false),
    ];
    for (fields, accepted) in rows {
        let expected = if accepted { Ok(b"{}".to_vec()) } else { Err(FetchError::WrongType) };
        assert_eq!(outcome(answer(fields)).await, expected, "{fields:?}");
    }
}

#[tokio::test]
async fn an_incomplete_answer_times_out_and_reveals_nothing() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n".to_vec();
    let body = [&head[..], b"\r\n{"].concat();
    let chunked = [&head[..], b"Transfer-Encoding: chunked\r\n\r\n2\r\n{"].concat();
    let scripts = [
        ("nothing, connected", Script::Hang(Vec::new())),
        ("nothing, closed", Script::Answer(Vec::new())),
        ("half a head", Script::Hang(head.clone())),
        ("half a head, closed", Script::Answer(head.clone())),
        ("a head that drips", Script::Drip(b"HTTP/1.1 200 OK\r\nX:".to_vec())),
        ("interim answers only", Script::Hang(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(3))),
        ("half a body", Script::Hang(body.clone())),
        ("a body that drips", Script::Drip(body)),
        ("half a chunk", Script::Hang(chunked.clone())),
        ("half a chunk, closed", Script::Answer(chunked)),
        ("another protocol", Script::raw("SSH-2.0-OpenSSH_9.2\r\n")),
        ("a head without end", Script::Answer([&head[..], &b"X: a\r\n".repeat(100_000)].concat())),
    ];
    let calls = scripts.into_iter().map(async |(rule, script)| {
        let upstream = Upstream::http(script).await;
        let begun = Instant::now();
        let fetched = fetcher(&["127.0.0.1"]).get(&upstream.url("/"), JSON).await;
        assert_eq!(fetched, Err(FetchError::Unreachable), "{rule}");
        let took = begun.elapsed();
        assert!(took >= Duration::from_millis(500), "{rule}: {took:?} reveals the cause");
        assert!(took < Duration::from_secs(5), "{rule}: {took:?}");
        assert_eq!(upstream.connections(), 1, "{rule}");
    });
    join_all(calls).await;
}

#[tokio::test]
async fn a_closed_port_an_unknown_name_and_a_private_address_look_alike() {
    let upstream = Upstream::http(Script::ok("application/json", "{}")).await;
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let fetcher = fetcher(&["127.0.0.1"]);
    for url in [
        format!("http://127.0.0.1:{closed}/"),
        format!("https://127.0.0.1:{}/", upstream.port),
        format!("https://localhost:{}/", upstream.port),
        format!("https://127.0.0.2:{}/", upstream.port),
        "https://no-such-host.invalid/".to_owned(),
        "https://169.254.169.254/latest/meta-data/".to_owned(),
    ] {
        let begun = Instant::now();
        assert_eq!(fetcher.get(&url, JSON).await, Err(FetchError::Unreachable), "{url}");
        assert!(begun.elapsed() >= Duration::from_millis(500), "{url}: {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn loopback_is_not_called_by_any_name_unless_the_settings_name_it() {
    let server = secure(&["localhost", "127.0.0.1"]);
    let upstream = Upstream::https(Script::ok("application/json", "{}"), server.acceptor()).await;
    let port = upstream.port;
    let named = |hosts: &[&str]| with(hosts, Some(server.ca()), Mode::Production);
    let hosts = ["localhost", "127.0.0.1", "127.1", "0x7f000001", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]"];
    let others = [&[][..], &["rp.example"], &["localhost:1", "127.0.0.1:1"], &["localhost."]];
    let calls = hosts.iter().flat_map(|host| others.map(|others| (host, others)));
    let calls = calls.map(async |(host, others)| {
        let fetched = named(others).get(&format!("https://{host}:{port}/"), JSON).await;
        assert_eq!(fetched, Err(FetchError::Unreachable), "{host} with {others:?}");
    });
    join_all(calls).await;
    assert_eq!(upstream.connections(), 0, "not even a connection");
    for hosts in [vec!["localhost".to_owned()], vec![format!("localhost:{port}")]] {
        let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
        assert!(named(&hosts).get(&format!("https://localhost:{port}/"), JSON).await.is_ok(), "{hosts:?}");
    }
}

#[tokio::test]
async fn plain_http_is_for_named_hosts_in_development() {
    let upstream = Upstream::http(Script::ok("application/json", "{}")).await;
    let url = upstream.url("/");
    let refused = Err(FetchError::NotPermitted(UrlRefusal::Scheme));
    assert_eq!(with(&["127.0.0.1"], None, Mode::Production).get(&url, JSON).await, refused, "production");
    assert_eq!(fetcher(&[]).get(&url, JSON).await, refused, "not named");
    assert_eq!(fetcher(&["127.0.0.1:1"]).get(&url, JSON).await, refused, "named with another port");
    assert_eq!(upstream.connections(), 0);
    let named = format!("127.0.0.1:{}", upstream.port);
    assert!(patient(&[named.as_str()]).get(&url, JSON).await.is_ok());
}

#[tokio::test]
async fn credentials_in_a_url_and_ports_of_other_services_are_refused() {
    let fetcher = fetcher(&["127.0.0.1"]);
    let upstream = Upstream::http(Script::ok("application/json", "{}")).await;
    let port = upstream.port;
    for (url, refusal) in [
        (format!("http://user:secret@127.0.0.1:{port}/"), UrlRefusal::UserInfo),
        (format!("http://user@127.0.0.1:{port}/"), UrlRefusal::UserInfo),
        ("http://127.0.0.1:25/".to_owned(), UrlRefusal::Port),
        (format!("gopher://127.0.0.1:{port}/"), UrlRefusal::Scheme),
        (format!("//127.0.0.1:{port}/"), UrlRefusal::Malformed),
    ] {
        assert_eq!(fetcher.get(&url, JSON).await, Err(FetchError::NotPermitted(refusal)), "{url}");
        assert_eq!(fetcher.post_form(&url, &[]).await, Err(FetchError::NotPermitted(refusal)), "{url}");
    }
    assert_eq!(upstream.connections(), 0);
}

/// A self-signed certificate for these names.
struct Secure {
    files: TempDir,
}

fn secure(names: &[&str]) -> Secure {
    let files = tempfile::tempdir().unwrap();
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    std::fs::write(files.path().join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(files.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    Secure { files }
}

impl Secure {
    fn ca(&self) -> PathBuf {
        self.files.path().join("cert.pem")
    }

    fn acceptor(&self) -> tokio_rustls::TlsAcceptor {
        tls::acceptor(&self.ca(), &self.files.path().join("key.pem")).unwrap()
    }
}

#[tokio::test]
async fn a_certificate_is_trusted_by_its_authority_and_for_its_name() {
    let server = secure(&["localhost"]);
    let stranger = secure(&["localhost"]);
    let upstream = Upstream::https(Script::ok("application/json", "{}"), server.acceptor()).await;
    let hosts = ["localhost", "127.0.0.1"];
    let get = async |host: &str, ca: Option<PathBuf>| {
        let fetched = with(&hosts, ca, Mode::Production).get(&format!("https://{host}:{}/", upstream.port), JSON).await;
        fetched.map(|fetched| fetched.body)
    };
    assert_eq!(get("localhost", Some(server.ca())).await, Ok(b"{}".to_vec()));
    assert_eq!(upstream.requests().len(), 1);
    assert_eq!(get("localhost", None).await, Err(FetchError::Unreachable), "no authority");
    assert_eq!(get("localhost", Some(stranger.ca())).await, Err(FetchError::Unreachable), "another authority");
    assert_eq!(get("127.0.0.1", Some(server.ca())).await, Err(FetchError::Unreachable), "another name");
    assert_eq!(upstream.requests().len(), 1, "no request was sent to whom is not trusted");
}

/// The number of requests that arrive at these hosts, twelve sent to each, before any is answered.
async fn under_way(upstreams: &[Upstream], expected: usize) -> usize {
    let fetcher = patient(&["127.0.0.1"]);
    let each = 12;
    let urls: Vec<String> = upstreams.iter().map(|upstream| upstream.url("/")).collect();
    let calls = join_all(urls.iter().flat_map(|url| (0..each).map(|_| fetcher.get(url, JSON))));
    let arrived = || upstreams.iter().map(|upstream| upstream.requests().len()).sum::<usize>();
    let release = async {
        while arrived() < expected {
            tokio::task::yield_now().await;
        }
        // Further requests would have arrived by now if they were allowed.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        let before = upstreams.iter().map(Upstream::connections).sum();
        upstreams.iter().for_each(|upstream| upstream.release(each));
        before
    };
    let (answers, before) = tokio::join!(calls, release);
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(upstreams.iter().map(Upstream::connections).sum::<usize>(), each * upstreams.len());
    before
}

#[tokio::test]
async fn at_most_8_calls_to_a_host_and_32_in_all_are_under_way() {
    let held_back = || Upstream::held_back(Script::ok("application/json", "{}"));
    assert_eq!(under_way(&[held_back().await], 8).await, 8);
    let five = [held_back().await, held_back().await, held_back().await, held_back().await, held_back().await];
    assert_eq!(under_way(&five, 32).await, 32);
}
