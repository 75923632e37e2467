//! L1: the only code that calls URLs chosen by others: keys of clients, request objects, logout endpoints. A name is
//! resolved once, every address is checked, and one of exactly these is connected to, so that DNS rebinding has no
//! effect. No redirects, proxies, cookies or compression.

mod exchange;
mod tls;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use url::{Host, form_urlencoded};

use self::exchange::{Answer, Call};
use crate::config::{Mode, Outbound};
use signet_protocol::defense::outbound::{AllowedHost, OutboundUrl, PlainHttp, UrlRefusal};

/// The maximum length of a response body, in bytes.
pub const MAX_BODY: usize = 65_536;
/// The maximum number of concurrent calls.
const AT_ONCE: usize = 32;
/// The maximum number of concurrent calls to one host.
const OF_ONE_HOST: usize = 8;
/// The number of hosts whose concurrency is tracked.
const HOSTS: u64 = 1_000;
/// The maximum number of addresses tried per host; each gets an equal share of the timeout.
const ADDRESSES: u32 = 4;

/// Calls the servers of clients. Clones share the concurrency limits.
#[derive(Clone)]
pub struct Fetcher {
    allowed: Arc<[AllowedHost]>,
    plain: PlainHttp,
    tls: TlsConnector,
    timeout: Duration,
    turns: Arc<Semaphore>,
    hosts: Cache<String, Arc<Semaphore>>,
}

/// Builds the TLS configuration of outbound calls, for other callers of URLs that an operator chose.
pub fn trust(settings: &Outbound) -> Result<rustls::ClientConfig, OutboundError> {
    Ok(tls::connector(settings.extra_ca.as_deref())?.config().as_ref().clone())
}

/// The result of a GET.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The media type without parameters, in lower case.
    pub content_type: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

/// The reason why a call failed. The condition behind a host name is only logged: a closed port, a silent one, a wrong
/// certificate and a private address look alike to a caller, and take the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL must not be called.
    #[error("the URL may not be called: {0}")]
    NotPermitted(#[from] UrlRefusal),
    /// There was no response in time, for any reason.
    #[error("the host gave no answer")]
    Unreachable,
    #[error("the answer is too large")]
    TooLarge,
    /// The response has an unexpected content type, or is compressed.
    #[error("the answer has the wrong content type or encoding")]
    WrongType,
    #[error("the answer has the status {0}")]
    Status(u16),
}

/// The reason why no calls can be made; `Display` is one line that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error("outbound.allow_hosts: {0:?} is neither a host nor a host and a port")]
    Host(String),
    #[error("outbound.extra_ca: cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// The file has no certificate, or one that cannot be an authority.
    #[error("outbound.extra_ca: {} has no usable PEM certificate", path.display())]
    Unusable { path: PathBuf },
    /// The TLS library refuses its own defaults.
    #[error("TLS for outbound calls cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The cause of [`FetchError::Unreachable`], for the log and for operators.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Connecting or waiting for the response took too long.
    #[error("timed out")]
    Timeout,
    /// The resolver does not know the name, or does not answer.
    #[error("name resolution failed: {0}")]
    Resolution(io::Error),
    /// The name resolves to a private address that no setting allows.
    #[error("{0} is a private address; allow its host with outbound.allow_hosts")]
    SpecialAddress(std::net::IpAddr),
    #[error("connection failed: {0}")]
    Connection(io::Error),
    /// The handshake failed, for example because of the certificate.
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    /// The host did not answer with HTTP.
    #[error("not an HTTP response: {0}")]
    Http(#[from] hyper::Error),
}

/// The error of a call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// May be shown to the caller.
    #[error(transparent)]
    Public(FetchError),
    /// For operators only, since it reveals the network behind a host name.
    #[error(transparent)]
    Private(Cause),
}

impl<T: Into<Cause>> From<T> for CallError {
    fn from(cause: T) -> Self {
        Self::Private(cause.into())
    }
}

impl Fetcher {
    /// Creates a fetcher from the settings `outbound.*`. It allows plain http in development only.
    pub fn new(settings: &Outbound, mode: Mode) -> Result<Self, OutboundError> {
        let host = |text: &String| AllowedHost::parse(text).ok_or_else(|| OutboundError::Host(text.clone()));
        let plain = match mode {
            Mode::Development => PlainHttp::ToAllowedHosts,
            Mode::Production => PlainHttp::Refused,
        };
        Ok(Self {
            allowed: settings.allow_hosts.iter().map(host).collect::<Result<_, _>>()?,
            plain,
            tls: tls::connector(settings.extra_ca.as_deref())?,
            timeout: Duration::from_millis(settings.timeout.as_millis().unsigned_abs()),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            hosts: Cache::new(HOSTS),
        })
    }

    /// Returns a fetcher with the same rules and separate concurrency limits.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), hosts: Cache::new(HOSTS), ..self.clone() }
    }

    /// Checks a URL without calling it. The error is the rule that the URL breaks.
    pub fn check(&self, url: &str) -> Result<OutboundUrl, UrlRefusal> {
        OutboundUrl::parse(url, &self.allowed, self.plain)
    }

    /// Gets a document of one of these media types, with status 200. An unreachable host always takes the whole
    /// timeout, so that the duration reveals no more than the error.
    pub async fn get(&self, url: &str, accept: &[&str]) -> Result<Fetched, FetchError> {
        let url = self.check(url)?;
        let end = self.end();
        let result = self.call(&url, Call::Get { accept }, end).await;
        if result == Err(FetchError::Unreachable) {
            sleep_until(end).await;
        }
        let answer = result?;
        if answer.status != 200 {
            return Err(FetchError::Status(answer.status));
        }
        Ok(Fetched { content_type: answer.content_type, body: answer.body })
    }

    /// Posts a form and returns the status, which is 2xx or 4xx.
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<u16, FetchError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let (status, _) = self.post(url, "application/x-www-form-urlencoded", body).await?;
        Ok(status)
    }

    /// Posts a document and returns the status, which is 2xx or 4xx, and for status 400 the JSON body with the reason.
    pub async fn post(&self, url: &str, content_type: &str, body: String) -> Result<(u16, Vec<u8>), FetchError> {
        let url = self.check(url)?;
        let answer = self.call(&url, Call::Post { content_type, body }, self.end()).await?;
        match answer.status {
            200..=299 | 400..=499 => Ok((answer.status, answer.body)),
            other => Err(FetchError::Status(other)),
        }
    }

    /// Posts a document for an operator and returns the status. The error includes private causes.
    pub async fn try_post(&self, url: &str, content_type: &str, body: String) -> Result<u16, CallError> {
        let url = self.check(url).map_err(|refusal| CallError::Public(refusal.into()))?;
        let attempt = self.attempt(&url, Call::Post { content_type, body });
        let answer = timeout_at(self.end(), attempt).await.map_err(|_| Cause::Timeout)??;
        Ok(answer.status)
    }

    fn end(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Makes a call within its deadline, which includes waiting for a slot.
    async fn call(&self, url: &OutboundUrl, call: Call<'_>, end: Instant) -> Result<Answer, FetchError> {
        let cause = match timeout_at(end, self.attempt(url, call)).await {
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(CallError::Public(error))) => return Err(error),
            Ok(Err(CallError::Private(cause))) => cause,
            Err(_) => Cause::Timeout,
        };
        tracing::warn!(host = url.authority(), %cause, "An outbound call failed");
        Err(FetchError::Unreachable)
    }

    async fn attempt(&self, url: &OutboundUrl, call: Call<'_>) -> Result<Answer, CallError> {
        // The semaphores are never closed. The host's comes first, so that a slow host occupies few of the shared
        // slots.
        let host = self.hosts.get_with(url.authority().to_owned(), || Arc::new(Semaphore::new(OF_ONE_HOST)));
        let _host = host.acquire_owned().await.map_err(|_| Cause::Timeout)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| Cause::Timeout)?;
        let turn = Arc::new(turn);
        let addresses = resolve(url, turn.clone()).await?;
        if let Some(refused) = addresses.iter().find(|address| !url.permits(address.ip())) {
            return Err(Cause::SpecialAddress(refused.ip()).into());
        }
        let stream = self.connect(&addresses).await?;
        if !url.is_https() {
            return exchange::run(stream, url, call).await;
        }
        let stream = self.tls.connect(tls::server_name(url)?, stream).await.map_err(Cause::Tls)?;
        exchange::run(stream, url, call).await
    }

    /// Connects to the first of these addresses that answers.
    async fn connect(&self, addresses: &[SocketAddr]) -> Result<TcpStream, Cause> {
        let mut last = Cause::Resolution(io::ErrorKind::NotFound.into());
        for address in addresses.iter().take(ADDRESSES as usize) {
            match timeout(self.timeout / ADDRESSES, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = Cause::Connection(error),
                Err(_) => last = Cause::Timeout,
            }
        }
        Err(last)
    }
}

/// Resolves all addresses of the URL's host. The system's resolver cannot be cancelled, so the slot is released when it
/// returns, not when the caller gives up.
async fn resolve(url: &OutboundUrl, turn: Arc<OwnedSemaphorePermit>) -> Result<Vec<SocketAddr>, Cause> {
    let port = url.port();
    let name = match url.host() {
        Host::Ipv4(address) => return Ok(vec![(*address, port).into()]),
        Host::Ipv6(address) => return Ok(vec![(*address, port).into()]),
        Host::Domain(name) => name.clone(),
    };
    let lookup = tokio::spawn(async move {
        let found = lookup_host((name, port)).await.map(Iterator::collect);
        drop(turn);
        found
    });
    lookup.await.map_err(io::Error::other).flatten().map_err(Cause::Resolution)
}
