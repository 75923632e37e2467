//! The standard claims of a user: how they are stored, and which of them a scope releases (OpenID Connect Core §5.1,
//! §5.4). E-mail addresses live elsewhere, since they are verified and unique; nothing here knows who asks.

use chrono::NaiveDate;
use openidconnect::StandardClaims;
use openidconnect::core::CoreGenderClaim;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::ids::UserId;
use super::jws::{numeric_date, strict_object};
use super::scope::Scope;
use super::time::Timestamp;

/// The longest text or URL in a claim, in bytes.
pub const MAX_TEXT: usize = 2048;

/// Every claim that ID tokens and userinfo answers may hold, for discovery (OpenID Connect Discovery §3).
pub const CLAIMS_SUPPORTED: [&str; 31] = [
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

/// What the value of a claim looks like.
#[derive(Clone, Copy)]
enum Format {
    Text,
    WebUrl,
    Birthdate,
    Zoneinfo,
    Locale,
    NumericDate,
    Boolean,
    Address,
}

/// The stored claims with their format and the scope that releases them.
const STORED: [(&str, Format, &str); 17] = [
    ("name", Format::Text, "profile"),
    ("given_name", Format::Text, "profile"),
    ("family_name", Format::Text, "profile"),
    ("middle_name", Format::Text, "profile"),
    ("nickname", Format::Text, "profile"),
    ("preferred_username", Format::Text, "profile"),
    ("profile", Format::WebUrl, "profile"),
    ("picture", Format::WebUrl, "profile"),
    ("website", Format::WebUrl, "profile"),
    ("gender", Format::Text, "profile"),
    ("birthdate", Format::Birthdate, "profile"),
    ("zoneinfo", Format::Zoneinfo, "profile"),
    ("locale", Format::Locale, "profile"),
    ("updated_at", Format::NumericDate, "profile"),
    ("address", Format::Address, "address"),
    ("phone_number", Format::Text, "phone"),
    ("phone_number_verified", Format::Boolean, "phone"),
];

/// The members of `address` (OpenID Connect Core §5.1.1).
const ADDRESS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// Why claims are not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Not a JSON object, or one that repeats a member name.
    #[error("The claims are not a strict JSON object.")]
    NotJsonObject,
    /// A member is not a standard claim, or one that is not stored here.
    #[error("There is an unknown claim.")]
    UnknownClaim,
    /// A claim is null, empty, of the wrong type or against its format.
    #[error("The claim {0} is malformed.")]
    Malformed(&'static str),
    /// `phone_number_verified` stands without `phone_number`.
    #[error("There is no phone number that could be verified.")]
    NothingVerified,
    /// The released claims are not what the `openidconnect` crate reads.
    #[error("The claims are not standard claims.")]
    NotStandard,
}

/// The standard claims of a user, each of them well-formed, none empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Map<String, Value>", try_from = "Map<String, Value>")]
pub struct PersonClaims(Map<String, Value>);

impl PersonClaims {
    /// Reads claims from the database or from an administrator.
    ///
    /// # Errors
    /// [`ClaimsError`], one variant a rule.
    pub fn from_json(json: &str) -> Result<Self, ClaimsError> {
        strict_object(json.as_bytes()).ok_or(ClaimsError::NotJsonObject)?.try_into()
    }

    /// The claims as JSON text, for the database.
    pub fn to_json(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// The value of a claim that is a string.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// The same claims, changed at `now` (`updated_at`).
    #[must_use]
    pub fn updated_at(mut self, now: Timestamp) -> Self {
        self.0.insert("updated_at".to_owned(), now.as_secs().max(0).into());
        self
    }

    /// The claims that a scope releases (OpenID Connect Core §5.4): always `sub`, then what is known of `profile`,
    /// `email`, `address` and `phone`; `email` is the address and whether it is verified. Nothing is null or empty.
    pub fn released(
        &self,
        sub: &UserId,
        username: &str,
        email: Option<(&str, bool)>,
        scope: &Scope,
    ) -> Map<String, Value> {
        let mut released = Map::new();
        released.insert("sub".to_owned(), sub.as_str().into());
        if scope.contains("profile") && !username.is_empty() {
            released.insert("preferred_username".to_owned(), username.into());
        }
        for (name, _, _) in STORED.iter().filter(|(_, _, released_by)| scope.contains(released_by)) {
            if let Some(value) = self.0.get(*name) {
                released.insert((*name).to_owned(), value.clone());
            }
        }
        if let Some((address, verified)) = email.filter(|(address, _)| scope.contains("email") && !address.is_empty()) {
            released.insert("email".to_owned(), address.into());
            released.insert("email_verified".to_owned(), verified.into());
        }
        released
    }
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
            let known = STORED.iter().find(|(stored, _, _)| stored == name);
            let (name, format, _) = known.ok_or(ClaimsError::UnknownClaim)?;
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

/// The released claims as the type that the `openidconnect` crate serializes.
///
/// # Errors
/// [`ClaimsError::NotStandard`] where `sub` is missing or a claim has another type.
pub fn standard_claims(released: &Map<String, Value>) -> Result<StandardClaims<CoreGenderClaim>, ClaimsError> {
    serde_json::from_value(Value::Object(released.clone())).map_err(|_| ClaimsError::NotStandard)
}

/// Whether the value of a claim has its format.
fn has_format(claims: &Map<String, Value>, name: &str, value: &Value, format: Format) -> bool {
    let text = |check: fn(&str) -> bool| value.as_str().is_some_and(check);
    match format {
        Format::Text => text(is_line),
        Format::WebUrl => text(is_web_url),
        Format::Birthdate => text(is_birthdate),
        Format::Zoneinfo => text(is_zoneinfo),
        Format::Locale => text(is_locale),
        Format::NumericDate => numeric_date(claims, name).is_ok() && (value.is_u64() || value.is_i64()),
        Format::Boolean => value.is_boolean(),
        Format::Address => value.as_object().is_some_and(is_address),
    }
}

/// One line of text that is not blank.
fn is_line(text: &str) -> bool {
    is_text(text) && !text.chars().any(char::is_control)
}

/// Text that is not blank and of bounded length.
fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_TEXT
}

/// An `http` or `https` URL, written as the URL standard asks.
fn is_web_url(text: &str) -> bool {
    let absolute = text.starts_with("https://") || text.starts_with("http://");
    let legal = text.len() <= MAX_TEXT && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    absolute && legal && Url::parse(text).is_ok_and(|url| url.has_host())
}

/// `YYYY-MM-DD`, `0000-MM-DD` where the year is omitted, or `YYYY` (OpenID Connect Core §5.1).
fn is_birthdate(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match shape.as_str() {
        "0000-00-00" => NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        "0000" => text != "0000",
        _ => false,
    }
}

/// The name of a time zone, such as `Europe/Paris`.
fn is_zoneinfo(text: &str) -> bool {
    let legal = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b));
    text.len() <= 64 && text.split('/').all(legal)
}

/// A language tag, such as `fr-CA` (RFC 5646 §2.1).
fn is_locale(text: &str) -> bool {
    let legal = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= 64 && text.split('-').all(legal) && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// An address with at least one member; its lines are divided by line feeds.
fn is_address(members: &Map<String, Value>) -> bool {
    let legal = |c: char| !c.is_control() || matches!(c, '\r' | '\n');
    let is_lines = |value: &Value| value.as_str().is_some_and(|text| is_text(text) && text.chars().all(legal));
    !members.is_empty() && members.iter().all(|(name, value)| ADDRESS.contains(&name.as_str()) && is_lines(value))
}

#[cfg(test)]
mod tests;
