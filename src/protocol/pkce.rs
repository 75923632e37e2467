//! Proof Key for Code Exchange (RFC 7636), S256 only, on oxide-auth's `Pkce`.
//! That type accepts challenges and verifiers of any length and a verifier without a challenge; the checks
//! around it here refuse both.

use std::borrow::Cow;

use oxide_auth::code_grant::extensions::Pkce;
use oxide_auth::primitives::grant::Value;

use super::cause::{Cause, Shown};
use super::error::OAuthError;
use super::params::Params;

/// Whether an authorization request must carry a code challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PkceRule {
    /// It must (RFC 9700 §2.1.1).
    Required,
    /// It may.
    Optional,
}

/// The name of the extension slot in which the challenge is kept with the code.
pub const SLOT: &str = "pkce";

/// Reads `code_challenge` and `code_challenge_method` of an authorization request (RFC 7636 §4.3).
///
/// # Errors
/// `invalid_request` where the challenge is missing but required, malformed, or not of method S256.
pub fn challenge(params: &Params, rule: PkceRule) -> Result<Option<Value>, OAuthError> {
    let challenge = params.get("code_challenge");
    let method = params.get("code_challenge_method");
    match (challenge, rule) {
        (None, PkceRule::Required) => return Err(Cause::PkceMissing.into()),
        (None, PkceRule::Optional) if method.is_some() => {
            return Err(OAuthError::invalid_request("code_challenge_method stands without code_challenge."));
        }
        (None, PkceRule::Optional) => return Ok(None),
        (Some(text), _) if !is_well_formed(text) => {
            return Err(OAuthError::invalid_request("code_challenge is malformed."));
        }
        (Some(_), _) => {}
    }
    Pkce::required()
        .challenge(method.map(Cow::Borrowed), challenge.map(Cow::Borrowed))
        .map_err(|()| Cause::PkceMethod { received: Shown::text(method.unwrap_or("plain")) }.into())
}

/// Checks the `code_verifier` of a token request against the challenge kept with the code (RFC 7636 §4.6).
///
/// # Errors
/// `invalid_grant` where they do not fit, one stands without the other, or the verifier is malformed.
pub fn verify(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OAuthError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(Cause::PkceVerifierUnexpected.into()),
        (Some(_), None) => Err(Cause::PkceVerifierMissing.into()),
        (Some(_), Some(verifier)) if !is_well_formed(verifier) => Err(Cause::PkceVerifierMalformed.into()),
        // What is public about the request is no proof.
        (Some(challenge), Some(verifier)) if challenge.starts_with(verifier) => Err(Cause::PkceMismatch.into()),
        (Some(challenge), Some(verifier)) => {
            let stored = Value::private(Some(challenge.to_owned()));
            Pkce::required()
                .verify(Some(stored), Some(Cow::Borrowed(verifier)))
                .map_err(|()| Cause::PkceMismatch.into())
        }
    }
}

/// The grammar of challenge and verifier: 43 to 128 unreserved characters (RFC 7636 §4.1, §4.2).
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
        use PkceRule::{Optional, Required};
        let c = CHALLENGE;
        let rows = [
            ("RFC 7636 §4.3: S256", format!("code_challenge={c}&code_challenge_method=S256"), Required, true),
            ("RFC 9700 §2.1.1: required", String::new(), Required, false),
            ("optional, absent", String::new(), Optional, true),
            ("plain refused", format!("code_challenge={c}&code_challenge_method=plain"), Optional, false),
            ("omitted method means plain", format!("code_challenge={c}"), Required, false),
            ("method alone", "code_challenge_method=S256".into(), Optional, false),
            ("42 characters", format!("code_challenge={}&code_challenge_method=S256", &c[1..]), Required, false),
            (
                "129 characters",
                format!("code_challenge={}&code_challenge_method=S256", "a".repeat(129)),
                Required,
                false,
            ),
            ("outside unreserved", format!("code_challenge={}!&code_challenge_method=S256", &c[1..]), Required, false),
        ];
        for (rule, query, required, ok) in rows {
            let params = Params::parse(query.as_bytes()).unwrap();
            assert_eq!(challenge(&params, required).is_ok(), ok, "{rule}");
        }
    }

    #[test]
    fn a_verifier_fits_its_challenge_and_neither_stands_alone() {
        let stored = format!("{CHALLENGE}S");
        let itself = format!("{VERIFIER}S");
        let (short, long) = (&VERIFIER[1..], "a".repeat(129));
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
