//! Identifiers of the protocol, one type each, so that a client id cannot be passed as a user id. They are public and
//! may be logged and displayed. Secret values are in `secret`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// The maximum length of an identifier, in bytes; longer ones are never looked up.
pub const MAX_IDENTIFIER: usize = 255;
/// The maximum length of a name chosen by an operator, in bytes.
const MAX_NAME: usize = 64;

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Parses an identifier from a request: 1 to 255 visible ASCII characters.
            pub fn parse(value: &str) -> Option<Self> {
                let visible = value.bytes().all(|b| (0x21..=0x7e).contains(&b));
                (visible && !value.is_empty() && value.len() <= MAX_IDENTIFIER).then(|| Self(value.to_owned()))
            }

            /// Wraps an identifier that this server made and stored.
            pub fn from_stored(value: String) -> Self {
                Self(value)
            }

            /// Encodes random bytes as base64url without padding.
            pub fn from_random(random: [u8; 16]) -> Self {
                Self(URL_SAFE_NO_PAD.encode(random))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// A tenant with its own issuer, keys, clients, users and policy.
    RealmId
);
identifier!(
    /// The `client_id` of a registered client (RFC 6749 §2.2).
    ClientId
);
identifier!(
    /// The stable, opaque `sub` of a user (OpenID Connect Core §2), never reassigned.
    UserId
);
identifier!(
    /// The `sid` of a browser session (OpenID Connect Front-Channel Logout §3), not its cookie.
    SessionId
);
identifier!(
    /// The id of a pending authorization request, which travels through login and consent.
    RequestId
);
identifier!(
    /// The id of one grant and of every token issued from it, published as `grant_id`.
    FamilyId
);
identifier!(
    /// The `kid` of a signing key (RFC 7517 §4.5).
    KeyId
);
identifier!(
    /// The id of a personal access token, not the token itself.
    PersonalTokenId
);
identifier!(
    /// The name of a webhook, chosen by an operator.
    WebhookId
);

/// Accepts names that operators choose: 1 to 64 letters, digits and `- _ .`.
pub fn is_name(text: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=MAX_NAME).contains(&text.len()) && text.bytes().all(legal)
}

/// Replaces the first 48 random bits by the time in milliseconds, for ids and secrets in large indexes. Rows written at
/// the same time are adjacent rather than spread over all pages of the index.
pub fn in_order<const N: usize>(now: Timestamp, mut random: [u8; N]) -> [u8; N] {
    let [_, _, time @ ..] = now.as_millis().to_be_bytes();
    random.iter_mut().zip(time).for_each(|(byte, time)| *byte = time);
    random
}

impl FamilyId {
    /// Returns the time at which the grant was made, from the first bits of the id (see [`in_order`]), or `None` for an
    /// id that this server did not make.
    pub fn granted_at(&self) -> Option<Timestamp> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok().filter(|bytes| bytes.len() == 16)?;
        let time = bytes.first_chunk::<6>()?;
        let millis = time.iter().fold(0, |millis, byte| millis * 256 + i64::from(*byte));
        Some(Timestamp::from_millis(millis))
    }
}

/// The `jti` of a token (RFC 7519 §4.1.7): the time of issue in milliseconds, then 128 random bits. The milliseconds
/// let a revocation cut-off distinguish two tokens of the same second.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// Builds the id of a token issued at `now`.
    pub fn new(now: Timestamp, random: [u8; 16]) -> Self {
        let mut bytes = now.as_millis().to_be_bytes().to_vec();
        bytes.extend_from_slice(&random);
        Self(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// Wraps an id from a verified token or from the database.
    pub fn from_stored(value: String) -> Self {
        Self(value)
    }

    /// Returns the time of issue, or `None` for an id that this server did not make.
    pub fn issued_at(&self) -> Option<Timestamp> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok()?;
        let millis = bytes.first_chunk::<8>().filter(|_| bytes.len() == 24)?;
        Some(Timestamp::from_millis(i64::from_be_bytes(*millis)))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_visible_ascii_of_bounded_length() {
        for good in ["a", "client-1", "https://rp.example/x?y", &"x".repeat(255)] {
            assert!(ClientId::parse(good).is_some(), "{good}");
        }
        for bad in ["", " ", "a b", "a\n", "\u{e9}", "a\0", &"x".repeat(256)] {
            assert!(ClientId::parse(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn the_id_of_a_grant_contains_its_time() {
        let id = FamilyId::from_random(in_order(Timestamp::from_millis(1_700_000_000_123), [7; 16]));
        assert_eq!(id.granted_at(), Some(Timestamp::from_millis(1_700_000_000_123)));
        assert_eq!(FamilyId::from_stored("short".into()).granted_at(), None);
    }

    #[test]
    fn a_token_id_contains_its_time_of_issue() {
        let id = TokenId::new(Timestamp::from_millis(1_234_567), [7; 16]);
        assert_eq!(id.issued_at(), Some(Timestamp::from_millis(1_234_567)));
        assert_eq!(TokenId::from_stored("short".into()).issued_at(), None);
    }
}
