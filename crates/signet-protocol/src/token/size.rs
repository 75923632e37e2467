//! The size of tokens (RFC 7519 §3, RFC 6750 §2.1). They travel in a header of every request, and this server refuses
//! to parse one longer than [`MAX_TOKEN`].

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::jose::jws::MAX_TOKEN;

/// The length in bytes above which a token gets a warning, since a few of them fill the header limits of small servers.
const LARGE: usize = 2048;
/// The maximum number of claims reported.
const NAMED: usize = 5;

/// The classification of a token's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    Fine,
    /// Usable, but the operator should be warned.
    Large,
    /// This server would not accept it.
    TooLarge,
}

impl Size {
    /// Classifies a signed token.
    pub const fn of(token: &str) -> Self {
        match token.len() {
            length if length > MAX_TOKEN => Self::TooLarge,
            length if length > LARGE => Self::Large,
            _ => Self::Fine,
        }
    }
}

/// Lists the names of a signed token's largest claims with their lengths in bytes, largest first. Values are never
/// included.
pub fn describe_largest_claims(token: &str) -> String {
    let named: Vec<String> =
        largest_claims(token).iter().map(|Claim { name, bytes }| format!("{name} {bytes}")).collect();
    named.join(", ")
}

/// Returns the largest claims of a signed token, largest first.
pub fn largest_claims(token: &str) -> Vec<Claim> {
    let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Map<String, Value> = payload.and_then(|json| serde_json::from_slice(&json).ok()).unwrap_or_default();
    let mut sizes: Vec<Claim> =
        claims.into_iter().map(|(name, value)| Claim { bytes: value.to_string().len(), name }).collect();
    sizes.sort_by(|one, other| other.bytes.cmp(&one.bytes).then_with(|| one.name.cmp(&other.name)));
    sizes.truncate(NAMED);
    sizes
}

/// The size of a claim.
#[derive(Debug, Serialize)]
pub struct Claim {
    pub name: String,
    /// The length of its value as JSON, in bytes.
    pub bytes: usize,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn token(claims: &Value) -> String {
        format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims.to_string()))
    }

    #[test]
    fn a_token_is_large_before_it_is_too_large() {
        let cases = [(2048, Size::Fine), (2049, Size::Large), (8192, Size::Large), (8193, Size::TooLarge)];
        for (length, expected) in cases {
            assert_eq!(Size::of(&"a".repeat(length)), expected, "{length}");
        }
    }

    #[test]
    fn the_largest_claims_are_listed_without_values() {
        let claims = json!({"sub": "alice", "groups": ["secret-group", "b"], "a": 1, "b": 1, "c": 1, "d": 1, "e": 1});
        assert_eq!(describe_largest_claims(&token(&claims)), "groups 20, sub 7, a 1, b 1, c 1");
        assert_eq!(describe_largest_claims("nonsense"), "");
    }
}
