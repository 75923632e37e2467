//! Request parameters: `application/x-www-form-urlencoded` names and values, each at most once. A parameter without a
//! value counts as omitted and unknown ones are ignored (RFC 6749 §3.1, §3.2).

use url::form_urlencoded;

use super::cause::{Cause, Shown};
use super::error::OAuthError;

/// The maximum number of fields in a request.
pub const MAX_FIELDS: usize = 100;
/// The maximum length of a query string, in bytes.
pub const MAX_QUERY: usize = 8 * 1024;

/// Parameters that may be repeated (RFC 8707 §2, RFC 8693 §2.1).
const REPEATABLE: [&str; 2] = ["resource", "audience"];

/// The parameters of one request, bounded in size.
#[derive(Clone, Default)]
pub struct Params {
    fields: Vec<(String, String)>,
    repeated: Vec<String>,
}

impl Params {
    /// Parses a query string or a form body. Repeated parameters, too many parameters and invalid UTF-8 are
    /// `invalid_request`.
    pub fn parse(encoded: &[u8]) -> Result<Self, OAuthError> {
        let mut params = Self::default();
        params.extend(encoded)?;
        params.once()
    }

    /// Collects parameters from another source, such as a request object. One without a value counts as omitted.
    /// Repeated parameters, too many parameters and NUL characters are `invalid_request`.
    pub fn from_pairs(pairs: impl IntoIterator<Item = (String, String)>) -> Result<Self, OAuthError> {
        let mut params = Self::default();
        for (name, value) in pairs {
            if value.contains('\0') {
                return Err(OAuthError::invalid_request("A parameter is not valid text."));
            }
            params.add(name, value)?;
        }
        params.once()
    }

    /// Returns names and values, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Encodes the parameters as a form.
    pub fn to_form(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(self.pairs()).finish()
    }

    /// Refuses repeated parameters with `invalid_request` (RFC 6749 §3.1, §3.2).
    pub fn once(self) -> Result<Self, OAuthError> {
        match self.repeated.first() {
            None => Ok(self),
            Some(name) => Err(Cause::Repeated { name: Shown::text(name) }.into()),
        }
    }

    /// Returns true if this parameter is repeated. The authorization endpoint checks each one itself, since errors
    /// about parameters other than `client_id` and `redirect_uri` go to the client.
    pub fn repeats(&self, name: &str) -> bool {
        self.repeated.iter().any(|repeated| repeated == name)
    }

    /// Adds the parameters of another source, such as the body besides the query. A parameter in both counts as
    /// repeated. Too many parameters and invalid UTF-8 are `invalid_request`.
    pub fn extend(&mut self, encoded: &[u8]) -> Result<(), OAuthError> {
        if !is_utf8_when_decoded(encoded) {
            return Err(OAuthError::invalid_request("A parameter is not valid UTF-8."));
        }
        for (name, value) in form_urlencoded::parse(encoded) {
            self.add(name.into_owned(), value.into_owned())?;
        }
        Ok(())
    }

    fn add(&mut self, name: String, value: String) -> Result<(), OAuthError> {
        if self.fields.len() >= MAX_FIELDS {
            return Err(OAuthError::invalid_request("There are too many parameters."));
        }
        if !REPEATABLE.contains(&name.as_str()) && self.fields.iter().any(|(seen, _)| *seen == name) {
            self.repeated.push(name.clone());
        }
        self.fields.push((name, value));
        Ok(())
    }

    /// Returns the value of a parameter, or `None` if it is missing or empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        let held = |(key, value): &&(String, String)| key == name && !value.is_empty();
        self.fields.iter().find(held).map(|(_, value)| value.as_str())
    }

    /// Returns all non-empty values of a repeatable parameter.
    pub fn get_all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }

    /// Returns a required parameter, or `invalid_request` with this description.
    pub fn require(&self, name: &str, description: &'static str) -> Result<&str, OAuthError> {
        self.get(name).ok_or(OAuthError::invalid_request(description))
    }
}

impl std::fmt::Debug for Params {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Params")
    }
}

/// Returns true if percent-decoding yields UTF-8 without NUL; `form_urlencoded` would replace invalid bytes.
fn is_utf8_when_decoded(encoded: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, tail @ ..] = rest {
        match (first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                decoded.push(hex_value(*high) << 4 | hex_value(*low));
                rest = after;
            }
            _ => {
                decoded.push(*first);
                rest = tail;
            }
        }
    }
    !decoded.contains(&0) && std::str::from_utf8(&decoded).is_ok()
}

/// Returns the value of a hexadecimal digit.
fn hex_value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_unique_and_decoded() {
        let many = "a&".repeat(MAX_FIELDS + 1).into_bytes();
        let cases: [(&str, &[u8], bool); 10] = [
            ("RFC 6749 §3.1: once", b"a=1&b=2", true),
            ("RFC 6749 §3.1: not twice", b"a=1&a=1", false),
            ("not twice although one is empty", b"a=&a=1", false),
            ("not twice by another spelling", b"a=1&%61=2", false),
            ("RFC 8707 §2: resource may repeat", b"resource=x&resource=y", true),
            ("UTF-8", b"a=%C3%A9", true),
            ("not UTF-8", b"a=%FF", false),
            ("raw bytes not UTF-8", b"a=\xff", false),
            ("NUL", b"a=%00", false),
            ("too many", &many, false),
        ];
        for (rule, input, ok) in cases {
            assert_eq!(Params::parse(input).is_ok(), ok, "{rule}");
        }
    }

    #[test]
    fn an_empty_parameter_counts_as_omitted() {
        let params = Params::parse(b"a=&b=x+y%26z").unwrap();
        assert_eq!(params.get("a"), None);
        assert_eq!(params.get("b"), Some("x y&z"));
    }

    #[test]
    fn a_parameter_in_query_and_body_is_repeated() {
        let mut params = Params::parse(b"a=1").unwrap();
        assert!(params.extend(b"b=2").is_ok());
        assert!(params.extend(b"a=2").is_ok());
        assert!(params.repeats("a") && !params.repeats("b"));
        assert!(params.once().is_err());
    }
}
