//! Points in time and time spans, in the units of the standards (NumericDate, RFC 7519 §2) and of the database. Reading
//! a clock is left to others: every rule takes `now` as a parameter.

use std::fmt;

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use serde::{Deserialize, Serialize};

/// A point in time in UTC milliseconds since the Unix epoch, the unit of the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Converts a NumericDate (RFC 7519 §2), saturating.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Parses an RFC 3339 time, or a date, which is its start in UTC.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(day) = text.parse::<NaiveDate>() {
            return Some(Self(day.and_time(NaiveTime::MIN).and_utc().timestamp_millis()));
        }
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp_millis()))
    }

    /// Returns milliseconds since the Unix epoch.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since the Unix epoch, rounded down: a NumericDate (RFC 7519 §2).
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Converts to chrono; the epoch where chrono has no such date.
    pub fn to_chrono(self) -> DateTime<Utc> {
        Utc.timestamp_millis_opt(self.0).single().unwrap_or_default()
    }

    /// Adds a span, saturating.
    #[must_use]
    pub const fn plus(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// Subtracts a span, saturating.
    #[must_use]
    pub const fn minus(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }

    /// Returns true if this and `now` are less than `age` apart in either direction. Of two concurrent requests the one
    /// served later may have an earlier `now`, so a time may be slightly in the future; a time written before the clock
    /// was set back is further ahead.
    pub fn is_within(self, age: Span, now: Self) -> bool {
        now.since(self) < age && self.since(now) < age
    }

    /// Returns the span since `earlier`, negative if that is later.
    pub const fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

/// A time span in milliseconds. It serializes as a number with `s`, `m`, `h` or `d`, as in settings.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(i64);

impl Span {
    pub const ZERO: Self = Self(0);

    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    pub const fn from_minutes(minutes: i64) -> Self {
        Self::from_secs(minutes.saturating_mul(60))
    }

    pub const fn from_hours(hours: i64) -> Self {
        Self::from_minutes(hours.saturating_mul(60))
    }

    /// Converts days of 24 hours.
    pub const fn from_days(days: i64) -> Self {
        Self::from_hours(days.saturating_mul(24))
    }

    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Returns whole seconds, rounded down.
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Parses `10m`, `24h` or `600`, which are seconds.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let n = i64::from(digits.parse::<u32>().ok()?);
        match text.strip_prefix(digits)? {
            "" | "s" => Some(Self::from_secs(n)),
            "m" => Some(Self::from_minutes(n)),
            "h" => Some(Self::from_hours(n)),
            "d" => Some(Self::from_days(n)),
            _ => None,
        }
    }

    /// Adds both spans, saturating.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl From<Span> for std::time::Duration {
    fn from(span: Span) -> Self {
        Self::from_millis(u64::try_from(span.0).unwrap_or(0))
    }
}

impl std::fmt::Display for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const UNITS: [(i64, &str); 4] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
        match UNITS.iter().find(|(unit, _)| self.0 >= *unit && self.0 % unit == 0) {
            Some((unit, name)) => write!(f, "{}{name}", self.0 / unit),
            None if self.0 == 0 => f.write_str("0s"),
            None => write!(f, "{}ms", self.0),
        }
    }
}

impl std::fmt::Debug for Span {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

impl Serialize for Span {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Returns whole seconds, rounded up and at least 1.
pub fn seconds_up(span: Span) -> i64 {
    (span.as_millis().saturating_add(999) / 1_000).max(1)
}

/// Formats a waiting time for people, rounded up: seconds up to two minutes, minutes up to two hours, then hours.
pub fn format_wait(wait: Span) -> String {
    Amount::of_wait(wait).to_string()
}

/// A number of a unit of time, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount {
    pub count: i64,
    /// `second`, `minute`, `hour` or `day`.
    pub unit: &'static str,
}

impl Amount {
    /// Rounds a waiting time up.
    pub fn of_wait(wait: Span) -> Self {
        let seconds = seconds_up(wait);
        let up = |unit: i64| seconds.saturating_add(unit - 1) / unit;
        match seconds {
            ..=1 => Self { count: 1, unit: "second" },
            2..=119 => Self { count: seconds, unit: "second" },
            120..=7_199 => Self { count: up(60), unit: "minute" },
            _ => Self { count: up(3_600), unit: "hour" },
        }
    }

    /// Expresses a lifetime in its largest whole unit.
    pub fn of_lifetime(span: Span) -> Self {
        let minutes = span.as_secs().max(60) / 60;
        match minutes {
            days if days % (24 * 60) == 0 => Self { count: days / (24 * 60), unit: "day" },
            hours if hours % 60 == 0 => Self { count: hours / 60, unit: "hour" },
            minutes => Self { count: minutes, unit: "minute" },
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, unit } = self;
        write!(out, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
}

/// Formats a lifetime for people, in its largest whole unit.
pub fn format_lifetime(span: Span) -> String {
    Amount::of_lifetime(span).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_within_a_span_of_now_on_either_side() {
        let now = Timestamp::from_secs(1_000_000);
        let rows = [(0, true), (-59, true), (-60, false), (59, true), (60, false), (86_400, false), (-86_400, false)];
        for (seconds, expected) in rows {
            let past = now.plus(Span::from_secs(seconds));
            assert_eq!(past.is_within(Span::from_secs(60), now), expected, "{seconds}");
        }
    }

    #[test]
    fn a_waiting_time_is_formatted_for_people() {
        let rows = [
            (0, "1 second"),
            (1, "1 second"),
            (1_001, "2 seconds"),
            (119_000, "119 seconds"),
            (119_001, "2 minutes"),
            (121_000, "3 minutes"),
            (3_600_000, "60 minutes"),
            (7_200_000, "2 hours"),
            (7_200_001, "3 hours"),
        ];
        for (millis, words) in rows {
            assert_eq!(format_wait(Span::from_millis(millis)), words, "{millis}");
        }
    }

    #[test]
    fn a_lifetime_is_named_in_its_largest_whole_unit() {
        let rows = [
            (30 * 86_400, "30 days"),
            (86_400, "1 day"),
            (36 * 3600, "36 hours"),
            (5400, "90 minutes"),
            (1, "1 minute"),
        ];
        for (secs, words) in rows {
            assert_eq!(format_lifetime(Span::from_secs(secs)), words);
        }
    }
}
