//! The profile that people edit themselves: the standard claims (OpenID Connect Core §5.1) that a policy opens to them.
//! Everything else in a form is ignored, so that neither roles, `sub`, attributes nor the verification of an address
//! can be set with it.

use serde_json::{Map, Value};

use super::person::{DisplayName, PersonError, is_unprintable};
use crate::claims::standard::PersonClaims;
use crate::claims::values::{is_birthdate, is_locale, is_web_url, is_zoneinfo};

/// What people may do with a field of their profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldPolicy {
    /// They do not see it.
    Off,
    /// They see it.
    Read,
    /// They change it.
    Edit,
}

/// The form of a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Name,
    Url,
    Birthdate,
    Zoneinfo,
    Locale,
    Phone,
}

/// The claims that are one text, in the order of the page.
pub const FIELDS: [(&str, FieldKind); 14] = [
    ("name", FieldKind::Name),
    ("given_name", FieldKind::Name),
    ("middle_name", FieldKind::Name),
    ("family_name", FieldKind::Name),
    ("nickname", FieldKind::Name),
    ("preferred_username", FieldKind::Name),
    ("phone_number", FieldKind::Phone),
    ("locale", FieldKind::Locale),
    ("zoneinfo", FieldKind::Zoneinfo),
    ("birthdate", FieldKind::Birthdate),
    ("gender", FieldKind::Name),
    ("picture", FieldKind::Url),
    ("website", FieldKind::Url),
    ("profile", FieldKind::Url),
];

/// The name of the claim that has several parts, and of its policy.
pub const ADDRESS: &str = "address";
/// The parts of an address that are typed. `formatted` follows from them.
pub const ADDRESS_PARTS: [&str; 5] = ["street_address", "postal_code", "locality", "region", "country"];
/// The maximum length of a part of an address, in characters.
const MAX_PART: usize = 200;

/// The reason why a field is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    Length,
    /// A control, direction or invisible character.
    Character,
    /// White space at the beginning or the end.
    Space,
    Url,
    Birthdate,
    Zoneinfo,
    Locale,
    Phone,
}

/// A field that is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    pub field: &'static str,
    pub error: FieldError,
}

/// The profile after an edit.
///
/// `typed` is the text of a field in the form; a field that is missing there stays as it is, and an empty one is
/// removed. A text that is the held one is not checked again. Another phone number is unverified.
///
/// # Errors
/// Every field that is refused.
pub fn edited<'t>(
    held: &PersonClaims,
    policy: impl Fn(&str) -> FieldPolicy,
    typed: impl Fn(&str) -> Option<&'t str>,
) -> Result<PersonClaims, Vec<Refused>> {
    let mut claims: Map<String, Value> = held.clone().into();
    let mut refused = Vec::new();
    for (name, kind) in FIELDS {
        let text =
            typed(name).filter(|text| policy(name) == FieldPolicy::Edit && *text != held.get(name).unwrap_or(""));
        let Some(text) = text else { continue };
        if text.is_empty() {
            claims.remove(name);
        } else {
            match checked(text, kind) {
                Ok(value) => drop(claims.insert(name.to_owned(), value.into())),
                Err(error) => refused.push(Refused { field: name, error }),
            }
        }
        if kind == FieldKind::Phone {
            note_unverified(&mut claims);
        }
    }
    if policy(ADDRESS) == FieldPolicy::Edit {
        match edited_address(held.value(ADDRESS).and_then(Value::as_object), typed) {
            Ok(AddressEdit::Unchanged) => {}
            Ok(AddressEdit::Removed) => drop(claims.remove(ADDRESS)),
            Ok(AddressEdit::Replaced(address)) => drop(claims.insert(ADDRESS.to_owned(), address.into())),
            Err(parts) => refused.extend(parts),
        }
    }
    if !refused.is_empty() {
        return Err(refused);
    }
    // Each value has been checked.
    PersonClaims::try_from(claims).map_err(|_| Vec::new())
}

/// Another phone number has not been verified, and none cannot be.
fn note_unverified(claims: &mut Map<String, Value>) {
    if claims.contains_key("phone_number") {
        claims.insert("phone_number_verified".to_owned(), false.into());
    } else {
        claims.remove("phone_number_verified");
    }
}

fn checked(text: &str, kind: FieldKind) -> Result<String, FieldError> {
    let accept = |is_legal: bool, error: FieldError| if is_legal { Ok(text.to_owned()) } else { Err(error) };
    match kind {
        FieldKind::Name => match DisplayName::parse(text) {
            Ok(name) => Ok(name.into()),
            Err(PersonError::SurroundingSpace) => Err(FieldError::Space),
            Err(PersonError::DisplayNameCharacter) => Err(FieldError::Character),
            Err(_) => Err(FieldError::Length),
        },
        FieldKind::Url => accept(is_web_url(text) && !text.chars().any(is_unprintable), FieldError::Url),
        FieldKind::Birthdate => accept(is_birthdate(text), FieldError::Birthdate),
        FieldKind::Zoneinfo => accept(is_zoneinfo(text), FieldError::Zoneinfo),
        FieldKind::Locale => accept(is_locale(text), FieldError::Locale),
        FieldKind::Phone => accept(is_phone(text), FieldError::Phone),
    }
}

/// Accepts 5 to 15 digits (ITU-T E.164), with the marks that people write between them.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let legal = |c: char| c.is_ascii_digit() || " -.()/".contains(c);
    (5..=15).contains(&digits) && text.len() <= 32 && rest.chars().all(legal) && text.trim() == text
}

enum AddressEdit {
    Unchanged,
    Removed,
    Replaced(Map<String, Value>),
}

fn edited_address<'t>(
    held: Option<&Map<String, Value>>,
    typed: impl Fn(&str) -> Option<&'t str>,
) -> Result<AddressEdit, Vec<Refused>> {
    let before = |part: &str| held.and_then(|held| held.get(part)).and_then(Value::as_str).unwrap_or_default();
    // Browsers send line breaks as CR and LF (HTML §4.10.21.8).
    let after = |part: &str| typed(part).map_or_else(|| before(part).to_owned(), |text| text.replace("\r\n", "\n"));
    let parts: Vec<(&'static str, String)> = ADDRESS_PARTS.into_iter().map(|part| (part, after(part))).collect();
    if parts.iter().all(|(part, text)| text == before(part)) {
        return Ok(AddressEdit::Unchanged);
    }
    let refused: Vec<Refused> = parts
        .iter()
        .filter(|(part, text)| text != before(part))
        .filter_map(|(field, text)| Some(Refused { field, error: part_error(text)? }))
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut address: Map<String, Value> = parts.iter().filter(|(_, text)| !text.is_empty()).map(member).collect();
    if address.is_empty() {
        return Ok(AddressEdit::Removed);
    }
    address.insert("formatted".to_owned(), formatted(&parts).into());
    Ok(AddressEdit::Replaced(address))
}

fn member((part, text): &(&'static str, String)) -> (String, Value) {
    ((*part).to_owned(), text.as_str().into())
}

/// The address on lines of their own: street, postal code with locality, region, country.
fn formatted(parts: &[(&'static str, String)]) -> String {
    let part = |name: &str| parts.iter().find(|(part, _)| *part == name).map_or("", |(_, text)| text.as_str());
    let town = [part("postal_code"), part("locality")].join(" ");
    let lines = [part("street_address"), town.trim(), part("region"), part("country")];
    lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn part_error(text: &str) -> Option<FieldError> {
    if text.chars().count() > MAX_PART {
        Some(FieldError::Length)
    } else if text.chars().any(|c| is_unprintable(c) && c != '\n') {
        Some(FieldError::Character)
    } else if text.trim() != text {
        Some(FieldError::Space)
    } else {
        None
    }
}

#[cfg(test)]
mod tests;
