//! Scopes (RFC 6749 §3.3): ordered as requested, without repetition.

use serde::{Deserialize, Serialize};

use super::cause::{Cause, Shown};
use super::error::OAuthError;

/// The maximum length of a `scope` parameter, in bytes.
pub const MAX_SCOPE: usize = 2 * 1024;

/// The scope of OpenID Connect requests (OpenID Connect Core §3.1.2.1).
pub const OPENID: &str = "openid";
/// The scope that requests a refresh token (OpenID Connect Core §11).
pub const OFFLINE_ACCESS: &str = "offline_access";
/// The scope of a person's names and profile data (OpenID Connect Core §5.4).
pub const PROFILE: &str = "profile";
/// Scopes that OpenID Connect Core defines (§5.4, §11); only a user can grant them.
pub const OIDC_SCOPES: [&str; 6] = [OPENID, PROFILE, "email", "address", "phone", OFFLINE_ACCESS];

/// The prefix of the administration API's scopes. Only a command gives them to a client, and only client credentials
/// grants include them; users are never asked for one.
pub const ADMINISTRATION: &str = "signet:";
/// The scope for reading through the administration API.
pub const SIGNET_READ: &str = "signet:read";
/// The scope for revocations through the administration API.
pub const SIGNET_REVOKE: &str = "signet:revoke";
/// Scopes of the administration API.
pub const ADMINISTRATION_SCOPES: [&str; 2] = [SIGNET_READ, SIGNET_REVOKE];

/// Returns true for a scope of the administration API, including undefined ones with its prefix.
pub fn is_administration(token: &str) -> bool {
    token.starts_with(ADMINISTRATION)
}

/// A list of scope tokens in requested order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Scope(Vec<String>);

impl Scope {
    /// Parses a `scope` parameter: tokens of `%x21 / %x23-5B / %x5D-7E` separated by single spaces. A syntax error
    /// (RFC 6749 §3.3) and an excessive length are `invalid_scope`.
    pub fn parse(value: &str) -> Result<Self, OAuthError> {
        if value.len() > MAX_SCOPE {
            return Err(Cause::ScopeMalformed.into());
        }
        let mut tokens: Vec<String> = Vec::new();
        for token in value.split(' ') {
            if token.is_empty() || !token.bytes().all(is_scope_char) {
                return Err(Cause::ScopeMalformed.into());
            }
            if !tokens.iter().any(|seen| seen == token) {
                tokens.push(token.to_owned());
            }
        }
        Ok(Self(tokens))
    }

    /// Parses a stored scope, where the empty list is stored as an empty string.
    pub fn parse_stored(value: &str) -> Result<Self, OAuthError> {
        if value.is_empty() { Ok(Self::default()) } else { Self::parse(value) }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn contains(&self, token: &str) -> bool {
        self.0.iter().any(|held| held == token)
    }

    pub fn is_within(&self, other: &Self) -> bool {
        self.0.iter().all(|token| other.contains(token))
    }

    /// Checks that every token of this list is in the other, and returns the first that is not.
    pub fn check_within(&self, other: &Self) -> Result<(), Shown> {
        self.iter().find(|token| !other.contains(token)).map_or(Ok(()), |token| Err(Shown::text(token)))
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns the tokens accepted by `keep`, in order.
    #[must_use]
    pub fn filtered(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|token| keep(token)).cloned().collect())
    }

    /// Returns the tokens of both lists, those of this one first.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut tokens = self.0.clone();
        tokens.extend(other.0.iter().filter(|token| !self.contains(token)).cloned());
        Self(tokens)
    }

    /// Returns the tokens that are not in the other list.
    #[must_use]
    pub fn without(&self, other: &Self) -> Self {
        self.filtered(|token| !other.contains(token))
    }
}

impl std::fmt::Display for Scope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl TryFrom<String> for Scope {
    type Error = OAuthError;

    fn try_from(value: String) -> Result<Self, OAuthError> {
        Self::parse_stored(&value)
    }
}

/// Accepts `scope-token` characters (RFC 6749 §3.3).
fn is_scope_char(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_by_the_grammar_of_rfc_6749_3_3() {
        let long = "a".repeat(MAX_SCOPE + 1);
        let cases = [
            ("openid profile", Some("openid profile")),
            ("b a b", Some("b a")),
            ("a:b/c!#$", Some("a:b/c!#$")),
            ("", None),
            (" a", None),
            ("a  b", None),
            ("a\tb", None),
            ("a\"b", None),
            ("a\\b", None),
            ("\u{e9}", None),
            (&long, None),
        ];
        for (input, expected) in cases {
            assert_eq!(Scope::parse(input).ok().map(|s| s.to_string()).as_deref(), expected, "{input:?}");
        }
    }

    #[test]
    fn lists_compare_as_sets_and_keep_their_order() {
        let asked = Scope::parse("email openid").unwrap();
        let held = Scope::parse("openid profile email").unwrap();
        assert!(asked.is_within(&held) && !held.is_within(&asked));
        assert_eq!(held.without(&asked).to_string(), "profile");
        assert_eq!(asked.union(&held).to_string(), "email openid profile");
    }
}
