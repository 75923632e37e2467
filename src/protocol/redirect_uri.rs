//! Redirect URIs: what may be registered, what a request may name, and the proof that a URI may be redirected to
//! (RFC 6749 §3.1.2, RFC 8252 §7, RFC 9700 §4.1). URIs compare as written; nothing here normalizes one.

use serde::{Deserialize, Serialize};
use url::{Url, form_urlencoded};

/// The longest redirect URI, in bytes.
pub const MAX_REDIRECT_URI: usize = 2048;

/// The parameters that responses carry, which a registered query may therefore not hold (RFC 9700 §4.1).
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

/// The schemes that run, show or read something where the browser is.
const FORBIDDEN: [&str; 6] = ["javascript", "data", "file", "blob", "about", "vbscript"];

/// The beginnings of the URIs whose port may vary (RFC 8252 §7.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Why a redirect URI cannot be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Longer than [`MAX_REDIRECT_URI`].
    #[error("The redirect URI is too long.")]
    TooLong,
    /// A character that RFC 3986 §2 does not have: space, control, backslash, quote, non-ASCII, a broken escape.
    #[error("The redirect URI has a character that a URI may not have.")]
    IllegalCharacter,
    /// RFC 6749 §3.1.2
    #[error("The redirect URI has a fragment.")]
    Fragment,
    /// There is no scheme, or no path or host after it.
    #[error("The redirect URI is not absolute.")]
    NotAbsolute,
    /// Something stands before an `@`.
    #[error("The redirect URI has user information.")]
    UserInfo,
    /// RFC 9700 §4.1.3
    #[error("The redirect URI has a wildcard in its host.")]
    Wildcard,
    /// The host is no host name in ASCII and no IP address in its usual form.
    #[error("The redirect URI has an invalid host.")]
    InvalidHost,
    /// The port is not a number from 1 to 65535 without leading zeros.
    #[error("The redirect URI has an invalid port.")]
    InvalidPort,
    /// RFC 9700 §2.6, and RFC 8252 §7.3 for loopback. A host on a private network is no exception: its code could be read
    /// on the way.
    #[error(
        "The redirect URI uses http but its host is not loopback (127.0.0.1, [::1] or localhost); use https, or reach a \
         server on your network through a tunnel to localhost."
    )]
    InsecureScheme,
    /// `javascript:` and the like.
    #[error("The redirect URI has a scheme that may not be redirected to.")]
    ForbiddenScheme,
    /// RFC 8252 §7.1
    #[error("The redirect URI has a private-use scheme without a dot or without a path.")]
    PrivateUseScheme,
    /// RFC 9700 §4.1
    #[error("The redirect URI has a query parameter that responses carry.")]
    ReservedParameter,
}

/// A redirect URI that is fit to be registered, exactly as it was written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct RedirectUri(String);

impl RedirectUri {
    /// Takes a redirect URI from a registration.
    ///
    /// # Errors
    /// One variant of [`RedirectUriError`] for each rule that it breaks.
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
        // Browsers read it by the URL Standard; where that fails, a redirect leads nowhere.
        Url::parse(value).map_err(|_| RedirectUriError::InvalidHost)?;
        let query = value.split_once('?').map_or("", |(_, query)| query);
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| RESERVED.contains(&&*name)) {
            return Err(RedirectUriError::ReservedParameter);
        }
        Ok(Self(value.to_owned()))
    }

    /// The URI as it was registered.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request may name `requested`: it is the same bytes, save that the port of a registered
    /// `http://127.0.0.1` or `http://[::1]` may be any or none (RFC 8252 §7.3).
    pub fn matches(&self, requested: &str) -> bool {
        self.0 == requested || LOOPBACK.iter().any(|prefix| self.matches_but_for_port(prefix, requested))
    }

    /// Whether both URIs begin with `prefix`, then have a port or none, then go on with the same bytes.
    fn matches_but_for_port(&self, prefix: &str, requested: &str) -> bool {
        let (Some(registered), Some(requested)) = (self.0.strip_prefix(prefix), requested.strip_prefix(prefix)) else {
            return false;
        };
        let tail = registered.find(['/', '?']).and_then(|at| registered.get(at..)).unwrap_or_default();
        let is_port = |port: &str| port.is_empty() || port.strip_prefix(':').and_then(parse_port).is_some();
        requested.strip_suffix(tail).is_some_and(is_port) && registered.strip_suffix(tail).is_some_and(is_port)
    }

    /// What `form-action` must list so that a form may end at this URI: an origin, or the scheme where the
    /// syntax of CSP sources has no word for the host (private-use schemes and IPv6 literals; CSP Level 3 §2.3.1).
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

    /// What a page shows of the URI: its host, or the private-use scheme; nothing where it is not a redirect URI.
    /// Internationalized host names stay in their ASCII form, which cannot imitate another name.
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

/// Whether a request may leave out `redirect_uri`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// RFC 6749 §3.1.2.3: the only registered one is meant.
    Allowed,
    /// OpenID Connect Core §3.1.2.1: it is required.
    Refused,
}

/// Why a request yields no [`Destination`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// The request names no redirect URI but has to.
    #[error("The redirect_uri is missing.")]
    Missing,
    /// The client has not registered the URI.
    #[error("The redirect_uri is not registered for this client.")]
    NotRegistered,
}

/// The proof that a URI may be redirected to: it belongs to a client and a request was allowed to name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    uri: String,
    explicit: bool,
}

/// Decides where the answer to a request goes; `registered` are the redirect URIs of the client that asks.
///
/// # Errors
/// [`DestinationError`]; the answer is then a page, never a redirect (RFC 6749 §3.1.2.4).
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
    /// Takes a destination back from a row that this server wrote after checking it; never from a request.
    pub fn restore(stored: String, explicit: bool) -> Self {
        Self { uri: stored, explicit }
    }

    /// The URI exactly as the request named it, or as it is registered where the request named none.
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// Whether the URI stood in the request, so that the token request has to repeat it (RFC 6749 §4.1.3).
    pub fn explicit(&self) -> bool {
        self.explicit
    }

    /// The URI with the parameters appended to its query, which is kept byte for byte (RFC 6749 §4.1.2).
    pub fn with_parameters(&self, params: &[(&str, &str)]) -> String {
        let divider = match self.uri.split_once('?') {
            _ if params.is_empty() => "",
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        format!("{}{divider}{}", self.uri, form_encoded(params))
    }

    /// The URI with the parameters as its fragment (OAuth 2.0 Multiple Response Types §5).
    pub fn with_fragment(&self, params: &[(&str, &str)]) -> String {
        format!("{}#{}", self.uri, form_encoded(params))
    }
}

/// The parameters as `application/x-www-form-urlencoded`.
fn form_encoded(params: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish()
}

/// Refuses what no URI of any scheme may have.
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

/// The scheme in lower case (RFC 3986 §3.1) and what follows its colon.
fn split_scheme(uri: &str) -> Option<(String, &str)> {
    let (scheme, rest) = uri.split_once(':')?;
    let legal = scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    (legal && scheme.starts_with(|c: char| c.is_ascii_alphabetic())).then(|| (scheme.to_ascii_lowercase(), rest))
}

/// The host and the port of what follows the scheme of an `http` or `https` URI.
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

/// The part between `//` and the path or query.
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

/// Checks the authority of an `http` or `https` URI and returns its host in lower case. A host that the URL
/// standard would rewrite (an IPv4 address in hexadecimal, an escape) is not the one that people read.
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

/// A port: decimal digits without leading zeros, 1 to 65535.
fn parse_port(digits: &str) -> Option<u16> {
    let legal = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| legal)
}

#[cfg(test)]
mod tests;
