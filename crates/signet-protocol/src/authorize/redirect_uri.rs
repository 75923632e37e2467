//! Redirect URIs: the rules for registration and requests, and the proof that a URI may be redirected to (RFC 6749
//! §3.1.2, RFC 8252 §7, RFC 9700 §4.1). URIs are compared as written and never normalized.

use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

/// The maximum length of a redirect URI, in bytes.
pub const MAX_REDIRECT_URI: usize = 2048;

/// Response parameters, which a registered query must not contain (RFC 9700 §4.1).
const RESERVED: [&str; 10] = [
    "code",
    "state",
    "iss",
    "error",
    "error_description",
    "error_uri",
    "id_token",
    "access_token",
    "response",
    "session_state",
];

/// Schemes that execute, display or read something in the browser.
const FORBIDDEN: [&str; 6] = ["javascript", "data", "file", "blob", "about", "vbscript"];

/// Prefixes of the URIs whose port may vary (RFC 8252 §7.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// The reason why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    #[error("The redirect URI is too long.")]
    TooLong,
    /// A character that RFC 3986 §2 excludes: space, control, backslash, quote, non-ASCII, a broken escape.
    #[error("The redirect URI has a character that URIs cannot have.")]
    IllegalCharacter,
    /// A fragment (RFC 6749 §3.1.2).
    #[error("The redirect URI has a fragment.")]
    Fragment,
    /// No scheme, or no path or host after it.
    #[error("The redirect URI is not absolute.")]
    NotAbsolute,
    /// User information before an `@`.
    #[error("The redirect URI has user information.")]
    UserInfo,
    /// A wildcard in the host (RFC 9700 §4.1.3).
    #[error("The redirect URI has a wildcard in its host.")]
    Wildcard,
    /// The host is neither an ASCII host name nor an IP address in its usual form.
    #[error("The redirect URI has an invalid host.")]
    InvalidHost,
    /// The port is not a number from 1 to 65535 without leading zeros.
    #[error("The redirect URI has an invalid port.")]
    InvalidPort,
    /// Plain http outside loopback (RFC 9700 §2.6, RFC 8252 §7.3). Hosts on private networks are no exception, since
    /// the code could be read in transit.
    #[error(
        "The redirect URI uses http but its host is not loopback (127.0.0.1, [::1] or localhost); use https, or reach a \
         server on your network through a tunnel to localhost."
    )]
    InsecureScheme,
    /// `javascript:` and similar schemes.
    #[error("The redirect URI has a scheme that may not be redirected to.")]
    ForbiddenScheme,
    /// A private-use scheme that is not a reversed domain name with a path (RFC 8252 §7.1).
    #[error("The redirect URI has a private-use scheme without a dot or without a path.")]
    PrivateUseScheme,
    /// A query parameter that responses use (RFC 9700 §4.1).
    #[error("The redirect URI has a query parameter that responses use.")]
    ReservedParameter,
}

/// A registered redirect URI, exactly as written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Validates a redirect URI for registration.
    pub fn register(value: &str) -> Result<Self, RedirectUriError> {
        check_characters(value)?;
        let (scheme, rest) = split_scheme(value).ok_or(RedirectUriError::NotAbsolute)?;
        match scheme.as_str() {
            "https" => drop(check_host(value, rest)?),
            "http" => {
                let host = check_host(value, rest)?;
                if !["127.0.0.1", "[::1]", "localhost"].contains(&host.as_str()) {
                    return Err(RedirectUriError::InsecureScheme);
                }
            }
            forbidden if FORBIDDEN.contains(&forbidden) => return Err(RedirectUriError::ForbiddenScheme),
            private => check_private_use(private, rest)?,
        }
        // Browsers parse it by the URL Standard; if that fails, a redirect would lead nowhere.
        Url::parse(value).map_err(|_| RedirectUriError::InvalidHost)?;
        let query = value.split_once('?').map_or("", |(_, query)| query);
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| RESERVED.contains(&&*name)) {
            return Err(RedirectUriError::ReservedParameter);
        }
        Ok(Self(value.to_owned()))
    }

    /// Returns the URI as registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns true if a request may use `requested`: the same bytes, except that the port of a registered
    /// `http://127.0.0.1` or `http://[::1]` may vary or be absent (RFC 8252 §7.3).
    pub fn matches(&self, requested: &str) -> bool {
        self.0 == requested || LOOPBACK.iter().any(|prefix| self.matches_but_for_port(prefix, requested))
    }

    /// Compares both URIs after `prefix`, ignoring an optional port.
    fn matches_but_for_port(&self, prefix: &str, requested: &str) -> bool {
        let (Some(registered), Some(requested)) = (self.0.strip_prefix(prefix), requested.strip_prefix(prefix)) else {
            return false;
        };
        let tail = registered.find(['/', '?']).and_then(|at| registered.get(at..)).unwrap_or_default();
        let is_port = |port: &str| port.is_empty() || port.strip_prefix(':').and_then(parse_port).is_some();
        requested.strip_suffix(tail).is_some_and(is_port) && registered.strip_suffix(tail).is_some_and(is_port)
    }

    /// Returns the `form-action` source that allows a form to end at this URI: an origin, or the scheme where CSP
    /// sources cannot express the host (private-use schemes and IPv6 literals; CSP Level 3 §2.3.1).
    pub fn origin_for_csp(uri: &str) -> Option<String> {
        let (scheme, rest) = split_scheme(uri)?;
        match scheme.as_str() {
            "https" | "http" => {
                let (host, port) = split_host(rest).ok()?;
                if host.starts_with('[') {
                    return Some(format!("{scheme}:"));
                }
                let legal = host.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) && !host.is_empty();
                let port = port.map(|port| format!(":{port}")).unwrap_or_default();
                legal.then(|| format!("{scheme}://{}{port}", host.to_ascii_lowercase()))
            }
            private => check_private_use(private, rest).ok().map(|()| format!("{private}:")),
        }
    }

    /// Returns the part of the URI that a page displays: the host, or the private-use scheme; empty if it is not a
    /// redirect URI. Internationalized host names stay in ASCII form, which cannot imitate another name.
    pub fn host_for_display(uri: &str) -> String {
        match split_scheme(uri) {
            Some((scheme, rest)) if matches!(scheme.as_str(), "https" | "http") => {
                split_host(rest).map(|(host, _)| host.to_ascii_lowercase()).unwrap_or_default()
            }
            Some((scheme, _)) => scheme,
            None => String::new(),
        }
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;

    fn try_from(value: String) -> Result<Self, RedirectUriError> {
        Self::register(&value)
    }
}

/// The rule for requests without `redirect_uri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// RFC 6749 §3.1.2.3: the only registered one is used.
    Allowed,
    /// OpenID Connect Core §3.1.2.1: it is required.
    Refused,
}

/// The reason why a request has no [`Destination`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// The request lacks a redirect URI that it needs.
    #[error("The redirect_uri is missing.")]
    Missing,
    /// The client has not registered the URI.
    #[error("The redirect_uri is not registered for this client.")]
    NotRegistered,
}

/// The proof that a URI may be redirected to: it belongs to the client, and the request was allowed to use it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    uri: String,
    explicit: bool,
}

/// Decides the destination of the response; `registered` are the client's redirect URIs. An error must be answered by a
/// page, never by a redirect (RFC 6749 §3.1.2.4).
pub fn destination(
    registered: &[RedirectUri],
    requested: Option<&str>,
    omission: Omission,
) -> Result<Destination, DestinationError> {
    match (requested, registered, omission) {
        (Some(uri), _, _) if registered.iter().any(|candidate| candidate.matches(uri)) => {
            Ok(Destination { uri: uri.to_owned(), explicit: true })
        }
        (Some(_), _, _) => Err(DestinationError::NotRegistered),
        (None, [only], Omission::Allowed) => Ok(Destination { uri: only.0.clone(), explicit: false }),
        (None, _, _) => Err(DestinationError::Missing),
    }
}

impl Destination {
    /// Restores a destination from a row that this server wrote after checking it. Must not be used with request data.
    pub fn restore(stored: String, explicit: bool) -> Self {
        Self { uri: stored, explicit }
    }

    /// Returns the URI exactly as requested, or the registered one where the request had none.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Returns true if the request contained the URI, in which case the token request must repeat it (RFC 6749 §4.1.3).
    pub fn explicit(&self) -> bool {
        self.explicit
    }

    /// Appends the parameters to the query, which is otherwise kept byte for byte (RFC 6749 §4.1.2).
    pub fn with_parameters(&self, params: &[(&str, &str)]) -> String {
        let divider = match self.uri.split_once('?') {
            _ if params.is_empty() => "",
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{divider}{}", self.uri, form_encoded(params))
    }

    /// Returns the URI with the parameters as its fragment (OAuth 2.0 Multiple Response Types §5).
    pub fn with_fragment(&self, params: &[(&str, &str)]) -> String {
        format!("{}#{}", self.uri, form_encoded(params))
    }
}

/// Encodes the parameters as `application/x-www-form-urlencoded`.
fn form_encoded(params: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

/// Refuses characters that no URI of any scheme may have.
fn check_characters(value: &str) -> Result<(), RedirectUriError> {
    if value.len() > MAX_REDIRECT_URI {
        return Err(RedirectUriError::TooLong);
    }
    if !value.bytes().all(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)) {
        return Err(RedirectUriError::IllegalCharacter);
    }
    let escaped = |after: &str| after.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
    if !value.split('%').skip(1).all(escaped) {
        return Err(RedirectUriError::IllegalCharacter);
    }
    if value.contains('#') { Err(RedirectUriError::Fragment) } else { Ok(()) }
}

/// Splits off the scheme, in lower case (RFC 3986 §3.1). The rest begins after the colon.
fn split_scheme(uri: &str) -> Option<(String, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let legal = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    (legal && scheme.starts_with(|c: char| c.is_ascii_alphabetic())).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// Returns host and port of an `http` or `https` URI, from the part after the scheme.
fn split_host(rest: &str) -> Result<(&str, Option<u16>), RedirectUriError> {
    let authority = authority(rest).ok_or(RedirectUriError::NotAbsolute)?;
    let colon = match authority.rfind(']') {
        Some(end) => authority.get(end..).and_then(|after| after.find(':')).map(|at| end + at),
        None => authority.find(':'),
    };
    match colon.and_then(|at| authority.split_at_checked(at)) {
        None => Ok((authority, None)),
        Some((host, port)) => {
            let port = port.strip_prefix(':').and_then(parse_port).ok_or(RedirectUriError::InvalidPort)?;
            Ok((host, Some(port)))
        }
    }
}

/// Returns the part between `//` and the path or query.
fn authority(rest: &str) -> Option<&str> {
    rest.strip_prefix("//").and_then(|rest| rest.split(['/', '?', '#']).next())
}

/// Refuses user information and wildcards.
fn check_authority(authority: &str) -> Result<(), RedirectUriError> {
    if authority.contains('@') {
        return Err(RedirectUriError::UserInfo);
    }
    if authority.contains('*') { Err(RedirectUriError::Wildcard) } else { Ok(()) }
}

/// Checks the authority of an `http` or `https` URI and returns its host in lower case. A host that the URL Standard
/// would rewrite (an IPv4 address in hexadecimal, an escape) is not what people read, and is refused.
fn check_host(value: &str, rest: &str) -> Result<String, RedirectUriError> {
    check_authority(authority(rest).ok_or(RedirectUriError::NotAbsolute)?)?;
    let (host, _) = split_host(rest)?;
    let host = host.to_ascii_lowercase();
    let url = Url::parse(value).map_err(|_| RedirectUriError::InvalidHost)?;
    if url.host_str() == Some(host.as_str()) { Ok(host) } else { Err(RedirectUriError::InvalidHost) }
}

/// Checks a private-use scheme (RFC 8252 §7.1): a reversed domain name, then a path.
fn check_private_use(scheme: &str, rest: &str) -> Result<(), RedirectUriError> {
    let labels = scheme.split('.').count();
    if labels < 2 || scheme.split('.').any(str::is_empty) || !rest.starts_with('/') {
        return Err(RedirectUriError::PrivateUseScheme);
    }
    authority(rest).map_or(Ok(()), check_authority)
}

/// Parses a port: decimal digits without leading zeros, 1 to 65535.
fn parse_port(digits: &str) -> Option<u16> {
    let legal = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| legal)
}

#[cfg(test)]
mod tests;
