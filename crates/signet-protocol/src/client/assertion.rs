//! The claims of a client assertion (RFC 7523 §3, OpenID Connect Core §9), checked after its signature. The caller
//! checks the returned [`AssertionId`] against the store, to detect reuse.

use serde_json::{Map, Value};

use crate::cause::{Cause, Shown};
use crate::error::OAuthError;
use crate::ids::ClientId;
use crate::jose::jws;
use crate::time::{Span, Timestamp};

/// The maximum length of a `jti`, in characters.
pub const MAX_JTI: usize = 255;

/// The maximum number of audiences in a cause.
const MAX_AUDIENCES: usize = 4;

/// The form in which `aud` must name this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudienceRule {
    /// RFC 7523 §3: at least one value is allowed.
    AnyOf,
    /// FAPI 2.0 Security Profile §5.3.2.1: a single allowed value, as a string rather than an array.
    SingleString,
}

/// The requirements for an assertion of one client.
pub struct AssertionRules<'a> {
    /// The expected issuer and subject.
    pub client_id: &'a ClientId,
    /// The allowed audiences, such as the issuer and the URL of the token endpoint.
    pub audiences: &'a [&'a str],
    pub single_audience: AudienceRule,
    /// The maximum time until `exp`.
    pub max_age: Span,
    /// The tolerated error of the client's clock, 30 seconds.
    pub leeway: Span,
}

/// The record that prevents a second use of an assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionId {
    /// The `jti`, unique per client.
    pub jti: String,
    /// The time from which the assertion is no longer accepted and the record can be deleted: `exp` plus the leeway.
    pub expires_at: Timestamp,
}

/// Accepted values of `typ`, which is optional (RFC 7519 §5.1, RFC 8725 §3.11).
const TYPES: [&str; 3] = ["JWT", "jwt", "client-authentication+jwt"];
/// Claims that identify other JWTs of a client: request objects (RFC 9101 §4), DPoP proofs (RFC 9449 §4.2), logout
/// tokens and security events (RFC 8417 §2.2).
const FOREIGN: [&str; 6] = ["response_type", "client_id", "redirect_uri", "htm", "htu", "events"];

/// Refuses a JWT that was made for another purpose (RFC 9101 §10.8, RFC 8725 §3.11), by its type or, where it has none,
/// by its claims.
pub fn check_kind(typ: Option<&str>, claims: &Map<String, Value>) -> Result<(), OAuthError> {
    let typed = typ.is_none_or(|typ| TYPES.contains(&typ));
    let foreign = FOREIGN.iter().any(|name| claims.contains_key(*name));
    if typed && !foreign { Ok(()) } else { Err(Cause::AssertionKind.into()) }
}

/// Checks the claims of an assertion whose signature was verified with a key of this client. Every error is
/// `invalid_client`, with a sentence per claim.
pub fn check(
    claims: &Map<String, Value>,
    rules: &AssertionRules<'_>,
    now: Timestamp,
) -> Result<AssertionId, OAuthError> {
    let client = Some(rules.client_id.as_str());
    if string(claims, "iss")? != client || string(claims, "sub")? != client {
        return Err(Cause::AssertionParties.into());
    }
    check_audience(claims, rules)?;
    let expires_at = check_times(claims, rules, now)?;
    let jti = string(claims, "jti")?.filter(|jti| is_jti(jti));
    let jti = jti.ok_or(Cause::AssertionId)?.to_owned();
    Ok(AssertionId { jti, expires_at })
}

/// Checks `aud` (RFC 7523 §3, item 3).
fn check_audience(claims: &Map<String, Value>, rules: &AssertionRules<'_>) -> Result<(), OAuthError> {
    let allowed = |audience: &str| rules.audiences.contains(&audience);
    let named = match rules.single_audience {
        AudienceRule::AnyOf => jws::audiences(claims).map_err(|_| Cause::AssertionClaim)?.into_iter().any(allowed),
        AudienceRule::SingleString => string(claims, "aud")?.is_some_and(allowed),
    };
    if named {
        return Ok(());
    }
    let received = jws::audiences(claims).unwrap_or_default().into_iter().take(MAX_AUDIENCES).map(Shown::uri);
    Err(Cause::AssertionAudience { received: received.collect() }.into())
}

/// Checks the times (RFC 7523 §3, items 4 to 6) and returns the time from which the assertion is no longer accepted.
fn check_times(
    claims: &Map<String, Value>,
    rules: &AssertionRules<'_>,
    now: Timestamp,
) -> Result<Timestamp, OAuthError> {
    let expires_at = date(claims, "exp")?.ok_or(Cause::AssertionEndless)?;
    if expires_at.plus(rules.leeway) <= now {
        return Err(Cause::AssertionExpired { ago: now.since(expires_at) }.into());
    }
    if expires_at > now.plus(rules.max_age).plus(rules.leeway) {
        return Err(Cause::AssertionTooLong { ahead: expires_at.since(now), most: rules.max_age }.into());
    }
    for name in ["nbf", "iat"] {
        if let Some(at) = date(claims, name)?.filter(|at| *at > now.plus(rules.leeway)) {
            return Err(Cause::AssertionEarly { ahead: at.since(now) }.into());
        }
    }
    Ok(expires_at.plus(rules.leeway))
}

fn string<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, OAuthError> {
    jws::string(claims, name).map_err(|_| Cause::AssertionClaim.into())
}

fn date(claims: &Map<String, Value>, name: &str) -> Result<Option<Timestamp>, OAuthError> {
    jws::numeric_date(claims, name).map_err(|_| Cause::AssertionClaim.into())
}

/// Accepts 1 to 255 characters without control characters, which a database may not store.
fn is_jti(jti: &str) -> bool {
    (1..=MAX_JTI).contains(&jti.chars().take(MAX_JTI + 1).count()) && !jti.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
