//! The `claims` parameter (OpenID Connect Core §5.5): single claims that a client requests besides its scopes. Claims
//! that this server lacks are ignored, as the specification requires.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::values::{is_locale, is_person_claim};
use crate::error::OAuthError;
use crate::jose::jws::strict_object;

/// The maximum length of the `claims` parameter, in bytes.
pub const MAX_CLAIMS: usize = 4096;
/// The maximum number of values requested for one claim.
const MAX_VALUES: usize = 20;
/// The maximum number of languages in `claims_locales`.
const MAX_LOCALES: usize = 10;

/// The request for one claim (OpenID Connect Core §5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Marks the claim as essential. Its absence is nevertheless no error.
    #[serde(default, skip_serializing_if = "is_false")]
    pub essential: bool,
    /// The accepted values; empty accepts all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// Claims requested for one destination, by name.
pub type ClaimRequests = BTreeMap<String, ClaimRequest>;

/// The content of `claims` and `claims_locales`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// For the userinfo endpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: ClaimRequests,
    /// For the ID token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: ClaimRequests,
    /// Preferred languages of claims, best first (BCP 47).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<String>,
}

impl ClaimRequest {
    /// Returns true if the client accepts this value.
    pub fn accepts(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

impl RequestedClaims {
    /// Parses the parameters `claims` and `claims_locales`. `claims` must be a JSON object of bounded length with
    /// members of the right types; anything else is `invalid_request`.
    pub fn parse(claims: Option<&str>, locales: Option<&str>) -> Result<Self, OAuthError> {
        let locales = locales.unwrap_or_default().split(' ').filter(|tag| is_locale(tag));
        let mut requested = Self { locales: locales.take(MAX_LOCALES).map(str::to_owned).collect(), ..Self::default() };
        let Some(text) = claims else { return Ok(requested) };
        let object = Some(text).filter(|text| text.len() <= MAX_CLAIMS).and_then(|text| strict_object(text.as_bytes()));
        let object = object.ok_or(OAuthError::invalid_request("claims is not a JSON object, or too long."))?;
        requested.userinfo = requests(&object, "userinfo", is_person_claim)?;
        requested.id_token =
            requests(&object, "id_token", |name| is_person_claim(name) || ["sub", "acr", "auth_time"].contains(&name))?;
        let subjects = requested.id_token.get("sub").map(|request| request.values.as_slice()).unwrap_or_default();
        // Ignoring a subject would let any user in.
        if !matches!(subjects, [] | [Value::String(_)]) {
            return Err(OAuthError::invalid_request("claims must request at most one subject."));
        }
        Ok(requested)
    }

    /// Returns true if nothing is requested.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty() && self.locales.is_empty()
    }

    /// Returns the requested claims about the person, sorted and unique, for the consent page.
    pub fn names(&self) -> Vec<&str> {
        let asked = self.userinfo.keys().chain(self.id_token.keys()).map(String::as_str);
        let mut names: Vec<&str> = asked.filter(|name| is_person_claim(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Returns the subject that the ID token must be about, if one is requested (OpenID Connect Core §5.5.1).
    pub fn subject(&self) -> Option<&str> {
        self.id_token.get("sub").and_then(|request| request.values.first()).and_then(Value::as_str)
    }

    /// Returns the authentication context classes of which one is essential (OpenID Connect Core §5.5.1.1).
    pub fn essential_acr(&self) -> Option<&[Value]> {
        self.id_token.get("acr").filter(|acr| acr.essential && !acr.values.is_empty()).map(|acr| acr.values.as_slice())
    }
}

/// Returns the requests of one member of the parameter, limited to claims accepted by `known`.
fn requests(
    object: &Map<String, Value>,
    member: &str,
    known: impl Fn(&str) -> bool,
) -> Result<ClaimRequests, OAuthError> {
    const MALFORMED: OAuthError = OAuthError::invalid_request("A member of claims has the wrong type.");
    let asked = match object.get(member) {
        None | Some(Value::Null) => return Ok(ClaimRequests::new()),
        Some(Value::Object(asked)) => asked,
        Some(_) => return Err(MALFORMED),
    };
    let mut requests = ClaimRequests::new();
    for (name, how) in asked.iter().filter(|(name, _)| known(name)) {
        requests.insert(name.clone(), request(how).ok_or(MALFORMED)?);
    }
    Ok(requests)
}

/// Parses the request for one claim: `null`, or an object with `essential`, `value`, `values`; other members are
/// ignored.
fn request(how: &Value) -> Option<ClaimRequest> {
    let members = match how {
        Value::Null => return Some(ClaimRequest::default()),
        Value::Object(members) => members,
        _ => return None,
    };
    let essential = match members.get("essential") {
        None => false,
        Some(flag) => flag.as_bool()?,
    };
    let mut values = match members.get("values") {
        None => Vec::new(),
        Some(values) => values.as_array().filter(|values| values.len() <= MAX_VALUES)?.clone(),
    };
    values.extend(members.get("value").cloned());
    Some(ClaimRequest { essential, values })
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(claims: &str) -> Result<RequestedClaims, OAuthError> {
        RequestedClaims::parse(Some(claims), None)
    }

    #[test]
    fn claims_are_parsed_or_refused() {
        let long = format!(r#"{{"userinfo":{{"name":{{"value":"{}"}}}}}}"#, "x".repeat(MAX_CLAIMS));
        let rows = [
            (r#"{"userinfo":{"name":null,"email":{"essential":true}}}"#, Ok(vec!["email", "name"])),
            (r#"{"id_token":{"auth_time":{"essential":true},"name":null}}"#, Ok(vec!["name"])),
            (r#"{"userinfo":{"name":{"value":"a","other":1}},"else":1}"#, Ok(vec!["name"])),
            (r#"{"userinfo":{"http://example.info/claims/groups":null}}"#, Ok(vec![])),
            (r#"{"userinfo":null}"#, Ok(vec![])),
            ("{}", Ok(vec![])),
            ("", Err(())),
            ("[]", Err(())),
            ("null", Err(())),
            (r#"{"userinfo":1}"#, Err(())),
            (r#"{"userinfo":{"name":true}}"#, Err(())),
            (r#"{"userinfo":{"name":{"essential":"yes"}}}"#, Err(())),
            (r#"{"userinfo":{"name":{"values":"x"}}}"#, Err(())),
            (r#"{"userinfo":{},"userinfo":{}}"#, Err(())),
            (r#"{"id_token":{"sub":{"value":1}}}"#, Err(())),
            (r#"{"id_token":{"sub":{"values":["a","b"]}}}"#, Err(())),
            (&long, Err(())),
        ];
        for (claims, expected) in rows {
            let requested = parse(claims);
            let names = requested.as_ref().map(RequestedClaims::names).map_err(|_| ());
            assert_eq!(names, expected, "{claims}");
        }
    }

    #[test]
    fn a_requested_claim_accepts_the_listed_values() {
        let requested = parse(r#"{"userinfo":{"locale":{"values":["de","fr"]},"name":{"value":"A"},"email":null}}"#);
        let userinfo = requested.unwrap().userinfo;
        let rows = [
            ("locale", json!("de"), true),
            ("locale", json!("en"), false),
            ("name", json!("A"), true),
            ("name", json!("B"), false),
            ("email", json!("a@example.org"), true),
        ];
        for (name, value, expected) in rows {
            assert_eq!(userinfo[name].accepts(&value), expected, "{name} {value}");
        }
    }

    #[test]
    fn subject_and_essential_acr_are_found() {
        let requested =
            parse(r#"{"id_token":{"sub":{"value":"alice"},"acr":{"essential":true,"values":["x"]}}}"#).unwrap();
        assert_eq!(requested.subject(), Some("alice"));
        assert_eq!(requested.essential_acr(), Some([json!("x")].as_slice()));
        assert!(requested.names().is_empty());
        let voluntary = parse(r#"{"id_token":{"acr":{"values":["x"]}}}"#).unwrap();
        assert_eq!((voluntary.subject(), voluntary.essential_acr()), (None, None));
    }

    #[test]
    fn stored_requests_round_trip() {
        let requested =
            RequestedClaims::parse(Some(r#"{"userinfo":{"name":{"essential":true}}}"#), Some("de fr-CA <>"));
        let requested = requested.unwrap();
        assert_eq!(requested.locales, ["de", "fr-CA"]);
        let stored = serde_json::to_string(&requested).unwrap();
        assert_eq!(serde_json::from_str::<RequestedClaims>(&stored).unwrap(), requested);
        assert!(RequestedClaims::parse(None, None).unwrap().is_empty());
    }
}
