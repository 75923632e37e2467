//! Proof Key for Code Exchange (RFC 7636), S256 only.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::cause::{Cause, Shown};
use crate::error::OAuthError;
use crate::params::Params;
use crate::scope::{OPENID, Scope};
use crate::secret::Digest;

/// The PKCE requirement for a client's authorization requests, strictest first. A challenge that was sent is enforced
/// under each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PkceRule {
    /// Every request needs a challenge (RFC 9700 §2.1.1).
    Required,
    /// A request for an ID token needs a challenge or a nonce, by which a confidential client detects an injected code
    /// (OAuth 2.1 §7.5.1.1).
    Nonce,
    /// Neither is needed.
    Optional,
}

impl PkceRule {
    pub const ALL: [Self; 3] = [Self::Required, Self::Nonce, Self::Optional];

    /// Returns the name in metadata and commands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Nonce => "nonce",
            Self::Optional => "optional",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rule| rule.as_str() == name)
    }

    /// Checks a grant of `scope` whose request had no challenge. `scope` is the narrowed one: without `openid` there is
    /// no ID token whose nonce the client could compare.
    pub fn check_unchallenged(self, scope: &Scope, nonce: Option<&str>) -> Result<(), Cause> {
        let is_compared = scope.contains(OPENID) && nonce.is_some_and(|nonce| !nonce.is_empty());
        match self {
            Self::Required => Err(Cause::PkceMissing),
            Self::Nonce if !is_compared => Err(Cause::PkceAndNonceMissing),
            Self::Nonce | Self::Optional => Ok(()),
        }
    }
}

/// The extension slot in which the challenge is stored with the code.
pub const SLOT: &str = "pkce";
/// The mark of S256 at the end of a stored challenge.
const S256: char = 'S';

/// Reads `code_challenge` and `code_challenge_method` of an authorization request (RFC 7636 §4.3), in stored form. A
/// malformed challenge, a method other than S256, and a method without a challenge are `invalid_request`.
pub fn challenge(params: &Params) -> Result<Option<String>, OAuthError> {
    let method = params.get("code_challenge_method");
    match params.get("code_challenge") {
        None if method.is_some() => Err(OAuthError::invalid_request("code_challenge_method needs code_challenge.")),
        None => Ok(None),
        Some(challenge) if !is_well_formed(challenge) => {
            Err(OAuthError::invalid_request("code_challenge is malformed."))
        }
        Some(challenge) if method == Some("S256") => Ok(Some(format!("{challenge}{S256}"))),
        Some(_) => Err(Cause::PkceMethod { received: Shown::text(method.unwrap_or("plain")) }.into()),
    }
}

/// Checks the `code_verifier` of a token request against the challenge stored with the code (RFC 7636 §4.6). Any
/// mismatch is `invalid_grant`, including one without the other.
pub fn verify(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OAuthError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Cause::PkceVerifierUnexpected.into()),
        (Some(_), None) => Err(Cause::PkceVerifierMissing.into()),
        (Some(_), Some(verifier)) if !is_well_formed(verifier) => Err(Cause::PkceVerifierMalformed.into()),
        // A public part of the request proves nothing.
        (Some(challenge), Some(verifier)) if challenge.starts_with(verifier) => Err(Cause::PkceMismatch.into()),
        (Some(challenge), Some(verifier)) => {
            let computed = URL_SAFE_NO_PAD.encode(Digest::of(verifier.as_bytes()).as_bytes());
            let fits: bool = format!("{computed}{S256}").as_bytes().ct_eq(challenge.as_bytes()).into();
            if fits { Ok(()) } else { Err(Cause::PkceMismatch.into()) }
        }
    }
}

/// Accepts the grammar of challenge and verifier: 43 to 128 unreserved characters (RFC 7636 §4.1, §4.2).
fn is_well_formed(text: &str) -> bool {
    (43..=128).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn a_challenge_is_s256_and_well_formed() {
        let c = CHALLENGE;
        let rows = [
            ("RFC 7636 §4.3: S256", format!("code_challenge={c}&code_challenge_method=S256"), true),
            ("absent", String::new(), true),
            ("plain refused", format!("code_challenge={c}&code_challenge_method=plain"), false),
            ("omitted method means plain", format!("code_challenge={c}"), false),
            ("method alone", "code_challenge_method=S256".into(), false),
            ("42 characters", format!("code_challenge={}&code_challenge_method=S256", &c[1..]), false),
            ("129 characters", format!("code_challenge={}&code_challenge_method=S256", "a".repeat(129)), false),
            ("outside unreserved", format!("code_challenge={}!&code_challenge_method=S256", &c[1..]), false),
        ];
        for (rule, query, ok) in rows {
            let params = Params::parse(query.as_bytes()).unwrap();
            assert_eq!(challenge(&params).is_ok(), ok, "{rule}");
        }
    }

    #[test]
    fn a_request_without_challenge_needs_what_its_rule_says() {
        use PkceRule::{Nonce, Optional, Required};
        let rows = [
            ("RFC 9700 §2.1.1", Required, "openid", Some("n"), false),
            ("OAuth 2.1 §7.5.1.1: a nonce", Nonce, "openid email", Some("n"), true),
            ("no nonce", Nonce, "openid", None, false),
            ("an empty nonce", Nonce, "openid", Some(""), false),
            ("no ID token that would carry it", Nonce, "email", Some("n"), false),
            ("no scope", Nonce, "", Some("n"), false),
            ("a scope that begins the same", Nonce, "openid2", Some("n"), false),
            ("neither", Optional, "email", None, true),
        ];
        for (rule, pkce, scope, nonce, ok) in rows {
            let scope = Scope::parse_stored(scope).unwrap();
            assert_eq!(pkce.check_unchallenged(&scope, nonce).is_ok(), ok, "{rule}");
        }
        for rule in PkceRule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.as_str());
            assert_eq!(PkceRule::named(rule.as_str()), Some(rule));
        }
    }

    #[test]
    fn a_verifier_must_match_its_challenge_and_neither_occurs_alone() {
        let stored = format!("{CHALLENGE}S");
        let itself = format!("{VERIFIER}S");
        let short = &VERIFIER[1..];
        let long = "a".repeat(129);
        let rows = [
            ("RFC 7636 appendix B", Some(stored.as_str()), Some(VERIFIER), true),
            ("no PKCE at all", None, None, true),
            ("RFC 9700 §4.8: verifier without challenge", None, Some(VERIFIER), false),
            ("challenge without verifier", Some(&stored), None, false),
            ("another verifier", Some(&stored), Some(CHALLENGE), false),
            ("verifier equal to the challenge", Some(&itself), Some(VERIFIER), false),
            ("42 characters", Some(&stored), Some(short), false),
            ("129 characters", Some(&stored), Some(&long), false),
        ];
        for (rule, challenge, verifier, ok) in rows {
            assert_eq!(verify(challenge, verifier).is_ok(), ok, "{rule}");
        }
    }
}
