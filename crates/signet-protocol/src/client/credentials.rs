//! The `Authorization` header of a request, parsed strictly: RFC 6749 §2.3.1 and RFC 7617 for clients, RFC 6750 §2 for
//! access tokens. Verification is left to others.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::cause::Cause;
use crate::error::OAuthError;
use crate::ids::ClientId;
use crate::secret::ClientSecret;

/// The maximum length of Basic credentials, in bytes of base64.
pub const MAX_BASIC: usize = 4096;
/// The maximum length of a bearer token, in bytes.
pub const MAX_BEARER: usize = 8192;

/// The credentials of a client by HTTP Basic (RFC 6749 §2.3.1).
#[derive(Debug)]
pub struct BasicCredentials {
    /// The user-id half, form-decoded.
    pub client_id: ClientId,
    /// The password half, form-decoded; `None` if empty, as sent by clients without a secret.
    pub secret: Option<ClientSecret>,
}

/// The content of a request's `Authorization` header.
pub enum Authorization {
    /// The request has no such header.
    None,
    /// HTTP Basic credentials of a client.
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

/// Parses all `Authorization` header values of one request. Several headers and unknown schemes are `invalid_request`,
/// malformed Basic credentials are `invalid_client`, and a missing or malformed bearer token is `invalid_token`.
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

/// Strips the `1*SP` after the scheme (RFC 9110 §11.4).
fn strip_spaces(mut bytes: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

/// Parses `base64(form(client_id) ":" form(secret))`. The first colon separates, so the secret may contain unencoded
/// ones.
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

/// Decodes an `application/x-www-form-urlencoded` value. Returns `None` for a broken escape or invalid UTF-8.
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

/// Returns the value of a hexadecimal digit.
fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Parses one `b64token` (RFC 6750 §2.1).
fn bearer(token: &[u8]) -> Option<String> {
    let token = std::str::from_utf8(token).ok().filter(|token| token.len() <= MAX_BEARER)?;
    let body = token.trim_end_matches('=');
    let legal = body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
    (legal && !body.is_empty()).then(|| token.to_owned())
}

#[cfg(test)]
mod tests;
