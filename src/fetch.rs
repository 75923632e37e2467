//! L1: the only way out of this server to URLs that others name: keys of clients, request objects, logout endpoints.
//! A name is resolved once, every address is judged, and one of exactly these is connected to, so that a name that
//! changes its mind in between leads nowhere else. No redirects, no proxies, no cookies, no compression.

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
use crate::protocol::outbound::{AllowedHost, OutboundUrl, PlainHttp, UrlRefusal};

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 65_536;
/// How many calls may be under way at once.
const AT_ONCE: usize = 32;
/// How many of them may be to one host.
const OF_ONE_HOST: usize = 8;
/// Of how many hosts that is watched.
const HOSTS: u64 = 1_000;
/// How many addresses of one host are tried; each has its share of the time.
const ADDRESSES: u32 = 4;

/// Calls the servers of clients. Clones share the turns.
#[derive(Clone)]
pub struct Fetcher {
    allowed: Arc<[AllowedHost]>,
    plain: PlainHttp,
    tls: TlsConnector,
    timeout: Duration,
    turns: Arc<Semaphore>,
    hosts: Cache<String, Arc<Semaphore>>,
}

/// Whom outbound calls trust, for calls to what an operator names.
///
/// # Errors
/// [`OutboundError`] where `outbound.extra_ca` cannot be used.
pub fn trust(settings: &Outbound) -> Result<rustls::ClientConfig, OutboundError> {
    Ok(tls::connector(settings.extra_ca.as_deref())?.config().as_ref().clone())
}

/// What a GET has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// The media type without parameters, in lower case.
    pub content_type: String,
    /// The body, at most [`MAX_BODY`] bytes.
    pub body: Vec<u8>,
}

/// Why a call has brought nothing. What is wrong behind a host's name is told to the log only: a closed port, a
/// silent one, a wrong certificate and a private address look alike, and take the same time, for whoever asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// The URL is not one that is called.
    #[error("the URL may not be called: {0}")]
    NotPermitted(#[from] UrlRefusal),
    /// No answer was had in time, for whatever reason.
    #[error("the host gave no answer")]
    Unreachable,
    /// The answer is longer than [`MAX_BODY`].
    #[error("the answer is too large")]
    TooLarge,
    /// The answer has another content type than those accepted, or is compressed.
    #[error("the answer has the wrong content type or encoding")]
    WrongType,
    /// The answer has another status.
    #[error("the answer has the status {0}")]
    Status(u16),
}

/// Why calls cannot be made at all; `Display` is one line that names the setting.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// An entry is not a host.
    #[error("outbound.allow_hosts: {0:?} is neither a host nor a host and a port")]
    Host(String),
    /// The file cannot be read.
    #[error("outbound.extra_ca: cannot read {}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds no certificate, or one that cannot be an authority.
    #[error("outbound.extra_ca: {} holds no usable certificate in PEM", path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
    },
    /// The TLS library refuses its own defaults.
    #[error("TLS for outbound calls cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The cause of [`FetchError::Unreachable`], for the log and for operators.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// Connecting or answering took too long.
    #[error("timed out")]
    Timeout,
    /// The name server knows no such name, or does not answer.
    #[error("name resolution failed: {0}")]
    Resolution(io::Error),
    /// The name leads to a private address that no setting allows.
    #[error("{0} is a private address; allow its host with outbound.allow_hosts")]
    SpecialAddress(std::net::IpAddr),
    /// The host refused the connection.
    #[error("connection failed: {0}")]
    Connection(io::Error),
    /// The handshake failed, for example by the certificate.
    #[error("TLS failed: {0}")]
    Tls(io::Error),
    /// The host sent something else than HTTP.
    #[error("not an HTTP response: {0}")]
    Http(#[from] hyper::Error),
}

/// The end of a call that brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Open to the caller.
    #[error(transparent)]
    Public(FetchError),
    /// For operators only, since it reveals what lies behind a host name.
    #[error(transparent)]
    Private(Cause),
}

impl<T: Into<Cause>> From<T> for CallError {
    fn from(cause: T) -> Self {
        Self::Private(cause.into())
    }
}

impl Fetcher {
    /// A fetcher that keeps to the settings `outbound.*` and speaks plain http in development only.
    ///
    /// # Errors
    /// [`OutboundError`] where a setting is wrong.
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

    /// Another fetcher by the same rules, with turns of its own: what this one is busy with keeps it from nothing.
    #[must_use]
    pub fn apart(&self) -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), hosts: Cache::new(HOSTS), ..self.clone() }
    }

    /// Whether the URL is one that would be called, as far as can be told without calling it.
    ///
    /// # Errors
    /// [`UrlRefusal`] with the rule that the URL breaks.
    pub fn check(&self, url: &str) -> Result<OutboundUrl, UrlRefusal> {
        OutboundUrl::parse(url, &self.allowed, self.plain)
    }

    /// Gets a document of one of these media types, with status 200. A host that cannot be reached takes the whole
    /// time, whatever the reason, so that the time tells no more than the error.
    ///
    /// # Errors
    /// [`FetchError`].
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

    /// Posts a form and tells the status, which is 2xx or 4xx.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn post_form(&self, url: &str, fields: &[(&str, &str)]) -> Result<u16, FetchError> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let (status, _) = self.post(url, "application/x-www-form-urlencoded", body).await?;
        Ok(status)
    }

    /// Posts a document and tells the status, which is 2xx or 4xx, and with 400 the JSON that gives the reason.
    ///
    /// # Errors
    /// [`FetchError`].
    pub async fn post(&self, url: &str, content_type: &str, body: String) -> Result<(u16, Vec<u8>), FetchError> {
        let url = self.check(url)?;
        let answer = self.call(&url, Call::Post { content_type, body }, self.end()).await?;
        match answer.status {
            200..=299 | 400..=499 => Ok((answer.status, answer.body)),
            other => Err(FetchError::Status(other)),
        }
    }

    /// Posts a document for an operator, whose error says what is wrong behind the name, and returns the status.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn try_post(&self, url: &str, content_type: &str, body: String) -> Result<u16, CallError> {
        let url = self.check(url).map_err(|refusal| CallError::Public(refusal.into()))?;
        let attempt = self.attempt(&url, Call::Post { content_type, body });
        let answer = timeout_at(self.end(), attempt).await.map_err(|_| Cause::Timeout)??;
        Ok(answer.status)
    }

    fn end(&self) -> Instant {
        Instant::now() + self.timeout
    }

    /// Makes a call within its time, of which waiting for a turn is part.
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
        // Nobody closes the semaphores. The host's comes first, so that a slow one takes few of the turns.
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

/// All addresses of the URL's host. The system's resolver cannot be interrupted, so its turn is over when it is done,
/// not when nobody waits for it any more.
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
