//! One keep-alive HTTP/1.1 connection to one origin, with a cookie jar.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{COOKIE, HOST, HeaderMap, LOCATION, SET_COOKIE, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use crate::cookies::Jar;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Where the OP listens. Every request of a run goes there.
#[derive(Clone)]
pub struct Origin {
    host: String,
    authority: String,
    address: String,
    tls: Option<TlsConnector>,
    headers: Vec<(String, String)>,
}

impl Origin {
    /// `connect` overrides the address dialled; `headers` go with every request.
    pub fn new(url: &Url, connect: Option<&str>, headers: Vec<(String, String)>) -> Result<Self> {
        let host = url.host_str().context("issuer has no host")?.to_owned();
        let port = url.port_or_known_default().context("issuer has no port")?;
        let address = connect.map_or_else(|| format!("{host}:{port}"), str::to_owned);
        let loopback = ["127.", "localhost", "[::1]"].iter().any(|p| address.starts_with(p));
        ensure!(loopback, "{address} is not a loopback address; this tool only loads loopback");
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.clone(),
        };
        let tls = (url.scheme() == "https").then(no_verify_connector);
        Ok(Self { host, authority, address, tls, headers })
    }
}

impl Origin {
    /// The same origin, with one more header for every request.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut origin = self.clone();
        origin.headers.push((name.to_owned(), value.to_owned()));
        origin
    }
}

#[derive(Clone)]
pub struct Req {
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Req {
    pub fn get(url: &Url) -> Self {
        Self { method: Method::GET, target: target(url), headers: vec![], body: Bytes::new() }
    }

    pub fn form(url: &Url, fields: &[(&str, &str)]) -> Self {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let content_type = "application/x-www-form-urlencoded";
        Self { method: Method::POST, target: target(url), headers: vec![], body: body.into() }
            .header("content-type", content_type)
    }

    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

fn target(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.body)
    }

    pub fn location(&self) -> Option<&str> {
        self.headers.get(LOCATION)?.to_str().ok()
    }

    /// Status and the beginning of the body, for error messages.
    pub fn brief(&self) -> String {
        let text: String = self.text().chars().take(300).collect();
        format!("{}: {text}", self.status)
    }
}

pub struct Client {
    origin: Arc<Origin>,
    sender: Option<SendRequest<Full<Bytes>>>,
    pub jar: Jar,
    pub connects: u64,
}

impl Client {
    pub fn new(origin: Arc<Origin>) -> Self {
        Self { origin, sender: None, jar: Jar::default(), connects: 0 }
    }

    /// Sends one request and reads the whole reply. A failure drops the connection.
    pub async fn send(&mut self, req: &Req) -> Result<Reply> {
        let outcome = tokio::time::timeout(TIMEOUT, self.exchange(req)).await;
        match outcome {
            Ok(Ok(reply)) => Ok(reply),
            Ok(Err(err)) => {
                self.sender = None;
                Err(err.context(format!("{} {}", req.method, brief_target(&req.target))))
            }
            Err(_) => {
                self.sender = None;
                bail!("{} {}: no answer in {TIMEOUT:?}", req.method, brief_target(&req.target))
            }
        }
    }

    async fn exchange(&mut self, req: &Req) -> Result<Reply> {
        let path = req.target.split('?').next().unwrap_or("/");
        let mut builder = Request::builder()
            .method(req.method.clone())
            .uri(&req.target)
            .header(HOST, &self.origin.authority)
            .header(USER_AGENT, "signet-bench");
        for (name, value) in self.origin.headers.iter().chain(&req.headers) {
            builder = builder.header(name, value);
        }
        if let Some(cookies) = self.jar.header(path) {
            builder = builder.header(COOKIE, cookies);
        }
        let request = builder.body(Full::new(req.body.clone()))?;
        let reply = self.ready().await?.send_request(request).await?;
        let (parts, body) = reply.into_parts();
        let body = body.collect().await?.to_bytes();
        for cookie in parts.headers.get_all(SET_COOKIE) {
            self.jar.store(&String::from_utf8_lossy(cookie.as_bytes()), path);
        }
        Ok(Reply { status: parts.status, headers: parts.headers, body })
    }

    /// The live connection, opened anew where the server closed the last one.
    async fn ready(&mut self) -> Result<&mut SendRequest<Full<Bytes>>> {
        let usable = match &mut self.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.sender = Some(self.connect().await?);
        }
        self.sender.as_mut().context("no connection")
    }

    async fn connect(&mut self) -> Result<SendRequest<Full<Bytes>>> {
        let tcp = TcpStream::connect(&self.origin.address).await.context("connect")?;
        tcp.set_nodelay(true)?;
        self.connects += 1;
        match &self.origin.tls {
            None => handshake(TokioIo::new(tcp)).await,
            Some(tls) => {
                let name = ServerName::try_from(self.origin.host.clone())?;
                handshake(TokioIo::new(tls.connect(name, tcp).await?)).await
            }
        }
    }
}

async fn handshake<IO>(io: IO) -> Result<SendRequest<Full<Bytes>>>
where
    IO: hyper::rt::Read + hyper::rt::Write + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(io).await?;
    tokio::spawn(connection);
    Ok(sender)
}

fn brief_target(target: &str) -> &str {
    target.split('?').next().unwrap_or(target)
}

fn no_verify_connector() -> TlsConnector {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(no_verify::AnyCertificate(provider)))
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
}

/// Test OPs carry self-signed certificates and only loopback is ever dialled.
mod no_verify {
    use std::sync::Arc;

    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    use rustls::crypto::CryptoProvider;
    use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
    use rustls::{DigitallySignedStruct, Error, SignatureScheme};

    #[derive(Debug)]
    pub struct AnyCertificate(pub Arc<CryptoProvider>);

    impl ServerCertVerifier for AnyCertificate {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }

        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &CertificateDer<'_>,
            _: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            Ok(HandshakeSignatureValid::assertion())
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            self.0.signature_verification_algorithms.supported_schemes()
        }
    }
}
