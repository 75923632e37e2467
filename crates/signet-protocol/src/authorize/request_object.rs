//! Request objects (RFC 9101, OpenID Connect Core §6): parameters of an authorization request in a JWT that the client
//! has signed. The caller has verified the signature.

use serde_json::{Map, Value};

use crate::error::OAuthError;
use crate::ids::ClientId;
use crate::jose::jws;
use crate::params::Params;
use crate::time::{Span, Timestamp};

/// Accepted values of `typ` (RFC 9101 §4). `JWT` and an absent `typ` come from older clients.
const TYPES: [&str; 2] = ["oauth-authz-req+jwt", "jwt"];
/// Claims about the object itself, which are not request parameters.
const ABOUT: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "jti", "sub"];
/// The maximum lifetime of a bounded request object, and the maximum age of its `nbf` (FAPI 2.0 Message Signing
/// §5.3.1).
const MAX_LIFETIME: Span = Span::from_minutes(60);
/// The tolerated error of the client's clock.
const LEEWAY: Span = Span::from_secs(30);

/// The claims that a request object must have about itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `iss` and `aud` (RFC 9101 §4, §10.2).
    Required,
    /// None, but those present must match (OpenID Connect Core §6.1).
    WherePresent,
}

/// The treatment of parameters outside the request object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OuterParameters {
    /// They are ignored (RFC 9101 §5).
    Ignored,
    /// They apply where the object has no such parameter (OpenID Connect Core §6.1).
    Assembled,
}

/// The limits on the lifetime of a request object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// The object's own `exp`, if it has one (RFC 9101 §4). Where a client may also send plain parameters, a stolen
    /// object gives no more than these. A client that must sign its requests limits their lifetime by `exp`.
    Open,
    /// `nbf` and `exp` are at most an hour apart (FAPI 2.0 Message Signing §5.3.1).
    Bounded,
}

/// The requirements of a profile for request objects.
#[derive(Clone, Copy, Debug)]
pub struct ObjectRules {
    pub binding: Binding,
    pub outside: OuterParameters,
    pub lifetime: Lifetime,
}

impl ObjectRules {
    /// Returns the rules for a client whose requests must all come in an object: nothing outside it counts.
    pub const fn where_required(self) -> Self {
        Self { binding: Binding::Required, outside: OuterParameters::Ignored, ..self }
    }
}

/// Returns true if a header's `typ` allows a request object.
pub fn is_typ(typ: Option<&str>) -> bool {
    typ.is_none_or(|typ| TYPES.iter().any(|known| typ.eq_ignore_ascii_case(known)))
}

/// The parties that a request object must name.
#[derive(Clone, Copy)]
pub struct Parties<'a> {
    pub client: &'a ClientId,
    pub issuer: &'a str,
}

/// Returns the parameters of a request whose object was signed by this client; `outer` are those outside it. Every
/// broken rule is `invalid_request_object`, a contradiction between both sides `invalid_request`.
pub fn parameters(
    payload: &Map<String, Value>,
    outer: &Params,
    parties: Parties<'_>,
    rules: ObjectRules,
    now: Timestamp,
) -> Result<Params, OAuthError> {
    let Parties { client, issuer } = parties;
    check_parties(payload, client, issuer, rules.binding)?;
    check_times(payload, rules.lifetime, now)?;
    check_kind(payload, client)?;
    if ["request", "request_uri"].iter().any(|nested| payload.contains_key(*nested)) {
        return Err(OAuthError::invalid_request_object("A request object must not contain another."));
    }
    let mut inner = Vec::new();
    for (name, value) in payload.iter().filter(|(name, _)| !ABOUT.contains(&name.as_str()) && *name != "client_id") {
        inner.extend(texts(value)?.into_iter().map(|text| (name.clone(), text)));
    }
    inner.push(("client_id".to_owned(), client.as_str().to_owned()));
    match rules.outside {
        OuterParameters::Ignored => Params::from_pairs(inner),
        OuterParameters::Assembled => assemble(inner, outer),
    }
}

/// Combines the object's parameters with those outside it that it lacks.
fn assemble(mut inner: Vec<(String, String)>, outer: &Params) -> Result<Params, OAuthError> {
    let named = |inner: &[(String, String)], name: &str| inner.iter().any(|(held, _)| held == name);
    let response_type = inner.iter().find(|(name, _)| name == "response_type").map(|(_, value)| value.as_str());
    if response_type.zip(outer.get("response_type")).is_some_and(|(inside, outside)| inside != outside) {
        return Err(OAuthError::invalid_request("response_type differs between the request and its object."));
    }
    let is_inside = |name: &str| name == "request" || name == "request_uri" || named(&inner, name);
    let more: Vec<_> =
        outer.pairs().filter(|(name, _)| !is_inside(name)).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
    inner.extend(more);
    Params::from_pairs(inner)
}

fn check_parties(
    payload: &Map<String, Value>,
    client: &ClientId,
    issuer: &str,
    binding: Binding,
) -> Result<(), OAuthError> {
    let own = Some(client.as_str());
    let iss = string(payload, "iss")?;
    let client_id = string(payload, "client_id")?;
    let by_client = iss == own || (iss.is_none() && binding == Binding::WherePresent);
    if !by_client || (client_id.is_some() && client_id != own) {
        return Err(OAuthError::invalid_request_object("The request object was made by another client."));
    }
    let audiences = jws::audiences(payload).map_err(|_| WRONG_TYPE)?;
    let unbound = audiences.is_empty() && binding == Binding::WherePresent;
    if unbound || audiences.contains(&issuer) {
        Ok(())
    } else {
        Err(OAuthError::invalid_request_object("The request object is for another server."))
    }
}

/// Refuses a JWT that the client made for another purpose, such as an assertion (RFC 8725 §2.8, RFC 9101 §10.8).
fn check_kind(payload: &Map<String, Value>, client: &ClientId) -> Result<(), OAuthError> {
    let asks = ["client_id", "response_type"].iter().any(|name| payload.contains_key(*name));
    let asserts = string(payload, "sub")? == Some(client.as_str());
    if asks && !asserts { Ok(()) } else { Err(OAuthError::invalid_request_object("The JWT is not a request object.")) }
}

fn check_times(payload: &Map<String, Value>, lifetime: Lifetime, now: Timestamp) -> Result<(), OAuthError> {
    let date = |name| jws::numeric_date(payload, name).map_err(|_| WRONG_TYPE);
    let end = date("exp")?;
    if end.is_some_and(|end| end.plus(LEEWAY) <= now) {
        return Err(OAuthError::invalid_request_object("The request object has expired."));
    }
    if lifetime == Lifetime::Bounded {
        let end = end.ok_or(OAuthError::invalid_request_object("The request object has no exp."))?;
        let begin = date("nbf")?.ok_or(OAuthError::invalid_request_object("The request object has no nbf."))?;
        if end > begin.plus(MAX_LIFETIME) {
            return Err(OAuthError::invalid_request_object("The request object expires too far ahead."));
        }
        if begin.plus(MAX_LIFETIME).plus(LEEWAY) <= now {
            return Err(OAuthError::invalid_request_object("The request object is too old."));
        }
    }
    for name in ["nbf", "iat"] {
        if date(name)?.is_some_and(|at| at > now.plus(LEEWAY)) {
            return Err(OAuthError::invalid_request_object("The request object is not valid yet."));
        }
    }
    Ok(())
}

/// Converts the value of a member to parameter values: strings as they are, numbers, booleans and objects as JSON, a
/// list as several values (RFC 9101 §4).
fn texts(value: &Value) -> Result<Vec<String>, OAuthError> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => Ok(vec![value.to_string()]),
        Value::Array(many) => many.iter().map(|one| one.as_str().map(str::to_owned).ok_or(WRONG_TYPE)).collect(),
    }
}

const WRONG_TYPE: OAuthError = OAuthError::invalid_request_object("A member of the request object has the wrong type.");

fn string<'a>(payload: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, OAuthError> {
    jws::string(payload, name).map_err(|_| WRONG_TYPE)
}

#[cfg(test)]
mod tests;
