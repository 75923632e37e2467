//! Rules for user names, e-mail addresses and display names. Values are accepted or refused, never truncated or trimmed.
//! They are compared by a key in NFKC and lower case.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// The maximum length of user names and display names, in characters.
pub const MAX_NAME: usize = 100;
/// The maximum length of an e-mail address, in bytes (RFC 5321 §4.5.3.1.3), and of a login name that is looked up.
pub const MAX_EMAIL: usize = 254;

/// The reason why a person's input is refused. Its message appears beside the form field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PersonError {
    #[error("The user name must have 1 to 100 characters.")]
    UsernameLength,
    /// The user name has a control, direction or invisible character.
    #[error("The user name has a character that cannot be used.")]
    UsernameCharacter,
    /// The user name has an `@` and could be mistaken for an address.
    #[error("The user name must not have an @; the e-mail address can be used to sign in as well.")]
    UsernameAt,
    /// A user name or display name begins or ends with white space.
    #[error("There must be no space at the beginning or the end.")]
    SurroundingSpace,
    /// There is not exactly one `@` between two parts, or a character is not allowed in an address.
    #[error("This is not a valid e-mail address.")]
    MalformedEmail,
    #[error("The e-mail address must have at most 254 characters.")]
    EmailLength,
    #[error("The name must have 1 to 100 characters.")]
    DisplayNameLength,
    /// The name has a control, direction or invisible character.
    #[error("The name has a character that cannot be used.")]
    DisplayNameCharacter,
}

/// The name by which a user signs in, in NFC and otherwise as typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Username(String);

impl Username {
    /// Parses a user name of 1 to 100 characters.
    pub fn parse(value: &str) -> Result<Self, PersonError> {
        let value = bounded_nfc(value).ok_or(PersonError::UsernameLength)?;
        if value.chars().any(|c| is_unprintable(c) || is_joiner(c)) {
            return Err(PersonError::UsernameCharacter);
        }
        // A compatibility character that looks like an @ becomes one in the key.
        if canonical(&value).contains('@') {
            return Err(PersonError::UsernameAt);
        }
        refuse_surrounding_space(&value)?;
        Ok(Self(value))
    }

    /// Wraps a stored name, even one that predates the current rules.
    pub fn from_stored(value: String) -> Self {
        Self(value)
    }

    /// Returns the name as typed, for display.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the canonical form, by which names are compared, counted and looked up.
    pub fn key(&self) -> String {
        canonical(&self.0)
    }
}

/// An e-mail address exactly as typed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Parses an e-mail address of at most 254 bytes: one `@` between two parts, none of the `specials` of RFC 5322
    /// §3.2.3, no white space. Quoted local parts are not accepted.
    pub fn parse(value: &str) -> Result<Self, PersonError> {
        if value.len() > MAX_EMAIL {
            return Err(PersonError::EmailLength);
        }
        let special = |c: char| c.is_whitespace() || is_unprintable(c) || is_joiner(c) || "()<>[]:;,\\\"".contains(c);
        let (local, domain) = value.split_once('@').ok_or(PersonError::MalformedEmail)?;
        let domain_legal = domain.chars().all(|c| c.is_alphanumeric() || "-.".contains(c) || !c.is_ascii());
        let dots_legal = [local, domain].iter().all(|part| part.split('.').all(|label| !label.is_empty()));
        if value.chars().any(special) || !domain_legal || !dots_legal {
            return Err(PersonError::MalformedEmail);
        }
        Ok(Self(value.to_owned()))
    }

    /// Returns the address as typed, for display and mail.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the canonical form, by which addresses are compared, counted and looked up.
    pub fn key(&self) -> String {
        canonical(&self.0)
    }
}

/// A person's name in NFC and otherwise as typed, in any script.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct DisplayName(String);

impl DisplayName {
    /// Parses a name of 1 to 100 characters. Joiners are accepted, since Persian and Indic names need them.
    pub fn parse(value: &str) -> Result<Self, PersonError> {
        let value = bounded_nfc(value).ok_or(PersonError::DisplayNameLength)?;
        if value.chars().any(is_unprintable) || value.chars().all(is_joiner) {
            return Err(PersonError::DisplayNameCharacter);
        }
        refuse_surrounding_space(&value)?;
        Ok(Self(value))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! as_string {
    ($($name:ident),*) => {$(
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = PersonError;

            fn try_from(value: String) -> Result<Self, PersonError> {
                Self::parse(&value)
            }
        }
    )*};
}

as_string!(Username, EmailAddress, DisplayName);

/// Returns the canonical form of a login name as typed, or `None` if no user can have it. Surrounding white space is
/// ignored, since phone keyboards add it.
pub fn lookup_key(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let possible = !typed.is_empty() && typed.chars().take(MAX_EMAIL + 1).count() <= MAX_EMAIL;
    (possible && !typed.chars().any(|c| is_unprintable(c) || is_joiner(c))).then(|| canonical(typed))
}

/// Normalizes to NFKC and lower case, so that look-alikes and other cases compare equal.
pub(super) fn canonical(value: &str) -> String {
    let lower = value.nfkc().collect::<String>().to_lowercase();
    lower.nfkc().collect()
}

/// Normalizes to NFC; returns `None` unless the result has 1 to 100 characters.
fn bounded_nfc(value: &str) -> Option<String> {
    let normalized: String = value.nfc().take(MAX_NAME + 1).collect();
    (1..=MAX_NAME).contains(&normalized.chars().count()).then_some(normalized)
}

/// Refuses white space at either end, which is invisible.
fn refuse_surrounding_space(value: &str) -> Result<(), PersonError> {
    if value.trim() == value { Ok(()) } else { Err(PersonError::SurroundingSpace) }
}

/// Returns true for the zero width joiner and non-joiner.
fn is_joiner(c: char) -> bool {
    matches!(c, '\u{200c}' | '\u{200d}')
}

/// Returns true for control, direction and invisible characters except joiners (Unicode Standard Annex 9 §2, Unicode
/// Technical Report 36 §2).
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{ffff}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests;
