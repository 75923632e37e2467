//! Webhooks: servers of an operator that receive security events (RFC 8935), and their subscriptions.

use std::fmt;

use crate::ids::{WebhookId, is_name};

/// Parses the name of a webhook.
pub fn parse_id(text: &str) -> Option<WebhookId> {
    WebhookId::parse(text).filter(|_| is_name(text))
}

/// A subscription to events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// `*`: all events.
    All,
    /// Events whose name begins with this word and a dot.
    Group(String),
    /// The event of this name.
    Event(String),
}

impl Pattern {
    /// Parses `*`, a group such as `user.*` or a name such as `user.disabled`. The pattern must cover at least one of
    /// the `known` events.
    pub fn parse(text: &str, known: &[&str]) -> Option<Self> {
        let pattern = match text.strip_suffix(".*") {
            _ if text == "*" => Self::All,
            Some(group) => Self::Group(group.to_owned()),
            None => Self::Event(text.to_owned()),
        };
        known.iter().any(|event| pattern.covers(event)).then_some(pattern)
    }

    /// Returns true if the pattern covers the event.
    pub fn covers(&self, event: &str) -> bool {
        match self {
            Self::All => true,
            Self::Group(group) => event.strip_prefix(group.as_str()).is_some_and(|rest| rest.starts_with('.')),
            Self::Event(name) => name == event,
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Group(group) => write!(f, "{group}.*"),
            Self::Event(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["login", "login.new_device", "user.added", "user.disabled"];

    #[test]
    fn a_pattern_covers_its_events() {
        let rows: [(&str, &[&str]); 5] = [
            ("*", &KNOWN),
            ("login", &["login"]),
            ("login.*", &["login.new_device"]),
            ("user.*", &["user.added", "user.disabled"]),
            ("user.added", &["user.added"]),
        ];
        for (text, covered) in rows {
            let pattern = Pattern::parse(text, &KNOWN).expect(text);
            assert_eq!(KNOWN.into_iter().filter(|event| pattern.covers(event)).collect::<Vec<_>>(), covered, "{text}");
            assert_eq!(pattern.to_string(), text);
        }
    }

    #[test]
    fn a_pattern_without_an_event_is_refused() {
        for text in ["", "*.*", ".*", "user", "us.*", "user.*.*", "user.gone", "**", "login ", "LOGIN"] {
            assert_eq!(Pattern::parse(text, &KNOWN), None, "{text:?}");
        }
    }

    #[test]
    fn a_name_is_short_and_plain() {
        for good in ["siem", "a", "siem-2_eu.west", &"x".repeat(64)] {
            assert!(parse_id(good).is_some(), "{good}");
        }
        for bad in ["", " ", "a b", "a/b", "\u{e9}", "a\n", &"x".repeat(65)] {
            assert!(parse_id(bad).is_none(), "{bad:?}");
        }
    }
}
