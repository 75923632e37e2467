//! The `Authorization` header of a request, read strictly: RFC 6749 §2.3.1 and RFC 7617 for clients, RFC 6750 §2
//! for access tokens. Nothing here knows whether a client exists or a token is valid.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::cause::Cause;
use super::error::OAuthError;
use super::ids::ClientId;
use super::secret::ClientSecret;

/// The longest Basic credentials that are read, in bytes of base64.
pub const MAX_BASIC: usize = 4096;
/// The longest bearer token that is read, in bytes.
pub const MAX_BEARER: usize = 8192;

/// What a client presents by HTTP Basic (RFC 6749 §2.3.1).
#[derive(Debug)]
pub struct BasicCredentials {
    /// The user-id half, form-decoded.
    pub client_id: ClientId,
    /// The password half, form-decoded; nothing where it is empty, as a client without a secret sends it.
    pub secret: Option<ClientSecret>,
}

/// What the `Authorization` header of a request says.
pub enum Authorization {
    /// There is no such header.
    None,
    /// A client authenticates by HTTP Basic.
    Basic(BasicCredentials),
    /// An access token in the syntax of RFC 6750 §2.1, not verified.
    Bearer(String),
}

impl std::fmt::Debug for Authorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "None",
            Self::Basic(_) => "Basic",
            Self::Bearer(_) => "Bearer",
        })
    }
}

/// Reads all `Authorization` header values of one request.
///
/// # Errors
/// `invalid_request` for several headers or an unknown scheme, `invalid_client` for malformed Basic credentials,
/// `invalid_token` for a missing or malformed bearer token.
pub fn parse(headers: &[&[u8]]) -> Result<Authorization, OAuthError> {
    let header = match headers {
        [] => return Ok(Authorization::None),
        [header] => *header,
        [_, _, ..] => return Err(OAuthError::invalid_request("There are several Authorization headers.")),
    };
    let end = header.iter().position(|byte| *byte == b' ').unwrap_or(header.len());
    let (scheme, rest) = header.split_at_checked(end).unwrap_or((header, &[]));
    let credentials = strip_spaces(rest);
    if scheme.eq_ignore_ascii_case(b"basic") {
        Ok(basic(credentials).map(Authorization::Basic).ok_or(Cause::BasicMalformed)?)
    } else if scheme.eq_ignore_ascii_case(b"bearer") {
        Ok(bearer(credentials).map(Authorization::Bearer).ok_or(Cause::TokenMalformed)?)
    } else {
        Err(OAuthError::invalid_request("The Authorization header has an unsupported scheme."))
    }
}

/// The bytes after the `1*SP` that ends the scheme (RFC 9110 §11.4).
fn strip_spaces(mut bytes: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Reads `base64(form(client_id) ":" form(secret))`; the first colon divides, so that one in the secret may stand raw.
fn basic(encoded: &[u8]) -> Option<BasicCredentials> {
    if encoded.len() > MAX_BASIC {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded).ok()?);
    let (id, secret) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    let client_id = ClientId::parse(&form_decoded(id)?)?;
    let secret = match form_decoded(secret)? {
        empty if empty.is_empty() => None,
        secret => Some(ClientSecret::parse(&secret)?),
    };
    Some(BasicCredentials { client_id, secret })
}

/// One `application/x-www-form-urlencoded` value, or nothing where an escape is broken or the result is not UTF-8.
fn form_decoded(value: &str) -> Option<Zeroizing<String>> {
    let mut decoded = Zeroizing::new(Vec::with_capacity(value.len()));
    let mut bytes = value.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            other => other,
        });
    }
    std::str::from_utf8(&decoded).ok().map(|text| Zeroizing::new(text.to_owned()))
}

/// The value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Reads one `b64token` (RFC 6750 §2.1).
fn bearer(token: &[u8]) -> Option<String> {
    let token = std::str::from_utf8(token).ok().filter(|token| token.len() <= MAX_BEARER)?;
    let body = token.trim_end_matches('=');
    let legal = body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
    (legal && !body.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests;
