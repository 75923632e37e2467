//! The profile and its form.

use askama::Template;

use super::Console;
use crate::pages::Page;
use signet_protocol::account::profile::FieldError;

#[derive(Template)]
#[template(path = "account/profile.html")]
pub struct ProfilePage {
    pub page: Page,
    pub console: Console,
    pub fields: Vec<FieldLine>,
    /// The version that the form is made from.
    pub version: i64,
    /// The key of the words for what is wrong with the form.
    pub alert: Option<&'static str>,
    /// True if a field can be changed.
    pub is_form: bool,
}

/// A field of the profile.
#[derive(Clone, Debug)]
pub struct FieldLine {
    /// The name in the form, and the id.
    pub name: &'static str,
    /// The key of its label.
    pub label: &'static str,
    pub value: String,
    /// The value of `autocomplete` (HTML §4.10.18.7).
    pub autocomplete: &'static str,
    /// The key of the words below the field.
    pub hint: Option<&'static str>,
    pub is_editable: bool,
    /// True for text of several lines.
    pub is_long: bool,
    /// The key of the words for its error.
    pub error: Option<&'static str>,
    /// True for the first field with an error.
    pub has_focus: bool,
}

/// The key of the label of a field, and the value of `autocomplete`.
pub fn label(field: &str) -> (&'static str, &'static str) {
    match field {
        "username" => ("username", "username"),
        "name" => ("profile-name", "name"),
        "given_name" => ("profile-given-name", "given-name"),
        "middle_name" => ("profile-middle-name", "additional-name"),
        "family_name" => ("profile-family-name", "family-name"),
        "nickname" => ("profile-nickname", "nickname"),
        "preferred_username" => ("profile-preferred-username", "off"),
        "phone_number" => ("profile-phone", "tel"),
        "locale" => ("profile-locale", "language"),
        "zoneinfo" => ("profile-zoneinfo", "off"),
        "birthdate" => ("profile-birthdate", "bday"),
        "gender" => ("profile-gender", "sex"),
        "picture" => ("profile-picture", "photo"),
        "website" => ("profile-website", "url"),
        "profile" => ("profile-page", "off"),
        "street_address" => ("profile-street", "street-address"),
        "postal_code" => ("profile-postal-code", "postal-code"),
        "locality" => ("profile-locality", "address-level2"),
        "region" => ("profile-region", "address-level1"),
        "country" => ("profile-country", "country-name"),
        _ => ("console-unknown", "off"),
    }
}

/// The key of the words below a field.
pub fn hint(field: &str) -> Option<&'static str> {
    match field {
        "locale" => Some("profile-locale-hint"),
        "zoneinfo" => Some("profile-zoneinfo-hint"),
        "birthdate" => Some("profile-birthdate-hint"),
        "picture" | "website" | "profile" => Some("profile-url-hint"),
        "phone_number" => Some("profile-phone-hint"),
        _ => None,
    }
}

/// The key of the words for an error.
pub fn in_words(error: FieldError) -> &'static str {
    match error {
        FieldError::Length => "profile-error-length",
        FieldError::Character => "profile-error-character",
        FieldError::Space => "profile-error-space",
        FieldError::Url => "profile-error-url",
        FieldError::Birthdate => "profile-error-birthdate",
        FieldError::Zoneinfo => "profile-error-zoneinfo",
        FieldError::Locale => "profile-error-locale",
        FieldError::Phone => "profile-error-phone",
    }
}
