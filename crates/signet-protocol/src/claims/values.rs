//! The claims about a person that are stored, and the form of their values (OpenID Connect Core §5.1, §5.4).

use chrono::NaiveDate;
use serde_json::{Map, Value};
use url::Url;

use crate::jose::jws::numeric_date;

/// The maximum length of text or a URL in a claim, in bytes.
pub const MAX_TEXT: usize = 2048;

/// The form of a claim's value.
#[derive(Clone, Copy)]
pub(crate) enum Format {
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
pub(crate) const STORED: [(&str, Format, &str); 17] = [
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

/// Returns true for a claim that is stored with a person.
pub(crate) fn is_stored(name: &str) -> bool {
    STORED.iter().any(|(stored, _, _)| *stored == name)
}

/// The claims of the scope `email`, which are stored elsewhere.
const EMAIL: [&str; 2] = ["email", "email_verified"];

/// Returns true for a claim about a person that this server supports (OpenID Connect Core §5.1).
pub fn is_person_claim(name: &str) -> bool {
    scope_of(name).is_some()
}

/// Returns the scope that releases a claim about a person (OpenID Connect Core §5.4).
pub fn scope_of(name: &str) -> Option<&'static str> {
    if EMAIL.contains(&name) {
        return Some("email");
    }
    STORED.iter().find(|(stored, _, _)| *stored == name).map(|(_, _, scope)| *scope)
}

/// The members of `address` (OpenID Connect Core §5.1.1).
const ADDRESS: [&str; 6] = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

/// Returns true if the value of a claim has its format.
pub(crate) fn has_format(claims: &Map<String, Value>, name: &str, value: &Value, format: Format) -> bool {
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

/// Accepts one line of text that is not blank.
fn is_line(text: &str) -> bool {
    is_text(text) && !text.chars().any(char::is_control)
}

/// Accepts text of bounded length that is not blank.
fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= MAX_TEXT
}

/// Accepts an `http` or `https` URL in the form of the URL Standard.
pub(crate) fn is_web_url(text: &str) -> bool {
    let absolute = text.starts_with("https://") || text.starts_with("http://");
    let legal = text.len() <= MAX_TEXT && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    absolute && legal && Url::parse(text).is_ok_and(|url| url.has_host())
}

/// Accepts `YYYY-MM-DD`, `0000-MM-DD` where the year is omitted, and `YYYY` (OpenID Connect Core §5.1).
pub(crate) fn is_birthdate(text: &str) -> bool {
    let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    match shape.as_str() {
        "0000-00-00" => NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok(),
        "0000" => text != "0000",
        _ => false,
    }
}

/// Accepts the name of a time zone, such as `Europe/Paris`.
pub(crate) fn is_zoneinfo(text: &str) -> bool {
    let legal = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+-".contains(&b));
    text.len() <= 64 && text.split('/').all(legal)
}

/// Returns true if the claim is text that people read in their language (OpenID Connect Core §5.2).
pub(crate) fn is_human(name: &str) -> bool {
    ["name", "given_name", "family_name", "middle_name", "nickname"].contains(&name)
}

/// Accepts a language tag, such as `fr-CA` (RFC 5646 §2.1).
pub fn is_locale(text: &str) -> bool {
    let legal = |tag: &str| (1..=8).contains(&tag.len()) && tag.bytes().all(|b| b.is_ascii_alphanumeric());
    text.len() <= 64 && text.split('-').all(legal) && text.starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Accepts an address with at least one member. Line feeds separate its lines.
fn is_address(members: &Map<String, Value>) -> bool {
    let legal = |c: char| !c.is_control() || matches!(c, '\r' | '\n');
    let is_lines = |value: &Value| value.as_str().is_some_and(|text| is_text(text) && text.chars().all(legal));
    !members.is_empty() && members.iter().all(|(name, value)| ADDRESS.contains(&name.as_str()) && is_lines(value))
}
