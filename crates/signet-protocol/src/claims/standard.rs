//! The standard claims of a user: their storage format and their release by scope (OpenID Connect Core §5.1, §5.4).
//! E-mail addresses are stored elsewhere, because they are verified and unique.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::requested::ClaimRequests;
use crate::account::person::{DisplayName, PersonError};
use crate::claims::values::{Format, STORED, has_format, is_human, is_locale};
pub use crate::claims::values::{MAX_TEXT, is_person_claim, scope_of};
use crate::jose::jws::strict_object;
use crate::scope::Scope;
use crate::time::Timestamp;

/// Claims that ID tokens and userinfo answers may contain, for discovery (OpenID Connect Discovery §3).
pub const CLAIMS_SUPPORTED: [&str; 32] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "azp",
    "at_hash",
    "c_hash",
    "sid",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "address",
    "phone_number",
    "phone_number_verified",
];

/// The reason why claims are refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Not a JSON object, or one with a repeated member name.
    #[error("The claims are not a JSON object with unique members.")]
    NotJsonObject,
    /// A member is not a standard claim, or is not stored here.
    #[error("There is an unknown claim.")]
    UnknownClaim,
    /// A claim is null, empty, of the wrong type, or violates its format.
    #[error("The claim {0} is malformed.")]
    Malformed(&'static str),
    /// `phone_number_verified` is present without `phone_number`.
    #[error("phone_number_verified needs phone_number.")]
    NothingVerified,
}

/// The standard claims of a user. Each is well-formed and none is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Map<String, Value>", try_from = "Map<String, Value>")]
pub struct PersonClaims(Map<String, Value>);

impl PersonClaims {
    /// Parses claims from the database or from an administrator.
    pub fn from_json(json: &str) -> Result<Self, ClaimsError> {
        strict_object(json.as_bytes()).ok_or(ClaimsError::NotJsonObject)?.try_into()
    }

    /// Returns the claims as JSON text, for the database.
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// Returns the value of a string claim.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Checks the names that people see: 1 to 100 characters, NFC, no characters that change the direction of the
    /// surrounding text.
    pub fn with_display_names(mut self) -> Result<Self, PersonError> {
        for (name, value) in &mut self.0 {
            let base = name.split_once('#').map_or(name.as_str(), |(base, _)| base);
            let checked = value.as_str().filter(|_| is_human(base)).map(DisplayName::parse).transpose()?;
            if let Some(checked) = checked {
                *value = checked.as_str().into();
            }
        }
        Ok(self)
    }

    #[must_use]
    pub fn updated_at(mut self, now: Timestamp) -> Self {
        self.0.insert("updated_at".to_owned(), now.as_secs().max(0).into());
        self
    }

    /// Returns the released claims (OpenID Connect Core §5.4, §5.5): always `sub`, and every stored claim that a scope
    /// or the `claims` parameter requests, also in the preferred languages (§5.2). No claim is null or empty.
    pub fn released(&self, identity: &Identity<'_>, release: &Release<'_>) -> Map<String, Value> {
        let mut released = Map::new();
        released.insert("sub".to_owned(), identity.subject.into());
        let own_name = self.0.get("preferred_username").is_none() && !identity.username.is_empty();
        if own_name {
            release.put(&mut released, "preferred_username", "profile", &identity.username.into());
        }
        for (name, _, scope) in STORED {
            if let Some(value) = self.0.get(name) {
                release.put(&mut released, name, scope, value);
            }
        }
        for (tagged, value) in &self.0 {
            release.put_tagged(&mut released, tagged, value);
        }
        if let Some((address, verified)) = identity.email.filter(|(address, _)| !address.is_empty()) {
            release.put(&mut released, "email", "email", &address.into());
            release.put(&mut released, "email_verified", "email", &verified.into());
        }
        released
    }
}

/// Identity of a person beside the stored claims.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The `sub` that the client sees.
    pub subject: &'a str,
    pub username: &'a str,
    /// The address and its verification state.
    pub email: Option<(&'a str, bool)>,
}

/// The part of a person's claims that a token or an answer may contain.
#[derive(Clone, Copy)]
pub struct Release<'a> {
    /// Scopes whose claims are released.
    pub scope: &'a Scope,
    /// Claims requested one by one.
    pub requested: &'a ClaimRequests,
    pub locales: &'a [String],
}

impl Release<'_> {
    /// Releases a claim if its scope was granted, or if it was requested with a matching value.
    fn put(&self, released: &mut Map<String, Value>, name: &str, scope: &str, value: &Value) {
        let asked = || self.requested.get(name).is_some_and(|request| request.accepts(value));
        if self.scope.contains(scope) || asked() {
            released.insert(name.to_owned(), value.clone());
        }
    }

    /// Releases a claim in another language if that language is preferred and the claim itself is released.
    fn put_tagged(&self, released: &mut Map<String, Value>, tagged: &str, value: &Value) {
        let Some((name, tag)) = tagged.split_once('#') else { return };
        let speaks = |wanted: &String| tag.eq_ignore_ascii_case(wanted) || is_variety(tag, wanted);
        if self.locales.iter().any(speaks) && released.contains_key(name) {
            released.insert(tagged.to_owned(), value.clone());
        }
    }
}

/// Returns true if a language tag extends the wanted one, as `fr-CA` extends `fr` (RFC 4647 §3.3.1).
fn is_variety(tag: &str, wanted: &str) -> bool {
    let prefix = tag.get(..wanted.len()).is_some_and(|start| start.eq_ignore_ascii_case(wanted));
    prefix && tag.get(wanted.len()..).is_some_and(|rest| rest.starts_with('-'))
}

impl From<PersonClaims> for Map<String, Value> {
    fn from(claims: PersonClaims) -> Self {
        claims.0
    }
}

impl TryFrom<Map<String, Value>> for PersonClaims {
    type Error = ClaimsError;

    fn try_from(claims: Map<String, Value>) -> Result<Self, ClaimsError> {
        for (name, value) in &claims {
            let (base, tag) = name.split_once('#').map_or((name.as_str(), None), |(base, tag)| (base, Some(tag)));
            let known = STORED.iter().find(|(stored, _, _)| *stored == base);
            let (name, format, _) = known.ok_or(ClaimsError::UnknownClaim)?;
            if tag.is_some_and(|tag| !is_locale(tag) || !matches!(format, Format::Text) || !is_human(name)) {
                return Err(ClaimsError::UnknownClaim);
            }
            if !has_format(&claims, name, value, *format) {
                return Err(ClaimsError::Malformed(name));
            }
        }
        if claims.contains_key("phone_number_verified") && !claims.contains_key("phone_number") {
            return Err(ClaimsError::NothingVerified);
        }
        Ok(Self(claims))
    }
}

#[cfg(test)]
mod tests;
