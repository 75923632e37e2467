//! Rules for URLs that this server calls on behalf of others: those that clients register (RFC 7591 §2, §5) and the
//! request objects that they reference (RFC 9101 §5.2). Each resolved address is checked separately; `fetch` resolves
//! and connects.

use std::net::IpAddr;

use url::{Host, Position, Url};

use super::special_addresses::is_special_use;

/// The maximum length of a URL, in bytes.
const MAX_URL: usize = 2048;

/// The reason why a URL is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlRefusal {
    /// Not an absolute URL with a host, or too long.
    #[error("it is not a URL of at most 2048 characters with a host")]
    Malformed,
    /// Neither https, nor http where that is allowed.
    #[error("it is not an https URL")]
    Scheme,
    /// It contains a user name or a password.
    #[error("it contains a user name or a password")]
    UserInfo,
    /// A port of another well-known service.
    #[error("its port is reserved for another service")]
    Port,
}

/// A host, optionally with a port, that may be called even on a private network.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedHost {
    host: Host<String>,
    port: Option<u16>,
}

impl AllowedHost {
    /// Parses `host` or `host:port`; an IPv6 address is in brackets.
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
        // The URL Standard allows an asterisk in a host name, but in this setting it could only be meant as a pattern.
        let host = Host::parse(host).ok().filter(|_| !text.contains('*'))?;
        Some(Self { host, port })
    }

    fn names(&self, host: &Host<String>, port: u16) -> bool {
        self.host == *host && self.port.is_none_or(|only| only == port)
    }
}

/// The policy on plain http.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainHttp {
    Refused,
    /// Allowed to the hosts named in the settings, for development.
    ToAllowedHosts,
}

/// A URL that may be called if the resolved address is permitted too.
#[derive(Clone, Debug)]
pub struct OutboundUrl {
    url: Url,
    host: Host<String>,
    port: u16,
    allowed: bool,
}

impl OutboundUrl {
    /// Parses a URL and returns the first rule that it breaks. The URL Standard's parser normalizes every spelling of
    /// an IP address before it is checked.
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

    /// Returns true if this resolved address may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        self.allowed || !is_special_use(address)
    }

    pub fn host(&self) -> &Host<String> {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Returns host and port as in the `Host` header (RFC 9110 §7.2).
    pub fn authority(&self) -> &str {
        &self.url[Position::BeforeHost..Position::AfterPort]
    }

    /// Returns path and query for the request line, without the fragment (RFC 9110 §7.1).
    pub fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }
}

#[cfg(test)]
mod tests;
