//! TLS in the binary: versions 1.2 and 1.3, cookies with their prefix, and an https issuer from end to end.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use signet::app::App;
use signet::clock::Clock;
use signet::config::DatabaseUrl;
use signet::http::serve::{ConnectionLimits, serve};
use signet::http::tls;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::support::database::{Database, settings};
use crate::support::server::install_crypto;

struct Secure {
    port: u16,
    certificate: Vec<u8>,
    task: tokio::task::JoinHandle<()>,
    _database: Database,
    _files: tempfile::TempDir,
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
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (cert, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let acceptor = tls::acceptor(&cert, &key).unwrap();
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
    Secure { port, certificate: made.cert.pem().into_bytes(), task, _database: database, _files: files }
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

    /// The version that a handshake comes to where the client offers only this one.
    async fn handshake(&self, version: &'static rustls::SupportedProtocolVersion) -> Option<rustls::ProtocolVersion> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&self.certificate).unwrap()).unwrap();
        let config = rustls::ClientConfig::builder_with_protocol_versions(&[version])
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await.ok()?;
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
