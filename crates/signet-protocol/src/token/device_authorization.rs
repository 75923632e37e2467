//! The device authorization grant (RFC 8628): user codes, the answer to a poll, and the comparison of the two places
//! that the person is warned by (RFC 8628 §5.4).

use serde::{Deserialize, Serialize};

use crate::cause::Cause;
use crate::client::{Client, DEVICE_CODE};
use crate::error::OAuthError;
use crate::ids::ClientId;
use crate::scope::Scope;
use crate::secret::Digest;
use crate::time::{Span, Timestamp};

/// The time that a person has to enter the code and to decide (RFC 8628 §3.2).
pub const LIFETIME: Span = Span::from_minutes(10);
/// The time between two polls that a device starts with (RFC 8628 §3.2).
pub const INTERVAL: Span = Span::from_secs(5);
/// The growth of the interval after a poll that came too soon (RFC 8628 §3.5).
pub const SLOW_DOWN: Span = Span::from_secs(5);
/// The tolerated earliness of a poll, since network delays vary.
pub const TOLERANCE: Span = Span::from_millis(500);

/// The code that a person types: eight letters of twenty, without vowels, so that they form no words (RFC 8628 §6.1).
/// There are 2^34.5 of them, and guesses are limited.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserCode(String);

impl UserCode {
    const ALPHABET: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
    const LENGTH: usize = 8;
    /// The maximum length of a typed code, in bytes, with whatever people type between the letters.
    const MAX_TYPED: usize = 64;

    /// Makes a code from random bytes by rejection sampling. Returns `None` if too few bytes are usable.
    pub fn from_random(random: [u8; 32]) -> Option<Self> {
        let all = u8::try_from(Self::ALPHABET.len()).ok()?;
        let fair = random.into_iter().filter(|byte| *byte < u8::MAX - u8::MAX % all);
        let letters = fair.filter_map(|byte| Self::ALPHABET.get(usize::from(byte % all)));
        let code: String = letters.take(Self::LENGTH).map(|letter| char::from(*letter)).collect();
        (code.len() == Self::LENGTH).then_some(Self(code))
    }

    /// Parses a code as typed: in either case, with any other characters between the letters.
    pub fn parse(typed: &str) -> Option<Self> {
        if typed.len() > Self::MAX_TYPED {
            return None;
        }
        let code: String = typed.chars().filter(char::is_ascii_alphanumeric).collect();
        let code = code.to_ascii_uppercase();
        let known = code.bytes().all(|letter| Self::ALPHABET.contains(&letter));
        (known && code.len() == Self::LENGTH).then_some(Self(code))
    }

    /// Wraps a code from the database.
    pub fn from_stored(code: String) -> Self {
        Self(code)
    }

    /// Returns the eight letters in upper case, the stored form.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Formats the code for people: `BCDF-GHJK`.
impl std::fmt::Display for UserCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.split_at_checked(Self::LENGTH / 2) {
            Some((first, second)) => write!(f, "{first}-{second}"),
            None => f.write_str(&self.0),
        }
    }
}

/// Omits the code, since a live one is a secret of the person at the device.
impl std::fmt::Debug for UserCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UserCode")
    }
}

/// A device's request that waits in a browser, after a person has entered its code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct DeviceRequest {
    /// The client on the device.
    pub client_id: ClientId,
    /// The digest of its device code.
    pub device: Digest,
    /// The code that the person has entered.
    pub user_code: UserCode,
    pub scope: Scope,
    /// The requested resources, separated by spaces; `None` if none was requested.
    pub resources: Option<String>,
    /// The network that the device sent the request from; empty if unknown.
    pub network: String,
    /// The time of the device's request.
    pub asked_at: Timestamp,
    /// The expiry of the device code.
    pub expires_at: Timestamp,
}

impl DeviceRequest {
    /// Reduces the request to what its client may still ask for. It is refused if the client has lost the grant type or
    /// the whole scope.
    pub fn narrowed_to(self, client: &Client) -> Result<Self, OAuthError> {
        let scope = client.remaining_scope(&self.scope).map_err(|_| Cause::RequestWithdrawn)?;
        if client.may_use(DEVICE_CODE) { Ok(Self { scope, ..self }) } else { Err(Cause::RequestWithdrawn.into()) }
    }
}

/// The decision of a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    Denied,
}

/// A device's poll, as recorded in the database.
#[derive(Clone, Copy, Debug)]
pub struct Poll {
    /// The expiry of the device code.
    pub expires_at: Timestamp,
    /// The person's decision; `None` while it is pending.
    pub answer: Option<Answer>,
    /// True if the previous poll was less than the interval ago.
    pub is_hasty: bool,
}

/// Checks that a poll may redeem its device code, and returns the cause of the refusal otherwise (RFC 8628 §3.5). The
/// answer to a poll that comes too soon reveals nothing else.
pub fn check(poll: &Poll, now: Timestamp) -> Result<(), Cause> {
    if now >= poll.expires_at {
        return Err(Cause::DeviceCodeExpired { ago: now.since(poll.expires_at) });
    }
    if poll.is_hasty {
        return Err(Cause::DevicePollHasty);
    }
    match poll.answer {
        None => Err(Cause::DevicePending),
        Some(Answer::Denied) => Err(Cause::DeviceDenied),
        Some(Answer::Allowed) => Ok(()),
    }
}

/// The place of a device, as seen from the browser of the person who decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Device and browser have addresses of one network.
    SameNetwork,
    /// The device is in this network, the browser in another. This warns a person who is tricked into entering the code
    /// of a stranger's device (RFC 8628 §5.4).
    Elsewhere(String),
    /// One of the two networks is unknown.
    Unknown,
}

impl Place {
    /// Compares the networks of a device and of a browser.
    pub fn compare(device: &str, browser: &str) -> Self {
        match (device, browser) {
            ("", _) | (_, "") => Self::Unknown,
            (device, browser) if device == browser => Self::SameNetwork,
            (device, _) => Self::Elsewhere(device.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_code_is_read_as_people_type_it() {
        let rows = [
            ("as shown", "WDJB-MJHT", Some("WDJB-MJHT")),
            ("in small letters", "wdjb-mjht", Some("WDJB-MJHT")),
            ("without the dash", "WDJBMJHT", Some("WDJB-MJHT")),
            ("with spaces", " wdjb mjht ", Some("WDJB-MJHT")),
            ("with a dash of a word processor", "WDJB\u{2013}MJHT", Some("WDJB-MJHT")),
            ("a letter too few", "WDJB-MJH", None),
            ("a letter too many", "WDJB-MJHTT", None),
            ("a vowel", "WDJB-MJHA", None),
            ("a digit", "WDJB-MJH1", None),
            ("nothing", "", None),
            ("a letter of another script", "WDJB-MJH\u{422}", None),
            ("far too long", &"WDJB-MJHT".repeat(20), None),
        ];
        for (rule, typed, expected) in rows {
            assert_eq!(UserCode::parse(typed).map(|code| code.to_string()).as_deref(), expected, "{rule}");
        }
    }

    #[test]
    fn every_letter_of_a_user_code_is_as_likely_as_any_other() {
        let mut counts = [0; 20];
        for byte in 0..=u8::MAX {
            let mut random = [u8::MAX; 32];
            random[..8].fill(byte);
            if let Some(code) = UserCode::from_random(random) {
                let place = UserCode::ALPHABET.iter().position(|letter| *letter == code.as_str().as_bytes()[0]);
                counts[place.unwrap()] += 1;
                assert_eq!(UserCode::parse(&code.to_string()), Some(code.clone()));
            }
        }
        assert_eq!(counts, [12; 20]);
    }

    #[test]
    fn a_user_code_prints_its_type_only() {
        assert_eq!(format!("{:?}", UserCode::parse("WDJB-MJHT").unwrap()), "UserCode");
    }

    #[test]
    fn a_poll_is_answered_by_time_haste_and_decision() {
        let end = Timestamp::from_secs(600);
        let rows = [
            ("not decided", 10, None, false, "authorization_pending"),
            ("allowed", 10, Some(Answer::Allowed), false, "ok"),
            ("denied", 10, Some(Answer::Denied), false, "access_denied"),
            ("too soon", 10, None, true, "slow_down"),
            ("too soon, though allowed", 10, Some(Answer::Allowed), true, "slow_down"),
            ("the last moment", 599, Some(Answer::Allowed), false, "ok"),
            ("over", 600, Some(Answer::Allowed), false, "expired_token"),
            ("over, and too soon", 600, None, true, "expired_token"),
            ("over, and denied", 600, Some(Answer::Denied), false, "expired_token"),
        ];
        for (rule, now, answer, is_hasty, expected) in rows {
            let checked = check(&Poll { expires_at: end, answer, is_hasty }, Timestamp::from_secs(now));
            let code = checked.map_or_else(|cause| OAuthError::from(cause).code.as_str(), |()| "ok");
            assert_eq!(code, expected, "{rule}");
        }
    }

    #[test]
    fn a_device_is_elsewhere_unless_both_networks_are_known_and_equal() {
        let elsewhere = Place::Elsewhere("198.51.100.0/24".to_owned());
        let rows = [
            ("203.0.113.0/24", "203.0.113.0/24", Place::SameNetwork),
            ("198.51.100.0/24", "203.0.113.0/24", elsewhere.clone()),
            ("198.51.100.0/24", "2001:db8:1::/48", elsewhere),
            ("", "203.0.113.0/24", Place::Unknown),
            ("203.0.113.0/24", "", Place::Unknown),
            ("", "", Place::Unknown),
        ];
        for (device, browser, expected) in rows {
            assert_eq!(Place::compare(device, browser), expected, "{device:?}, {browser:?}");
        }
    }
}
