//! The languages of pages and mails, and the choice among them (RFC 4647 §3.4, RFC 9110 §12.5.4, OpenID Connect Core
//! §3.1.2.1).

use serde::Serialize;

use crate::time::Timestamp;

/// The maximum number of language ranges that are read from a list; the rest is ignored.
const MAX_RANGES: usize = 32;

/// A language with a catalog of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Language {
    #[default]
    #[serde(rename = "en")]
    English,
    #[serde(rename = "de")]
    German,
    #[serde(rename = "fr")]
    French,
    #[serde(rename = "es")]
    Spanish,
    #[serde(rename = "ja")]
    Japanese,
    #[serde(rename = "ar")]
    Arabic,
}

impl Language {
    pub const ALL: [Self; 6] = [Self::English, Self::German, Self::French, Self::Spanish, Self::Japanese, Self::Arabic];

    /// The language tag (RFC 5646).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
            Self::French => "fr",
            Self::Spanish => "es",
            Self::Japanese => "ja",
            Self::Arabic => "ar",
        }
    }

    /// The name of the language in itself.
    pub fn endonym(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::German => "Deutsch",
            Self::French => "Français",
            Self::Spanish => "Español",
            Self::Japanese => "日本語",
            Self::Arabic => "العربية",
        }
    }

    /// Returns true for a language that is written from right to left.
    pub fn is_right_to_left(self) -> bool {
        self == Self::Arabic
    }

    /// Returns the language of a tag, whatever its script or region: `de-CH` is German (RFC 4647 §3.4). Some systems
    /// write an underscore.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Returns the first known language of tags separated by spaces, such as `ui_locales` (OpenID Connect Core
    /// §3.1.2.1).
    pub fn of_list(tags: &str) -> Option<Self> {
        tags.split(' ').take(MAX_RANGES).find_map(Self::of_tag)
    }

    /// Returns the known language with the greatest weight in an `Accept-Language` field; of equal ones the first.
    pub fn of_accepted(field: &str) -> Option<Self> {
        let ranges = field.split(',').take(MAX_RANGES).filter_map(weighted);
        let known = ranges.filter_map(|(range, weight)| Some((Self::of_tag(range)?, weight)));
        // `max_by_key` returns the last of equal elements, so the order is reversed.
        let known: Vec<(Self, u16)> = known.filter(|(_, weight)| *weight > 0).collect();
        known.into_iter().rev().max_by_key(|(_, weight)| *weight).map(|(language, _)| language)
    }
}

/// A language range and its weight in thousandths (RFC 9110 §12.4.2). A malformed weight counts as zero.
fn weighted(element: &str) -> Option<(&str, u16)> {
    let mut parts = element.split(';').map(str::trim);
    let range = parts.next().filter(|range| !range.is_empty())?;
    let Some(weight) = parts.next() else { return Some((range, 1000)) };
    let value = weight.strip_prefix("q=").or_else(|| weight.strip_prefix("Q="));
    let value = value.and_then(|value| value.parse::<f32>().ok()).filter(|value| (0.0..=1.0).contains(value));
    // At most 1000, so that nothing is cut off.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let thousandths = value.map_or(0, |value| (value * 1000.0).round() as u16);
    Some((range, thousandths))
}

/// A choice in the language menu of a page, which the browser keeps in a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub language: Language,
    pub at: Timestamp,
}

impl Choice {
    /// Parses the value of the cookie: the tag and the time in seconds, such as `de.1790000000`.
    pub fn parse(value: &str) -> Option<Self> {
        let (tag, at) = value.split_once('.')?;
        let language = Language::ALL.into_iter().find(|language| language.tag() == tag)?;
        let seconds = at.parse().ok().filter(|seconds| (0..=i64::from(u32::MAX)).contains(seconds))?;
        Some(Self { language, at: Timestamp::from_secs(seconds) })
    }

    /// Returns the value of the cookie.
    pub fn to_cookie(self) -> String {
        format!("{}.{}", self.language.tag(), self.at.as_secs())
    }
}

/// The languages that an authorization request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    pub ui_locales: String,
    /// The time at which the request arrived.
    pub at: Timestamp,
}

/// The wishes about the language of a page, the strongest first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wishes<'a> {
    /// The request for which the page is shown.
    pub requested: Option<&'a Requested>,
    /// The claim `locale` of the signed-in person.
    pub locale: Option<&'a str>,
    /// A choice outweighs a request that arrived before it, since the page that offered the choice showed the
    /// request's language.
    pub choice: Option<Choice>,
    /// The field `Accept-Language`.
    pub accepted: Option<&'a str>,
}

impl Wishes<'_> {
    /// Returns the language of the strongest wish for a known one.
    pub fn language(self, default: Language) -> Language {
        let chosen = self.choice.map(|choice| choice.language);
        let since = self.requested.map_or(Timestamp::from_secs(0), |requested| requested.at);
        // The cookie counts whole seconds.
        let latest = self.choice.filter(|choice| self.requested.is_some() && choice.at.as_secs() >= since.as_secs());
        latest
            .map(|choice| choice.language)
            .or_else(|| Language::of_list(&self.requested?.ui_locales))
            .or_else(|| Language::of_tag(self.locale?))
            .or(chosen)
            .or_else(|| Language::of_accepted(self.accepted?))
            .unwrap_or(default)
    }
}

#[cfg(test)]
mod tests;
