//! Tickets: a verified password that must be replaced before a session begins, as a value in the form that asks for the
//! new one. A ticket is authenticated, belongs to one browser and one purpose, lasts ten minutes, and dies with
//! the password that it was given for.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::attempt::{Attempt, Due};
use super::purpose::Purpose;
use crate::flows::Context;
use crate::flows::session::{Browser, SessionLength};
use signet_protocol::ids::UserId;
use signet_protocol::secret::Digest;
use signet_protocol::time::{Span, Timestamp};

/// The lifetime of a ticket.
const LIFETIME: Span = Span::from_minutes(10);
/// The length of the tag, in bytes.
const TAG: usize = 32;

/// The place in which a ticket is valid.
#[derive(Clone, Copy)]
pub struct Place<'a> {
    pub browser: Browser,
    pub purpose: &'a Purpose,
}

/// The facts of a valid ticket: this person's password was verified, and must be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    pub user: UserId,
    /// The time at which the verified password was set.
    pub set_at: Timestamp,
    pub length: SessionLength,
    expires_at: Timestamp,
}

impl Ticket {
    /// The ticket of an attempt.
    pub(crate) fn of(attempt: &Attempt<Due>, context: &Context, length: SessionLength) -> Self {
        let expires_at = context.now.plus(LIFETIME);
        Self { user: attempt.user().clone(), set_at: attempt.set_at(), length, expires_at }
    }

    /// The text for the form.
    pub fn seal(&self, key: &hmac::Key, context: &Context, place: Place<'_>) -> String {
        let facts = self.facts();
        let tag = hmac::sign(key, &message(context, place, &facts));
        URL_SAFE_NO_PAD.encode([tag.as_ref(), &facts].concat())
    }

    /// The ticket in a form. `None` if it was changed, has expired, or was given for another place.
    pub fn open(key: &hmac::Key, context: &Context, place: Place<'_>, text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (tag, facts) = bytes.split_at_checked(TAG)?;
        hmac::verify(key, &message(context, place, facts), tag).ok()?;
        let ticket = Self::from_facts(facts)?;
        (context.now < ticket.expires_at).then_some(ticket)
    }

    /// Two times, the length of the session, and the person.
    fn facts(&self) -> Vec<u8> {
        let length = match self.length {
            SessionLength::Browser => b'b',
            SessionLength::Remembered => b'r',
        };
        let times = [self.set_at, self.expires_at].map(|time| time.as_millis().to_be_bytes()).concat();
        [&times, [length].as_slice(), self.user.as_str().as_bytes()].concat()
    }

    fn from_facts(facts: &[u8]) -> Option<Self> {
        let (set_at, rest) = facts.split_first_chunk::<8>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let (length, user) = rest.split_first()?;
        let time = |bytes: &[u8; 8]| Timestamp::from_millis(i64::from_be_bytes(*bytes));
        Some(Self {
            user: UserId::parse(std::str::from_utf8(user).ok()?)?,
            set_at: time(set_at),
            length: if *length == b'r' { SessionLength::Remembered } else { SessionLength::Browser },
            expires_at: time(expires_at),
        })
    }
}

/// The authenticated text: the parts before the facts have no separator of the others in them.
fn message(context: &Context, place: Place<'_>, facts: &[u8]) -> Vec<u8> {
    let digest = |digest: Option<Digest>| digest.map_or(vec![0; 32], |digest| digest.as_bytes().to_vec());
    let Browser { id, session, .. } = place.browser;
    let purpose = match place.purpose {
        Purpose::Request(request) => format!("request {request}"),
        Purpose::Account => "account".to_owned(),
    };
    let head = format!("password\n{}\n{purpose}\n", context.realm.id);
    [head.as_bytes(), &digest(id), &digest(session), facts].concat()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::flows::Realm;
    use signet_crypto::entropy::Entropy;
    use signet_protocol::ids::{RealmId, RequestId};
    use signet_store::events::audit::Origin;

    fn context(realm: &str, now: i64) -> Context {
        let id = RealmId::from_stored(realm.to_owned());
        let realm = Realm { id, issuer: "https://id.example".to_owned(), mails: false };
        let now = Timestamp::from_secs(now);
        Context { realm: Arc::new(realm), now, entropy: Entropy::default(), origin: Origin::default() }
    }

    #[test]
    fn a_ticket_is_valid_in_its_place_and_time_only() {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
        let other_key = hmac::Key::new(hmac::HMAC_SHA256, &[2; 32]);
        let digest = |text: &str| Some(Digest::of(text.as_bytes()));
        let browser = |id: &str, session| Browser { id: digest(id), session, device: None };
        let request = Purpose::Request(RequestId::from_random([1; 16]));
        let other = Purpose::Request(RequestId::from_random([2; 16]));
        let ticket = Ticket {
            user: UserId::from_random([3; 16]),
            set_at: Timestamp::from_millis(1_234),
            length: SessionLength::Remembered,
            expires_at: Timestamp::from_secs(1_600),
        };
        let own = Place { browser: browser("a", None), purpose: &request };
        let text = ticket.seal(&key, &context("default", 1_000), own);
        let rows = [
            ("its own", &key, context("default", 1_599), own, true),
            ("too late", &key, context("default", 1_600), own, false),
            ("another key", &other_key, context("default", 1_000), own, false),
            ("another realm", &key, context("other", 1_000), own, false),
            ("another request", &key, context("default", 1_000), Place { purpose: &other, ..own }, false),
            ("another purpose", &key, context("default", 1_000), Place { purpose: &Purpose::Account, ..own }, false),
            ("another browser", &key, context("default", 1_000), Place { browser: browser("b", None), ..own }, false),
            (
                "another session",
                &key,
                context("default", 1_000),
                Place { browser: browser("a", digest("s")), ..own },
                false,
            ),
        ];
        for (rule, key, context, place, valid) in rows {
            let opened = Ticket::open(key, &context, place, &text);
            assert_eq!(opened, valid.then(|| ticket.clone()), "{rule}");
        }
        for at in 0..text.len() {
            let mut bent = text.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(Ticket::open(&key, &context("default", 1_000), own, &bent), None, "character {at}");
        }
        for odd in ["", "A", "!", &text[..40]] {
            assert_eq!(Ticket::open(&key, &context("default", 1_000), own, odd), None, "{odd}");
        }
    }
}
