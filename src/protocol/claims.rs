//! The standard claims of a user: how they are stored, and which of them a scope releases (OpenID Connect Core §5.1,
//! §5.4). E-mail addresses live elsewhere, since they are verified and unique; nothing here knows who asks.

use chrono::NaiveDate;
use openidconnect::StandardClaims;
use openidconnect::core::CoreGenderClaim;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::jws::{numeric_date, strict_object};
use super::person::{DisplayName, PersonError};
use super::requested_claims::ClaimRequests;
use super::scope::Scope;
use super::time::Timestamp;

/// The longest text or URL in a claim, in bytes.
pub const MAX_TEXT: usize = 2048;

/// Every claim that ID tokens and userinfo answers may hold, for discovery (OpenID Connect Discovery §3).
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

/// The claims of the scope `email`, which are stored elsewhere.
const EMAIL: [&str; 2] = ["email", "email_verified"];

/// Whether this is a claim about a person, of those that this server has (OpenID Connect Core §5.1).
pub fn is_person_claim(name: &str) -> bool {
    scope_of(name).is_some()
}

/// The scope that releases a claim about a person (OpenID Connect Core §5.4).
pub fn scope_of(name: &str) -> Option<&'static str> {
    match EMAIL.contains(&name) {
        true => Some("email"),
        false => STORED.iter().find(|(stored, _, _)| *stored == name).map(|(_, _, scope)| *scope),
    }
}

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

    /// The value of a claim.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// The same claims, whose names people may see: 1 to 100 characters, in NFC, and without characters that turn the
    /// direction of the text around them.
    ///
    /// # Errors
    /// [`PersonError`] tells which rule a name breaks.
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

    /// The same claims, changed at `now` (`updated_at`).
    #[must_use]
    pub fn updated_at(mut self, now: Timestamp) -> Self {
        self.0.insert("updated_at".to_owned(), now.as_secs().max(0).into());
        self
    }

    /// The claims that are released (OpenID Connect Core §5.4, §5.5): always `sub`, then what is known of that which a
    /// scope or the `claims` parameter asks for, also in the languages that are preferred (§5.2). Nothing is null or
    /// empty.
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

/// The claims about a person in openidconnect's type.
pub type Standard = StandardClaims<CoreGenderClaim>;

/// Who somebody is, beside the stored claims.
#[derive(Clone, Copy)]
pub struct Identity<'a> {
    /// The `sub` that the client knows.
    pub subject: &'a str,
    /// The name to sign in with.
    pub username: &'a str,
    /// The address, and whether it is verified.
    pub email: Option<(&'a str, bool)>,
}

/// What a token or an answer may tell of a person.
#[derive(Clone, Copy)]
pub struct Release<'a> {
    /// The scopes whose claims are released.
    pub scope: &'a Scope,
    /// The single claims that are released beside.
    pub requested: &'a ClaimRequests,
    /// The preferred languages.
    pub locales: &'a [String],
}

impl Release<'_> {
    /// Releases a claim if its scope was granted, or it was asked for with such a value.
    fn put(&self, released: &mut Map<String, Value>, name: &str, scope: &str, value: &Value) {
        let asked = || self.requested.get(name).is_some_and(|request| request.accepts(value));
        if self.scope.contains(scope) || asked() {
            released.insert(name.to_owned(), value.clone());
        }
    }

    /// Releases a claim in another language, where that is preferred and the claim itself is released.
    fn put_tagged(&self, released: &mut Map<String, Value>, tagged: &str, value: &Value) {
        let Some((name, tag)) = tagged.split_once('#') else { return };
        let speaks = |wanted: &String| tag.eq_ignore_ascii_case(wanted) || is_variety(tag, wanted);
        if self.locales.iter().any(speaks) && released.contains_key(name) {
            released.insert(tagged.to_owned(), value.clone());
        }
    }
}

/// Whether a language tag is a variety of a wanted one, as `fr-CA` is of `fr` (RFC 4647 §3.3.1).
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

/// The released claims as the type that the `openidconnect` crate serializes.
///
/// # Errors
/// [`ClaimsError::NotStandard`] where `sub` is missing or a claim has another type.
pub fn standard_claims(released: &Map<String, Value>) -> Result<Standard, ClaimsError> {
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

/// Whether the claim is text that people read in their language (OpenID Connect Core §5.2).
fn is_human(name: &str) -> bool {
    ["name", "given_name", "family_name", "middle_name", "nickname"].contains(&name)
}

/// A language tag, such as `fr-CA` (RFC 5646 §2.1).
pub(super) fn is_locale(text: &str) -> bool {
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
