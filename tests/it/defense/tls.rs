//! TLS in the binary: versions 1.2 and 1.3, cookies with their prefix, and an https issuer from end to end.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use signet::app::App;
use signet::config::DatabaseUrl;
use signet::http::edge::serve::{ConnectionLimits, serve};
use signet::http::edge::tls;
use signet_store::clock::Clock;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::support::database::{Database, settings};
use crate::support::place::Place;
use crate::support::server::install_crypto;

struct Secure {
    port: u16,
    certificate: Vec<u8>,
    task: tokio::task::JoinHandle<()>,
    pair: Arc<tls::Certificate>,
    files: tempfile::TempDir,
    _database: Database,
}

impl Drop for Secure {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A server with a certificate for localhost.
async fn secure() -> Secure {
    install_crypto();
    let files = tempfile::tempdir().unwrap();
    let certificate = renew(files.path());
    let cert = files.path().join("cert.pem");
    let key = files.path().join("key.pem");
    let pair = tls::Certificate::load(&cert, &key).unwrap();
    let acceptor = pair.clone().acceptor().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let database = Database::new().await;
    let mut settings = settings();
    settings.issuer = format!("https://localhost:{port}");
    settings.tls = Some(signet::config::Tls { cert, key });
    settings.database.url = DatabaseUrl::parse(&database.url).unwrap();
    let app = App::open(settings, Clock::System).await.unwrap();
    let service = signet::http::entrance(app);
    let task = tokio::spawn(async move {
        serve(listener, Some(acceptor), service, ConnectionLimits::default(), std::future::pending()).await.unwrap();
    });
    Secure { port, certificate, task, pair, files, _database: database }
}

/// Writes a new certificate for localhost with its key into a folder, and returns the certificate in PEM.
fn renew(folder: &Path) -> Vec<u8> {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), made.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    made.cert.pem().into_bytes()
}

/// A TLS connection to this port that trusts only this certificate.
async fn connect(
    port: u16,
    certificate: &[u8],
    versions: &[&'static rustls::SupportedProtocolVersion],
) -> Option<TlsStream<TcpStream>> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_protocol_versions(versions)
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()
}

/// Sends a request on this connection and returns the status line.
async fn ask(stream: &mut TlsStream<TcpStream>, port: u16) -> String {
    let request = format!("GET /.well-known/jwks.json HTTP/1.1\r\nhost: localhost:{port}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = [0; 15];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

impl Secure {
    fn client(&self) -> reqwest::Client {
        reqwest::Client::builder()
            .add_root_certificate(reqwest::Certificate::from_pem(&self.certificate).unwrap())
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap()
    }

    /// The negotiated version if the client offers only this one.
    async fn handshake(&self, version: &'static rustls::SupportedProtocolVersion) -> Option<rustls::ProtocolVersion> {
        let stream = connect(self.port, &self.certificate, &[version]).await?;
        stream.get_ref().1.protocol_version()
    }
}

#[tokio::test]
async fn tls_1_2_and_1_3_are_spoken() {
    let server = secure().await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        assert_eq!(server.handshake(version).await, Some(version.version), "{version:?}");
    }
}

#[tokio::test]
async fn an_https_server_promises_https_and_guards_its_cookies() {
    let server = secure().await;
    let answer =
        server.client().get(format!("https://localhost:{}/.well-known/openid-configuration", server.port)).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["strict-transport-security"], "max-age=31536000");
    let metadata: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(metadata["issuer"], format!("https://localhost:{}", server.port));
    let endpoints = metadata.as_object().unwrap().iter().filter(|(name, _)| name.ends_with("_endpoint"));
    for (name, endpoint) in endpoints {
        assert!(endpoint.as_str().unwrap().starts_with("https://"), "{name}");
    }
}

#[tokio::test]
async fn plain_http_on_the_tls_port_gets_no_answer() {
    let server = secure().await;
    let answer = crate::support::server::http_client().get(format!("http://localhost:{}/", server.port)).send().await;
    assert!(answer.is_err());
}

#[tokio::test]
async fn a_renewed_certificate_is_for_new_connections_and_open_ones_go_on() {
    let server = secure().await;
    assert_eq!(server.pair.reload().unwrap(), tls::Reload::Unchanged);
    let mut open = connect(server.port, &server.certificate, rustls::DEFAULT_VERSIONS).await.unwrap();
    let renewed = renew(server.files.path());
    assert_eq!(server.pair.reload().unwrap(), tls::Reload::Replaced);
    assert!(connect(server.port, &server.certificate, rustls::DEFAULT_VERSIONS).await.is_none());
    let mut new = connect(server.port, &renewed, rustls::DEFAULT_VERSIONS).await.unwrap();
    assert_eq!(ask(&mut new, server.port).await, "HTTP/1.1 200 OK");
    assert_eq!(ask(&mut open, server.port).await, "HTTP/1.1 200 OK");
}

#[tokio::test]
async fn a_broken_certificate_leaves_the_one_before_in_use() {
    let server = secure().await;
    let cert = server.files.path().join("cert.pem");
    let key = server.files.path().join("key.pem");
    let other = tempfile::tempdir().unwrap();
    renew(other.path());
    let rows = [
        ("half written", std::fs::read(&cert).unwrap()[..300].to_vec(), "cert.pem"),
        ("not the key's", std::fs::read(other.path().join("cert.pem")).unwrap(), "does not match"),
        ("empty", Vec::new(), "contains no certificate"),
    ];
    for (fault, text, why) in rows {
        std::fs::write(&cert, text).unwrap();
        let refusal = server.pair.reload().unwrap_err().to_string();
        assert!(refusal.contains(why), "{fault}: {refusal}");
        assert!(connect(server.port, &server.certificate, rustls::DEFAULT_VERSIONS).await.is_some(), "{fault}");
    }
    std::fs::copy(other.path().join("key.pem"), &key).unwrap();
    std::fs::copy(other.path().join("cert.pem"), &cert).unwrap();
    assert_eq!(server.pair.reload().unwrap(), tls::Reload::Replaced, "and whole files are taken up");
}

#[tokio::test]
async fn sighup_and_polling_reload_changed_files() {
    install_crypto();
    let place = Place::new().await;
    let first = renew(place.path());
    let issuer = place.issuer().replace("http:", "https:");
    let port = url::Url::parse(&issuer).unwrap().port().unwrap();
    let mut command = place.command(&["serve"]);
    command.env("SIGNET_ISSUER", &issuer).env("SIGNET_TLS__CERT", "cert.pem").env("SIGNET_TLS__KEY", "key.pem");
    let mut server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    serves(port, &first).await;
    let second = renew(place.path());
    let id = server.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    serves(port, &second).await;
    let third = renew(place.path());
    serves(port, &third).await;
    server.kill().await.unwrap();
}

/// Waits for the server on this port to show this certificate.
async fn serves(port: u16, certificate: &[u8]) {
    for _ in 0..400 {
        if connect(port, certificate, rustls::DEFAULT_VERSIONS).await.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the certificate is not in use");
}
