//! The claims of a client assertion (RFC 7523 §3, OpenID Connect Core §9), asked after its signature was verified.
//! Whether its `jti` was used before is asked of the store, with the [`AssertionId`] that this yields.

use serde_json::{Map, Value};

use super::cause::{Cause, Shown};
use super::error::OAuthError;
use super::ids::ClientId;
use super::jws;
use super::time::{Span, Timestamp};

/// The longest `jti` that is remembered, in characters.
pub const MAX_JTI: usize = 255;

/// The most audiences that a cause lists.
const MAX_AUDIENCES: usize = 4;

/// How `aud` has to name this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AudienceRule {
    /// RFC 7523 §3: one of the values is allowed.
    AnyOf,
    /// FAPI 2.0 Security Profile §5.3.2.1: it is one allowed value, as a string and not in a list.
    SingleString,
}

/// What an assertion of one client has to say.
pub struct AssertionRules<'a> {
    /// Who has to have made it.
    pub client_id: &'a ClientId,
    /// The allowed audiences, such as the issuer and the URL of the token endpoint.
    pub audiences: &'a [&'a str],
    /// How `aud` names them.
    pub single_audience: AudienceRule,
    /// The longest time until `exp`.
    pub max_age: Span,
    /// How far the client's clock may be off: 30 seconds.
    pub leeway: Span,
}

/// What has to be remembered so that an assertion is used once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionId {
    /// The `jti`, unique within its client.
    pub jti: String,
    /// When the assertion stops being accepted, and need not be remembered any more: `exp` and the leeway.
    pub expires_at: Timestamp,
}

/// The `typ` of assertions, where they have one (RFC 7519 §5.1, RFC 8725 §3.11).
const TYPES: [&str; 3] = ["JWT", "jwt", "client-authentication+jwt"];
/// Claims by which other JWTs of a client are known: request objects (RFC 9101 §4), DPoP proofs (RFC 9449 §4.2), logout
/// tokens and security events (RFC 8417 §2.2).
const FOREIGN: [&str; 6] = ["response_type", "client_id", "redirect_uri", "htm", "htu", "events"];

/// Refuses a JWT that was made for something else (RFC 9101 §10.8, RFC 8725 §3.11): by its type, and by its claims
/// where the type does not say.
///
/// # Errors
/// `invalid_client`
pub fn check_kind(typ: Option<&str>, claims: &Map<String, Value>) -> Result<(), OAuthError> {
    let typed = typ.is_none_or(|typ| TYPES.contains(&typ));
    let foreign = FOREIGN.iter().any(|name| claims.contains_key(*name));
    match typed && !foreign {
        true => Ok(()),
        false => Err(Cause::AssertionKind.into()),
    }
}

/// Checks the claims of an assertion whose signature was verified with a key of this client.
///
/// # Errors
/// `invalid_client`, with one sentence for each claim.
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

/// RFC 7523 §3, item 3.
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

/// RFC 7523 §3, items 4 to 6: returns when the assertion stops being accepted.
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

/// 1 to 255 characters, none of them a control character, which a database may not store.
fn is_jti(jti: &str) -> bool {
    (1..=MAX_JTI).contains(&jti.chars().take(MAX_JTI + 1).count()) && !jti.chars().any(char::is_control)
}

#[cfg(test)]
mod tests;
