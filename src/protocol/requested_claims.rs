//! The `claims` parameter (OpenID Connect Core §5.5): single claims that a client asks for, beside its scopes.
//! What this server has no claim for is passed over, as the specification asks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::claims;
use super::error::OAuthError;
use super::jws::strict_object;

/// The longest `claims` parameter, in bytes.
pub const MAX_CLAIMS: usize = 4096;
/// The most values that a request may name for one claim.
const MAX_VALUES: usize = 20;
/// The most languages of `claims_locales`.
const MAX_LOCALES: usize = 10;

/// How one claim is asked for (OpenID Connect Core §5.5.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRequest {
    /// Whether the client cannot do without it. It is never an error that the claim is not there.
    #[serde(default, skip_serializing_if = "is_false")]
    pub essential: bool,
    /// The values that the client can use; all where it names none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<Value>,
}

/// The claims that are asked for in one place, by name.
pub type ClaimRequests = BTreeMap<String, ClaimRequest>;

/// What the `claims` parameter and `claims_locales` ask for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RequestedClaims {
    /// For the userinfo endpoint.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub userinfo: ClaimRequests,
    /// For the ID token.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub id_token: ClaimRequests,
    /// The languages in which claims are preferred, the best first (BCP 47).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locales: Vec<String>,
}

impl ClaimRequest {
    /// Whether this value is one that the client can use.
    pub fn accepts(&self, value: &Value) -> bool {
        self.values.is_empty() || self.values.contains(value)
    }
}

impl RequestedClaims {
    /// Reads the parameters `claims` and `claims_locales`.
    ///
    /// # Errors
    /// `invalid_request` where `claims` is too long, no strict JSON object, or a member has the wrong type.
    pub fn parse(claims: Option<&str>, locales: Option<&str>) -> Result<Self, OAuthError> {
        let locales = locales.unwrap_or_default().split(' ').filter(|tag| claims::is_locale(tag));
        let mut requested = Self { locales: locales.take(MAX_LOCALES).map(str::to_owned).collect(), ..Self::default() };
        let Some(text) = claims else { return Ok(requested) };
        let object = Some(text).filter(|text| text.len() <= MAX_CLAIMS).and_then(|text| strict_object(text.as_bytes()));
        let object = object.ok_or(OAuthError::invalid_request("claims is not a JSON object, or too long."))?;
        requested.userinfo = requests(&object, "userinfo", claims::is_person_claim)?;
        requested.id_token = requests(&object, "id_token", |name| {
            claims::is_person_claim(name) || ["sub", "acr", "auth_time"].contains(&name)
        })?;
        let subjects = requested.id_token.get("sub").map(|request| request.values.as_slice()).unwrap_or_default();
        // A subject that was passed over would let anybody in.
        if !matches!(subjects, [] | [Value::String(_)]) {
            return Err(OAuthError::invalid_request("claims names no single subject."));
        }
        Ok(requested)
    }

    /// Whether nothing is asked for, so that nothing has to be carried.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty() && self.locales.is_empty()
    }

    /// The claims about the person that are asked for, each once, in alphabetical order: what they are asked about.
    pub fn names(&self) -> Vec<&str> {
        let asked = self.userinfo.keys().chain(self.id_token.keys()).map(String::as_str);
        let mut names: Vec<&str> = asked.filter(|name| claims::is_person_claim(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The subject that the ID token has to be about, if the request names one (OpenID Connect Core §5.5.1).
    pub fn subject(&self) -> Option<&str> {
        self.id_token.get("sub").and_then(|request| request.values.first()).and_then(Value::as_str)
    }

    /// The authentication context classes of which one is essential (OpenID Connect Core §5.5.1.1).
    pub fn essential_acr(&self) -> Option<&[Value]> {
        self.id_token.get("acr").filter(|acr| acr.essential && !acr.values.is_empty()).map(|acr| acr.values.as_slice())
    }
}

/// The claims that a member of the parameter asks for, of those that `known` tells of.
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

/// How one claim is asked for: `null`, or an object with `essential`, `value`, `values`, others ignored.
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
    fn claims_are_read_or_refused() {
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
    fn a_claim_is_wanted_with_one_of_the_values_if_any_are_named() {
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
    fn subject_and_essential_acr_decide_more_than_what_is_released() {
        let requested =
            parse(r#"{"id_token":{"sub":{"value":"alice"},"acr":{"essential":true,"values":["x"]}}}"#).unwrap();
        assert_eq!(requested.subject(), Some("alice"));
        assert_eq!(requested.essential_acr(), Some([json!("x")].as_slice()));
        assert!(requested.names().is_empty());
        let voluntary = parse(r#"{"id_token":{"acr":{"values":["x"]}}}"#).unwrap();
        assert_eq!((voluntary.subject(), voluntary.essential_acr()), (None, None));
    }

    #[test]
    fn what_is_stored_is_read_again() {
        let requested =
            RequestedClaims::parse(Some(r#"{"userinfo":{"name":{"essential":true}}}"#), Some("de fr-CA <>"));
        let requested = requested.unwrap();
        assert_eq!(requested.locales, ["de", "fr-CA"]);
        let stored = serde_json::to_string(&requested).unwrap();
        assert_eq!(serde_json::from_str::<RequestedClaims>(&stored).unwrap(), requested);
        assert!(RequestedClaims::parse(None, None).unwrap().is_empty());
    }
}
