//! Personal access tokens: how many a person may make, and for what. They are bearer tokens (RFC 6750), so they are for
//! few resources and scopes and last for a short time (§5.3).

use super::person::{DisplayName, PersonError};
use crate::scope::Scope;
use crate::time::{Span, Timestamp};

/// The lifetimes that the form offers, if the policy allows them.
const LIFETIMES: [Span; 5] =
    [Span::from_days(1), Span::from_days(7), Span::from_days(30), Span::from_days(90), Span::from_days(365)];
/// The milliseconds of a day.
const DAY: i64 = 86_400_000;

/// The number of tokens that a person may make. It counts what was made: revoking a token makes no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// In a day (UTC).
    pub per_day: u32,
    /// The minimum time between two tokens.
    pub cooldown: Span,
}

/// The tokens that a person has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The day of the last one, counted from the epoch.
    pub day: i64,
    /// The number on that day.
    pub number: i64,
    pub last_at: Timestamp,
}

impl Quota {
    /// Returns the day (UTC) of a time, counted from the epoch.
    pub const fn day(at: Timestamp) -> i64 {
        at.as_millis().div_euclid(DAY)
    }

    /// Returns the time at which the next token can be made, if it is not now.
    pub fn next(&self, made: Option<Made>, now: Timestamp) -> Option<Timestamp> {
        let made = made?;
        let mut next = made.last_at.plus(self.cooldown);
        if made.day >= Self::day(next) && made.number >= i64::from(self.per_day) {
            next = Timestamp::from_millis(made.day.saturating_add(1).saturating_mul(DAY));
        }
        (next > now).then_some(next)
    }
}

/// What a token is wanted for, as typed.
#[derive(Clone, Debug)]
pub struct Wish<'a> {
    pub name: &'a str,
    pub scopes: Vec<&'a str>,
    pub resources: Vec<&'a str>,
    /// The lifetime in seconds; without one, the longest.
    pub lifetime: Option<&'a str>,
}

/// What a token may be for.
#[derive(Clone, Debug)]
pub struct Offer<'a> {
    pub scopes: &'a [String],
    pub resources: &'a [String],
    pub lifetime: Span,
}

/// The reason why a token is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WishError {
    Name(PersonError),
    /// No resource, or one that does not exist.
    Resource,
    /// A scope that is not offered.
    Scope,
    Lifetime,
}

/// A token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    pub name: String,
    pub scope: Scope,
    pub resources: Vec<String>,
    pub lifetime: Span,
}

impl Offer<'_> {
    /// Returns the lifetimes that can be chosen, the longest last.
    pub fn lifetimes(&self) -> Vec<Span> {
        let mut all: Vec<Span> = LIFETIMES.into_iter().filter(|span| *span < self.lifetime).collect();
        all.push(self.lifetime);
        all
    }

    /// Returns the token for a wish, or everything that is wrong with it.
    pub fn grant(&self, wish: &Wish<'_>) -> Result<Granted, Vec<WishError>> {
        let mut errors = Vec::new();
        let name = DisplayName::parse(wish.name).map_err(|error| errors.push(WishError::Name(error)));
        let offered = |list: &[String], one: &str| list.iter().any(|held| held == one);
        if wish.resources.is_empty() || !wish.resources.iter().all(|one| offered(self.resources, one)) {
            errors.push(WishError::Resource);
        }
        if !wish.scopes.iter().all(|one| offered(self.scopes, one)) {
            errors.push(WishError::Scope);
        }
        let lifetime = match wish.lifetime {
            None => Some(self.lifetime),
            Some(seconds) => self.lifetimes().into_iter().find(|span| span.as_secs().to_string() == seconds),
        };
        if lifetime.is_none() {
            errors.push(WishError::Lifetime);
        }
        let scope = Scope::parse_stored(&wish.scopes.join(" "));
        match (name, scope, lifetime) {
            (Ok(name), Ok(scope), Some(lifetime)) if errors.is_empty() => {
                let mut resources: Vec<String> = wish.resources.iter().map(|one| (*one).to_owned()).collect();
                resources.sort();
                resources.dedup();
                Ok(Granted { name: name.into(), scope, resources, lifetime })
            }
            _ => Err(errors),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUOTA: Quota = Quota { per_day: 2, cooldown: Span::from_hours(12) };

    #[test]
    fn the_next_token_is_possible_after_the_cooldown_and_the_day() {
        let at = |day: i64, hours: i64| Timestamp::from_millis(day * DAY).plus(Span::from_hours(hours));
        let made = |number, day, hours| Some(Made { day, number, last_at: at(day, hours) });
        let rows = [
            ("the first", None, at(10, 1), None),
            ("in the cooldown", made(1, 10, 1), at(10, 2), Some(at(10, 13))),
            ("after it", made(1, 10, 1), at(10, 13), None),
            ("the third of a day", made(2, 10, 13), at(10, 14), Some(at(11, 1))),
            ("the cooldown is longer than the day", made(2, 10, 20), at(10, 21), Some(at(11, 8))),
            ("the second late in the day", made(1, 10, 20), at(11, 7), Some(at(11, 8))),
        ];
        for (rule, made, now, expected) in rows {
            assert_eq!(QUOTA.next(made, now), expected, "{rule}");
        }
        let many = Quota { per_day: 2, cooldown: Span::from_hours(0) };
        assert_eq!(many.next(made(2, 10, 13), at(10, 14)), Some(at(11, 0)));
    }

    #[test]
    fn a_token_is_for_what_is_offered_alone() {
        let scopes = ["orders".to_owned(), "read".to_owned()];
        let resources = ["https://api.example".to_owned()];
        let offer = Offer { scopes: &scopes, resources: &resources, lifetime: Span::from_days(7) };
        let wish = |name, scopes, resources, lifetime| offer.grant(&Wish { name, scopes, resources, lifetime });
        let api = || vec!["https://api.example"];
        let granted = wish("backup", vec!["read"], api(), Some("86400")).unwrap();
        assert_eq!((granted.scope.to_string().as_str(), granted.lifetime), ("read", Span::from_days(1)));
        assert_eq!(wish("x", vec![], api(), None).unwrap().lifetime, Span::from_days(7));
        let rows = [
            ("a name", wish("", vec![], api(), None), vec![WishError::Name(PersonError::DisplayNameLength)]),
            ("no resource", wish("x", vec![], vec![], None), vec![WishError::Resource]),
            ("another resource", wish("x", vec![], vec!["https://x.example"], None), vec![WishError::Resource]),
            ("another scope", wish("x", vec!["openid"], api(), None), vec![WishError::Scope]),
            ("too long", wish("x", vec![], api(), Some("31536000")), vec![WishError::Lifetime]),
            (
                "two at once",
                wish("x", vec!["signet:user:read"], vec![], None),
                vec![WishError::Resource, WishError::Scope],
            ),
        ];
        for (rule, found, expected) in rows {
            assert_eq!(found, Err(expected), "{rule}");
        }
    }
}
