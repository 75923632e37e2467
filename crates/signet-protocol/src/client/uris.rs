//! URIs of client metadata other than redirect URIs (RFC 7591 §2, OpenID Connect Registration §2, §5): links that
//! people follow, documents that this server fetches, and pages that browsers load.

use url::{Host, Origin, Url};

use super::metadata::{ClientMetadata, SubjectType};
use super::rules::MetadataError;
use crate::authorize::redirect_uri::RedirectUri;
use crate::ids::ClientId;

/// The maximum length of a URI in metadata, in bytes.
const MAX_URI: usize = 2048;
/// The maximum length of an origin, in bytes: `https://`, a host name of 253 bytes (RFC 1035 §3.1) and a port, rounded
/// up.
pub const MAX_ORIGIN: usize = 270;
/// The maximum length of a request object's URI, in bytes (OpenID Connect Core §6.2).
const MAX_REQUEST_URI: usize = 512;
/// The maximum number of request URIs per client.
const MAX_REQUEST_URIS: usize = 20;

impl ClientMetadata {
    /// Checks every URI that is not a redirect URI.
    pub(crate) fn check_uris(&self) -> Result<(), MetadataError> {
        let links = [
            ("client_uri", &self.client_uri),
            ("logo_uri", &self.logo_uri),
            ("policy_uri", &self.policy_uri),
            ("tos_uri", &self.tos_uri),
            ("initiate_login_uri", &self.initiate_login_uri),
        ];
        for (name, link) in links {
            if link.as_deref().is_some_and(|link| !is_https(link)) {
                return Err(MetadataError::Link(name));
            }
        }
        let remote = [
            ("jwks_uri", &self.jwks_uri),
            ("sector_identifier_uri", &self.sector_identifier_uri),
            ("backchannel_logout_uri", &self.backchannel_logout_uri),
            ("frontchannel_logout_uri", &self.frontchannel_logout_uri),
        ];
        for (name, uri) in remote {
            if uri.as_deref().is_some_and(|uri| !is_remote(uri) || uri.contains('#')) {
                return Err(MetadataError::Remote(name));
            }
        }
        let is_request_uri = |uri: &String| uri.len() <= MAX_REQUEST_URI && is_remote(uri);
        if self.request_uris.len() > MAX_REQUEST_URIS || !self.request_uris.iter().all(is_request_uri) {
            return Err(MetadataError::RequestUris);
        }
        self.check_frontchannel()
    }

    /// Checks that the logout page shares scheme, host and port with a redirect URI (OpenID Connect Front-Channel
    /// Logout §2).
    fn check_frontchannel(&self) -> Result<(), MetadataError> {
        let Some(uri) = &self.frontchannel_logout_uri else { return Ok(()) };
        let origin = |uri: &str| Url::parse(uri).ok().map(|url| url.origin()).filter(Origin::is_tuple);
        let shared = self.redirect_uris.iter().any(|held| origin(held.as_str()) == origin(uri));
        // A content security policy cannot name an IPv6 address, so such a page could not be allowed in a frame by
        // itself.
        let framed = RedirectUri::origin_for_csp(uri).is_some_and(|source| source.contains("//"));
        if origin(uri).is_some() && shared && framed { Ok(()) } else { Err(MetadataError::FrontchannelOrigin) }
    }

    /// Returns the sector of the pairwise subjects of the client with this id, or `None` where its subjects are public.
    pub fn sector_of(&self, id: &ClientId) -> Option<String> {
        match self.subject_type {
            SubjectType::Public => None,
            // A client without a sector, such as an application on a person's device, is a sector of its own.
            SubjectType::Pairwise => Some(self.sector().unwrap_or_else(|| format!("client:{id}"))),
        }
    }

    /// Returns the sector of pairwise subjects (OpenID Connect Core §8.1): the host of `sector_identifier_uri`, or the
    /// common https host of all redirect URIs. Returns `None` for several hosts, and for redirect URIs whose ownership
    /// cannot be proven, such as private-use schemes and loopback addresses.
    pub fn sector(&self) -> Option<String> {
        if let Some(uri) = &self.sector_identifier_uri {
            return Url::parse(uri).ok()?.host_str().map(str::to_owned);
        }
        let host =
            |uri: &RedirectUri| uri.as_str().starts_with("https:").then(|| RedirectUri::host_for_display(uri.as_str()));
        let mut hosts = self.redirect_uris.iter().map(host);
        let first = hosts.next().flatten()?;
        hosts.all(|host| host.as_ref() == Some(&first)).then_some(first)
    }

    /// Returns true if pairwise subjects would be shared by hosts that may be unrelated (OpenID Connect Core §8.1).
    pub(crate) fn mixes_sectors(&self) -> bool {
        let several = self.redirect_uris.iter().any(|uri| uri.as_str().starts_with("https:"));
        several && self.sector().is_none()
    }
}

/// Accepts https URLs, which people may follow.
fn is_https(link: &str) -> bool {
    parsed(link).is_some_and(|url| url.scheme() == "https")
}

/// Accepts URIs that may be fetched or framed: https, or http on the loopback interface for development.
fn is_remote(uri: &str) -> bool {
    parsed(uri).is_some_and(|url| match url.scheme() {
        "https" => true,
        "http" => is_loopback(&url),
        _ => false,
    })
}

fn parsed(uri: &str) -> Option<Url> {
    let legal =
        uri.len() <= MAX_URI && uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    let url = Url::parse(uri).ok().filter(|_| legal)?;
    (url.has_host() && url.username().is_empty() && url.password().is_none()).then_some(url)
}

/// Returns true if the host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Accepts a serialized origin of http or https (RFC 6454 §6.2).
pub(crate) fn is_origin(text: &str) -> bool {
    let serializes_to_itself =
        |url: Url| matches!(url.scheme(), "http" | "https") && url.origin().ascii_serialization() == text;
    text.len() <= MAX_ORIGIN && Url::parse(text).is_ok_and(serializes_to_itself)
}

/// Accepts a resource URI: absolute and without a fragment (RFC 8707 §2).
pub fn is_resource(uri: &str) -> bool {
    uri.len() <= MAX_URI && !uri.contains('#') && Url::parse(uri).is_ok()
}
