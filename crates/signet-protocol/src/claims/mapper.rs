//! Claim mappers: claims that an operator defines from a person's data, in addition to those of the protocol (RFC 7519
//! §4.2, §4.3). A mapper cannot set a claim that the protocol defines.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::standard::{self, CLAIMS_SUPPORTED, PersonClaims};
use crate::scope::Scope;
use crate::token::access_token::Audience;

/// The maximum length of a claim name, in bytes.
const MAX_NAME: usize = 64;
/// The maximum size of a fixed value, in bytes of JSON.
const MAX_VALUE: usize = 1024;

/// Claims of access tokens, logout tokens and introspection answers (RFC 9068 §2.2, RFC 7662 §2.2, RFC 8693 §4,
/// RFC 9449 §6) that are not in [`CLAIMS_SUPPORTED`].
const RESERVED: [&str; 16] = [
    "nbf",
    "jti",
    "scope",
    "client_id",
    "grant_id",
    "claims",
    "cnf",
    "act",
    "may_act",
    "events",
    "active",
    "token_type",
    "username",
    "s_hash",
    "sub_id",
    "authorization_details",
];

/// The source of a claim's value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Source {
    /// `username`, `email`, or a standard claim of the person, by name.
    User(String),
    /// An attribute of the person, by name.
    Attribute(String),
    Roles,
    /// A fixed value.
    Static(Value),
}

/// The destination of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// Access tokens and their introspection.
    AccessToken,
    IdToken,
    Userinfo,
}

/// A mapper, as an operator configures it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimMapper {
    pub claim: String,
    pub source: Source,
    pub targets: Vec<Target>,
    /// The scope that must be granted; `None` releases the claim always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,
    /// The audience that an access token must have; `None` accepts any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
}

/// The reason why a mapper is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MapperError {
    /// The name belongs to the protocol or to a standard claim.
    #[error("the claim is one of the protocol's own, which a mapper cannot overwrite")]
    Reserved,
    /// The name is empty, too long, or has characters that claim names may not have.
    #[error("the name of the claim must have 1 to 64 letters, digits and - _ . : /")]
    Name,
    /// The source does not exist.
    #[error("the source must be username, email, a standard claim, an attribute, the roles or a fixed value")]
    Source,
    /// The mapper has no target.
    #[error("the mapper needs at least one target")]
    NoTarget,
    #[error("the scope must be one scope token")]
    Scope,
}

/// The data of a person that a mapper reads.
#[derive(Clone, Copy)]
pub struct Person<'a> {
    pub username: &'a str,
    pub email: Option<&'a str>,
    pub claims: &'a PersonClaims,
    pub attributes: &'a Map<String, Value>,
    pub roles: &'a [String],
}

/// The token or answer that a claim would be released in.
#[derive(Clone, Copy)]
pub struct ReleaseContext<'a> {
    pub target: Target,
    pub scope: &'a Scope,
    /// The audience of an access token; `None` for other targets.
    pub audience: Option<&'a Audience>,
}

impl ClaimMapper {
    /// Checks the mapper and returns the first rule that it breaks.
    pub fn check(&self) -> Result<(), MapperError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if self.claim.is_empty() || self.claim.len() > MAX_NAME || !self.claim.bytes().all(legal) {
            return Err(MapperError::Name);
        }
        if CLAIMS_SUPPORTED.contains(&self.claim.as_str()) || RESERVED.contains(&self.claim.as_str()) {
            return Err(MapperError::Reserved);
        }
        let known = match &self.source {
            Source::User(field) => field == "username" || standard::is_person_claim(field),
            Source::Attribute(name) => !name.is_empty() && name.len() <= MAX_NAME,
            Source::Roles => true,
            Source::Static(value) => !value.is_null() && value.to_string().len() <= MAX_VALUE,
        };
        if !known {
            return Err(MapperError::Source);
        }
        if self.targets.is_empty() {
            return Err(MapperError::NoTarget);
        }
        match &self.scope {
            Some(scope) if Scope::parse(scope).is_err() || scope.contains(' ') => Err(MapperError::Scope),
            Some(_) | None => Ok(()),
        }
    }

    /// Returns the value of the claim, or `None` where it is not released or the person has no value. Without a person,
    /// as in a client credentials token, only a fixed value is released.
    pub fn value(&self, context: &ReleaseContext<'_>, person: Option<&Person<'_>>) -> Option<Value> {
        let granted = self.scope.as_deref().is_none_or(|scope| context.scope.contains(scope));
        let addressed = match (&self.audience, context.audience) {
            (Some(wanted), Some(audience)) => audience.contains(wanted),
            (Some(_), None) => context.target != Target::AccessToken,
            (None, _) => true,
        };
        if !granted || !addressed || !self.targets.contains(&context.target) {
            return None;
        }
        match (&self.source, person) {
            (Source::Static(value), _) => Some(value.clone()),
            (Source::User(field), Some(person)) => person.field(field),
            (Source::Attribute(name), Some(person)) => person.attributes.get(name).filter(|v| !v.is_null()).cloned(),
            (Source::Roles, Some(person)) => Some(person.roles.into()),
            (Source::User(_) | Source::Attribute(_) | Source::Roles, None) => None,
        }
    }
}

impl Person<'_> {
    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "username" => Some(self.username.into()),
            "email" => self.email.map(Value::from),
            claim => self.claims.value(claim).cloned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn mapper(changes: Value) -> ClaimMapper {
        let mut definition =
            json!({"claim": "is_premium", "source": {"attribute": "premium"}, "targets": ["userinfo"]});
        for (name, value) in changes.as_object().unwrap() {
            definition[name] = value.clone();
        }
        serde_json::from_value(definition).unwrap()
    }

    #[test]
    fn a_mapper_cannot_overwrite_a_claim_of_the_protocol() {
        let rows = [
            (json!({}), Ok(())),
            (json!({"claim": "https://example.org/claims/tier"}), Ok(())),
            (json!({"claim": "roles", "source": "roles"}), Ok(())),
            (json!({"claim": "sub"}), Err(MapperError::Reserved)),
            (json!({"claim": "exp"}), Err(MapperError::Reserved)),
            (json!({"claim": "email"}), Err(MapperError::Reserved)),
            (json!({"claim": "scope"}), Err(MapperError::Reserved)),
            (json!({"claim": "cnf"}), Err(MapperError::Reserved)),
            (json!({"claim": ""}), Err(MapperError::Name)),
            (json!({"claim": "a b"}), Err(MapperError::Name)),
            (json!({"claim": "x".repeat(65)}), Err(MapperError::Name)),
            (json!({"source": {"user": "password"}}), Err(MapperError::Source)),
            (json!({"source": {"user": "locale"}}), Ok(())),
            (json!({"source": {"static": null}}), Err(MapperError::Source)),
            (json!({"targets": []}), Err(MapperError::NoTarget)),
            (json!({"scope": "a b"}), Err(MapperError::Scope)),
        ];
        for (changes, expected) in rows {
            assert_eq!(mapper(changes.clone()).check(), expected, "{changes}");
        }
    }

    #[test]
    fn a_claim_is_released_where_scope_audience_and_target_allow_it() {
        let claims = PersonClaims::from_json(r#"{"locale":"de"}"#).unwrap();
        let attributes = json!({"premium": true, "nothing": null}).as_object().unwrap().clone();
        let roles = ["admin".to_owned()];
        let person = Person { username: "alice", email: None, claims: &claims, attributes: &attributes, roles: &roles };
        let scope = Scope::parse("openid org").unwrap();
        let audience = Audience::One("https://rs.example".into());
        let rows = [
            ("an attribute", json!({}), Some(json!(true))),
            ("one that is null", json!({"source": {"attribute": "nothing"}}), None),
            ("one that is not there", json!({"source": {"attribute": "other"}}), None),
            ("the name", json!({"source": {"user": "username"}}), Some(json!("alice"))),
            ("an address that is not there", json!({"source": {"user": "email"}}), None),
            ("a standard claim", json!({"source": {"user": "locale"}}), Some(json!("de"))),
            ("roles", json!({"source": "roles"}), Some(json!(["admin"]))),
            ("a granted scope", json!({"scope": "org"}), Some(json!(true))),
            ("a scope that is not granted", json!({"scope": "tier"}), None),
            ("the audience", json!({"audience": "https://rs.example"}), Some(json!(true))),
            ("another audience", json!({"audience": "https://other.example"}), None),
            ("another target", json!({"targets": ["id_token"]}), None),
        ];
        for (rule, changes, expected) in rows {
            let changes = match changes.get("targets") {
                Some(_) => changes,
                None => json!({"targets": ["access_token"]})
                    .as_object()
                    .unwrap()
                    .clone()
                    .into_iter()
                    .chain(changes.as_object().unwrap().clone())
                    .collect::<Map<_, _>>()
                    .into(),
            };
            let context = ReleaseContext { target: Target::AccessToken, scope: &scope, audience: Some(&audience) };
            assert_eq!(mapper(changes).value(&context, Some(&person)), expected, "{rule}");
        }
        let context = ReleaseContext { target: Target::AccessToken, scope: &scope, audience: Some(&audience) };
        let fixed = mapper(json!({"source": {"static": "x"}, "targets": ["access_token"]}));
        assert_eq!(fixed.value(&context, None), Some(json!("x")), "a client's own token");
        assert_eq!(mapper(json!({"targets": ["access_token"]})).value(&context, None), None);
    }
}
