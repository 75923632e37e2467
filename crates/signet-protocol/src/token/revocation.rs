//! Revocations of unexpired tokens (RFC 7009): of single tokens and grants by id, and cut-offs that void everything
//! issued before a point in time, which may be in the future. This module has the in-memory set and its lookup; loading
//! it is left to others.

use std::collections::HashMap;

use super::access_token::TokenFacts;
use crate::ids::{ClientId, RealmId, TokenId, UserId};
use crate::time::{Span, Timestamp};

/// The kind of thing that a revocation applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Target {
    /// One access token, by `jti`.
    Token,
    /// A grant and everything issued from it, by `grant_id`.
    Family,
    /// A session and everything issued in it, by `sid`.
    Session,
    /// Everything that a user has granted to a client, by [`consent_subject`].
    Consent,
    /// Everything issued for a user.
    User,
    /// Everything issued to a client.
    Client,
    /// Everything in a realm.
    Realm,
}

impl Target {
    /// Every kind. A node that reads a row with an unknown target answers 503, so a release must be able to read a new
    /// kind before a later one writes it.
    pub const ALL: [Self; 7] =
        [Self::Token, Self::Family, Self::Session, Self::Consent, Self::User, Self::Client, Self::Realm];

    /// Returns the value in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Family => "family",
            Self::Session => "session",
            Self::Consent => "consent",
            Self::User => "user",
            Self::Client => "client",
            Self::Realm => "realm",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// Builds the subject of [`Target::Consent`]. Ids contain no spaces, so the result is unique.
pub fn consent_subject(user: &UserId, client: &ClientId) -> String {
    format!("{user} {client}")
}

/// The reason that an operator gives for a revocation, for the audit log: one line of at most [`Reason::MAX`]
/// characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reason(String);

impl Reason {
    /// The maximum length, in characters.
    pub const MAX: usize = 200;

    /// Accepts a reason, which may be empty. Returns `None` if it is too long or has a control character.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = text.chars().count() <= Self::MAX && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Joins the target and the reason in the form of the audit log.
    pub fn about(&self, what: &str) -> String {
        if self.0.is_empty() { what.to_owned() } else { format!("{what}: {}", self.0) }
    }
}

/// Returns the time until which the denylist must keep an access token known only by its `jti`: the longest lifetime of
/// a token of this age. Returns `None` if the id was not made by this server or its time is in the future.
pub fn end_of_life(jti: &TokenId, longest: Span, skew: Span, now: Timestamp) -> Option<Timestamp> {
    let issued_at = jti.issued_at().filter(|at| *at <= now.plus(skew) && at.as_millis() >= 0)?;
    Some(issued_at.plus(longest).plus(skew))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    pub realm: RealmId,
    pub target: Target,
    pub subject: String,
    /// Everything issued up to this point is void. A token, a family or a session is void in any case.
    pub not_before: Timestamp,
    /// The time from which no affected token can be valid any more.
    pub expires_at: Timestamp,
}

/// The revocations in force. Lookups on the request path do not allocate.
#[derive(Debug, Default)]
pub struct Revocations {
    /// The cut-off and the expiry of each subject.
    entries: HashMap<RealmId, HashMap<Target, HashMap<String, (Timestamp, Timestamp)>>>,
    count: usize,
    /// The number of entries after the last sweep.
    kept: usize,
}

/// The number of entries, beyond twice those kept by the last sweep, that triggers the next one. It avoids a sweep for
/// every revocation of a burst.
const SLACK: usize = 1000;

impl Revocations {
    /// Adds a revocation. Of two for one subject, the stricter applies.
    pub fn add(&mut self, revocation: Revocation) {
        let Revocation { realm, target, subject, not_before, expires_at } = revocation;
        let count = &mut self.count;
        let fresh = || {
            *count += 1;
            (not_before, expires_at)
        };
        let subjects = self.entries.entry(realm).or_default().entry(target).or_default();
        let entry = subjects.entry(subject).or_insert_with(fresh);
        entry.0 = entry.0.max(not_before);
        entry.1 = entry.1.max(expires_at);
    }

    /// Drops revocations that cannot affect any token.
    pub fn sweep(&mut self, now: Timestamp) {
        let subjects = self.entries.values_mut().flat_map(HashMap::values_mut);
        self.count = subjects
            .map(|subjects| {
                subjects.retain(|_, (_, expires_at)| *expires_at > now);
                subjects.len()
            })
            .sum();
        self.kept = self.count;
    }

    /// Sweeps if enough revocations were added since the last sweep to amortize its cost.
    pub fn sweep_if_grown(&mut self, now: Timestamp) {
        if self.count > self.kept.saturating_mul(2).saturating_add(SLACK) {
            self.sweep(now);
        }
    }

    pub fn len(&self) -> usize {
        self.count
    }

    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Returns true if this token is revoked, directly or by any cut-off.
    pub fn cover(&self, token: &TokenFacts) -> bool {
        if self.is_empty() {
            return false;
        }
        let claims = &token.claims;
        let hit = |target, subject: &str| self.is_void(&token.realm, target, subject, token.issued_at);
        let named = |target, subject: &str| self.names(&token.realm, target, subject);
        named(Target::Token, claims.jti.as_str())
            || claims.grant_id.as_ref().is_some_and(|family| named(Target::Family, family.as_str()))
            || token.session.as_ref().is_some_and(|session| named(Target::Session, session.as_str()))
            || token.user.as_ref().is_some_and(|user| {
                hit(Target::User, user.as_str()) || hit(Target::Consent, &consent_subject(user, &claims.client_id))
            })
            || hit(Target::Client, claims.client_id.as_str())
            || hit(Target::Realm, token.realm.as_str())
            || self.ends_its_session(token)
    }

    /// Returns true if a cut-off of the realm is later than the login of the token's session. The session had ended by
    /// then, even if the token was issued while the cut-off was still propagating.
    fn ends_its_session(&self, token: &TokenFacts) -> bool {
        let cut_off = self.cut_off(&token.realm, Target::Realm, token.realm.as_str());
        token.session.is_some() && cut_off.is_some_and(|cut_off| token.logged_in_before(cut_off))
    }

    /// Returns the cut-off of this subject, if there is one.
    pub fn cut_off(&self, realm: &RealmId, target: Target, subject: &str) -> Option<Timestamp> {
        self.entries.get(realm)?.get(&target)?.get(subject).map(|(not_before, _)| *not_before)
    }

    /// Returns true if this subject is revoked permanently. Tokens, families and sessions are never valid again, so no
    /// times are compared: otherwise a node whose clock is behind, or a replay that overlaps the first use, would void
    /// nothing.
    fn names(&self, realm: &RealmId, target: Target, subject: &str) -> bool {
        self.cut_off(realm, target, subject).is_some()
    }

    /// Returns true if something issued at `issued_at` for this subject is void. Equal times count as before: only
    /// strictly later ones are valid.
    pub fn is_void(&self, realm: &RealmId, target: Target, subject: &str, issued_at: Timestamp) -> bool {
        self.cut_off(realm, target, subject).is_some_and(|not_before| issued_at <= not_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::requested::RequestedClaims;
    use crate::ids::{ClientId, FamilyId, SessionId, TokenId, UserId};
    use crate::scope::Scope;
    use crate::token::access_token::{AccessTokenClaims, Audience};

    fn token(issued_millis: i64) -> TokenFacts {
        let claims = AccessTokenClaims {
            iss: "https://op.example".into(),
            sub: "alice".into(),
            aud: Audience::One("https://op.example".into()),
            exp: 600,
            nbf: 0,
            iat: 0,
            jti: TokenId::new(Timestamp::from_millis(issued_millis), [1; 16]),
            client_id: ClientId::parse("rp").unwrap(),
            scope: Scope::default(),
            auth_time: None,
            sid: SessionId::parse("s"),
            grant_id: FamilyId::parse("f"),
            claims: RequestedClaims::default(),
            cnf: None,
        };
        TokenFacts::of(RealmId::parse("default").unwrap(), claims.into(), UserId::parse("alice"), SessionId::parse("s"))
            .unwrap()
    }

    #[test]
    fn each_kind_of_revocation_reaches_its_own_tokens_only() {
        let issued = token(1000);
        let jti = issued.claims.jti.as_str().to_owned();
        let rows = [
            (Target::Token, jti.as_str(), "default", 1000, true),
            (Target::Token, "another", "default", 1000, false),
            (Target::Token, jti.as_str(), "default", 999, true),
            (Target::Family, "f", "default", 5000, true),
            (Target::Family, "f", "default", 999, true),
            (Target::Family, "another", "default", 5000, false),
            (Target::Session, "s", "default", 5000, true),
            (Target::Session, "s", "default", 999, true),
            (Target::Consent, "alice rp", "default", 1000, true),
            (Target::Consent, "alice rp", "default", 999, false),
            (Target::Consent, "alice other", "default", 5000, false),
            (Target::Consent, "bob rp", "default", 5000, false),
            (Target::User, "alice", "default", 1000, true),
            (Target::User, "alice", "default", 999, false),
            (Target::User, "bob", "default", 5000, false),
            (Target::User, "alice", "other", 5000, false),
            (Target::Client, "rp", "default", 5000, true),
            (Target::Realm, "default", "default", 5000, true),
            (Target::Realm, "other", "other", 5000, false),
        ];
        for (target, subject, realm, not_before, expected) in rows {
            let mut revocations = Revocations::default();
            revocations.add(Revocation {
                realm: RealmId::parse(realm).unwrap(),
                target,
                subject: subject.into(),
                not_before: Timestamp::from_millis(not_before),
                expires_at: Timestamp::from_secs(900),
            });
            assert_eq!(revocations.cover(&issued), expected, "{target:?} {subject} {realm} {not_before}");
        }
    }

    #[test]
    fn a_cut_off_of_the_realm_ends_sessions_that_began_before_it() {
        let mut revocations = Revocations::default();
        revocations.add(Revocation {
            realm: RealmId::parse("default").unwrap(),
            target: Target::Realm,
            subject: "default".into(),
            not_before: Timestamp::from_millis(5500),
            expires_at: Timestamp::from_secs(900),
        });
        let rows = [
            ("issued after it, in a session from before", Some(4), Some("s"), true),
            ("logged in within its second: the time of issue decides", Some(5), Some("s"), false),
            ("a grant that outlives its session", Some(4), None, false),
            ("a client's own", None, None, false),
        ];
        for (case, auth_time, session, expected) in rows {
            let mut token = token(5501);
            std::sync::Arc::make_mut(&mut token.claims).auth_time = auth_time;
            token.session = session.and_then(SessionId::parse);
            assert_eq!(revocations.cover(&token), expected, "{case}");
        }
    }

    #[test]
    fn a_token_revoked_by_id_is_denied_for_its_longest_lifetime() {
        let day = Span::from_hours(24);
        let skew = Span::from_secs(60);
        let now = Timestamp::from_secs(1_000_000);
        let jti = |secs| TokenId::new(Timestamp::from_secs(secs), [1; 16]);
        let rows = [
            (jti(1_000_000), Some(1_086_460)),
            (jti(913_000), Some(999_460)),
            (jti(1_000_060), Some(1_086_520)),
            (jti(1_000_061), None),
            (jti(-1), None),
            (TokenId::from_stored("no id of ours".into()), None),
        ];
        for (jti, expected) in rows {
            assert_eq!(end_of_life(&jti, day, skew, now), expected.map(Timestamp::from_secs), "{jti:?}");
        }
    }

    #[test]
    fn a_reason_is_one_line_of_bounded_length() {
        let longest = "\u{e9}".repeat(Reason::MAX);
        for good in ["", "laptop stolen", &longest] {
            assert!(Reason::parse(good).is_some(), "{good:?}");
        }
        for bad in ["two\nlines", "\u{1b}[31m", "\0", &format!("{longest}x")] {
            assert!(Reason::parse(bad).is_none(), "{bad:?}");
        }
        assert_eq!(Reason::parse("stolen").unwrap().about("f"), "f: stolen");
        assert_eq!(Reason::default().about("f"), "f");
    }

    #[test]
    fn the_stricter_cut_off_applies_and_expired_ones_are_swept() {
        let mut revocations = Revocations::default();
        for (not_before, expires) in [(2000, 10), (500, 20)] {
            revocations.add(Revocation {
                realm: RealmId::parse("default").unwrap(),
                target: Target::User,
                subject: "alice".into(),
                not_before: Timestamp::from_millis(not_before),
                expires_at: Timestamp::from_secs(expires),
            });
        }
        assert!(revocations.cover(&token(1000)) && !revocations.cover(&token(2001)));
        revocations.sweep(Timestamp::from_secs(19));
        assert_eq!(revocations.len(), 1);
        revocations.sweep(Timestamp::from_secs(20));
        assert!(revocations.is_empty());
    }

    #[test]
    fn a_flood_of_revocations_is_swept_at_intervals() {
        let mut revocations = Revocations::default();
        let mut most = 0;
        for number in 0..50_000 {
            revocations.add(Revocation {
                realm: RealmId::parse("default").unwrap(),
                target: Target::Token,
                subject: number.to_string(),
                not_before: Timestamp::from_secs(number),
                expires_at: Timestamp::from_secs(number + 600),
            });
            revocations.sweep_if_grown(Timestamp::from_secs(number));
            most = most.max(revocations.len());
            assert_eq!(
                revocations.len(),
                revocations.entries.values().flat_map(HashMap::values).map(HashMap::len).sum::<usize>()
            );
        }
        assert!((600..=2 * 600 + SLACK + 1).contains(&most), "{most}");
    }
}
