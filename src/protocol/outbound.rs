//! Which URLs from outside this server may call: those that clients register (RFC 7591 §2, §5) and the request objects
//! that they name (RFC 9101 §5.2). The host's addresses are judged one by one; resolving and calling is `fetch`'s.

use std::net::IpAddr;

use url::{Host, Position, Url};

use super::special_addresses::is_special_use;

/// The longest URL that is called, in bytes.
const MAX_URL: usize = 2048;

/// Why a URL is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// Not an absolute URL with a host, or too long.
    #[error("it is not a URL of at most 2048 characters with a host")]
    Malformed,
    /// Neither https, nor http where that is allowed.
    #[error("it is not an https URL")]
    Scheme,
    /// It holds a user name or a password.
    #[error("it holds a user name or a password")]
    UserInfo,
    /// A port of another well-known service.
    #[error("its port is that of another service")]
    Port,
}

/// A host, alone or with a port, that may be called although it is on a private network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host<String>,
    port: Option<u16>,
}

impl AllowedHost {
    /// Reads `host` or `host:port`; an IPv6 address stands in brackets.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
            Some(_) | None => (text, None),
        };
        let decimal = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()).then(|| port.parse().ok()).flatten();
        let port = match port {
            Some(port) => Some(decimal(port)?),
            None => None,
        };
        // The URL Standard lets a name have an asterisk; whoever writes one here means a pattern.
        let host = Host::parse(host).ok().filter(|_| !text.contains('*'))?;
        Some(Self { host, port })
    }

    fn names(&self, host: &Host<String>, port: u16) -> bool {
        self.host == *host && self.port.is_none_or(|only| only == port)
    }
}

/// Whether plain http may be spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    /// Never.
    Refused,
    /// With the hosts that the settings name: for development.
    ToAllowedHosts,
}

/// A URL that may be called, if the addresses of its host may.
#[derive(Clone, Debug)]
pub struct OutboundUrl {
    url: Url,
    host: Host<String>,
    port: u16,
    allowed: bool,
}

impl OutboundUrl {
    /// Reads a URL. The URL Standard's parser brings every spelling of an IP address to the one that is judged.
    ///
    /// # Errors
    /// [`UrlRefusal`] with the first rule that the URL breaks.
    pub fn parse(text: &str, allowed: &[AllowedHost], plain: PlainHttp) -> Result<Self, UrlRefusal> {
        if text.len() > MAX_URL {
            return Err(UrlRefusal::Malformed);
        }
        let url = Url::parse(text).map_err(|_| UrlRefusal::Malformed)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(UrlRefusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(UrlRefusal::UserInfo);
        }
        let host = url.host().ok_or(UrlRefusal::Malformed)?.to_owned();
        let port = url.port_or_known_default().ok_or(UrlRefusal::Malformed)?;
        if !matches!(port, 80 | 443 | 1024..) {
            return Err(UrlRefusal::Port);
        }
        let allowed = allowed.iter().any(|entry| entry.names(&host, port));
        if url.scheme() == "http" && !(allowed && plain == PlainHttp::ToAllowedHosts) {
            return Err(UrlRefusal::Scheme);
        }
        Ok(Self { url, host, port, allowed })
    }

    /// Whether this address of the host may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        self.allowed || !is_special_use(address)
    }

    /// The host.
    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether TLS is spoken.
    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Host and port as the `Host` header has them (RFC 9110 §7.2).
    pub fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Path and query as the request line has them; the fragment stays here (RFC 9110 §7.1).
    pub fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }
}

#[cfg(test)]
mod tests;
