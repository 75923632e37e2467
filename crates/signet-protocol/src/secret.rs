//! Secrets that leave the server: codes, tokens, cookies, client secrets (RFC 6749 §10.10). Each has its own type,
//! prints as its type's name only, is zeroized on drop, and is stored as a digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// The maximum length of a secret that is accepted, in bytes.
pub const MAX_SECRET: usize = 512;

/// The SHA-256 digest of a secret, the only form in which it is stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// Hashes bytes with SHA-256.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Wraps a digest from the database; `None` unless it has 32 bytes.
    pub fn from_stored(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Compares both digests in constant time.
    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as serde::Deserialize>::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let digest = bytes.as_deref().and_then(Self::from_stored);
        digest.ok_or_else(|| serde::de::Error::custom("not a digest"))
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digest")
    }
}

/// Hashes a secret that begins with a timestamp ([`super::ids::in_order`]) and starts the digest with the same
/// timestamp. Rows written at the same time are then adjacent in the index, so that writes touch few pages of a large
/// table. 208 bits of the hash remain.
fn by_time(secret: &str, prefix: usize) -> Digest {
    let mut digest = Digest::of(secret.as_bytes());
    let time = secret.get(prefix..prefix.saturating_add(8)).and_then(|time| URL_SAFE_NO_PAD.decode(time).ok());
    digest.0.iter_mut().zip(time.unwrap_or_default()).for_each(|(byte, time)| *byte = time);
    digest
}

/// Hashes a secret without a timestamp.
fn at_random(secret: &str, _prefix: usize) -> Digest {
    Digest::of(secret.as_bytes())
}

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $digest:ident) => {
        $(#[$doc])*
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// The prefix of every value of this kind, by which scanners find leaked ones.
            pub const PREFIX: &'static str = $prefix;

            /// Encodes 256 random bits.
            pub fn from_random(random: [u8; 32]) -> Self {
                let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
                Self(Zeroizing::new(format!("{}{}", $prefix, encoded.as_str())))
            }

            /// Accepts a secret from a request: the prefix, and at most 512 bytes of visible ASCII.
            pub fn parse(value: &str) -> Option<Self> {
                let visible = value.bytes().all(|b| (0x20..=0x7e).contains(&b));
                let fits = value.len() > $prefix.len() && value.len() <= MAX_SECRET;
                (visible && fits && value.starts_with($prefix)).then(|| Self(Zeroizing::new(value.to_owned())))
            }

            /// Returns the secret. Call it only where the secret leaves the server or enters a computation.
            pub fn expose(&self) -> &str {
                &self.0
            }

            /// Returns the digest that the database stores.
            pub fn digest(&self) -> Digest {
                $digest(&self.0, $prefix.len())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

secret!(
    /// An authorization code (RFC 6749 §4.1.2).
    AuthorizationCode,
    "sgac_",
    by_time
);
secret!(
    /// A device code (RFC 8628 §3.2).
    DeviceCode,
    "sgdc_",
    by_time
);
secret!(
    /// An opaque access token, for clients that chose them over JWTs.
    OpaqueAccessToken,
    "sgat_",
    by_time
);
secret!(
    /// The `request_uri` of a pushed authorization request (RFC 9126 §2.2).
    PushedRequestUri,
    "urn:ietf:params:oauth:request_uri:",
    at_random
);
secret!(
    /// The value of a session cookie.
    SessionCookie,
    "sgss_",
    at_random
);
secret!(
    /// The value of the cookie that identifies a browser before sign-in.
    BrowserCookie,
    "sgbr_",
    at_random
);
secret!(
    /// The value of the cookie of a browser in which a user has signed in.
    DeviceCookie,
    "sgdv_",
    at_random
);
secret!(
    /// A token that allows registering a client (RFC 7591 §3).
    InitialAccessToken,
    "sgia_",
    at_random
);
secret!(
    /// A token that lets a client manage its own registration (RFC 7592 §2).
    RegistrationAccessToken,
    "sgra_",
    at_random
);
secret!(
    /// A client secret (RFC 6749 §2.3.1). Generated ones begin with `sgcs_`; imported ones may not.
    ClientSecret,
    "",
    at_random
);

secret!(
    /// A personal access token: the prefix, 256 random bits, and a checksum by which a mistyped or invented one is
    /// recognized without the database.
    PersonalAccessToken,
    "signet_pat_",
    at_random
);

/// The length of the checksum of a personal access token, in characters.
const CHECKSUM: usize = 6;

impl PersonalAccessToken {
    /// Generates a token of 256 random bits.
    pub fn generate(random: [u8; 32]) -> Self {
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
        Self(Zeroizing::new(format!("{}{}{}", Self::PREFIX, encoded.as_str(), Self::checksum(&encoded))))
    }

    /// Accepts a token from a request, if its checksum fits.
    pub fn recognize(value: &str) -> Option<Self> {
        let token = Self::parse(value)?;
        let encoded = value.strip_prefix(Self::PREFIX)?;
        let (random, checksum) = encoded.split_at_checked(encoded.len().checked_sub(CHECKSUM)?)?;
        (Self::checksum(random) == checksum).then_some(token)
    }

    fn checksum(random: &str) -> String {
        let digest = Digest::of(random.as_bytes());
        URL_SAFE_NO_PAD.encode(digest.as_bytes().get(..4).unwrap_or_default())
    }
}

impl ClientSecret {
    /// Generates a client secret of 256 random bits with the prefix `sgcs_`.
    pub fn generate(random: [u8; 32]) -> Self {
        let encoded = Zeroizing::new(URL_SAFE_NO_PAD.encode(random));
        Self(Zeroizing::new(format!("sgcs_{}", encoded.as_str())))
    }
}

/// A password as typed.
pub struct Password(Zeroizing<String>);

impl Password {
    /// Wraps a password from a form or from standard input.
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// Returns the password, for the hash function only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::in_order;
    use crate::time::Timestamp;

    #[test]
    fn a_secret_prints_its_type_only() {
        let code = AuthorizationCode::from_random([9; 32]);
        assert_eq!(format!("{code:?} {:?}", code.digest()), "AuthorizationCode Digest");
        assert_eq!(format!("{:?}", Password::new("hunter2".into())), "Password");
    }

    #[test]
    fn secrets_of_one_moment_have_adjacent_digests() {
        let at = |millis, random| {
            let code = AuthorizationCode::from_random(in_order(Timestamp::from_millis(millis), [random; 32]));
            (code.expose().to_owned(), code.digest())
        };
        let ((first, digest), (_, second), (_, third)) =
            (at(1_800_000_000_000, 3), at(1_800_000_000_000, 7), at(1_800_000_000_001, 1));
        assert_eq!(digest.as_bytes()[..6], second.as_bytes()[..6]);
        assert!(digest.as_bytes() < third.as_bytes() && second.as_bytes() < third.as_bytes());
        for place in AuthorizationCode::PREFIX.len()..first.len() {
            let mut other = first.clone().into_bytes();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            let other = AuthorizationCode::parse(std::str::from_utf8(&other).unwrap()).unwrap().digest();
            assert_ne!(other.as_bytes()[6..], digest.as_bytes()[6..], "character {place}");
        }
        for odd in ["sgac_!!!!!!!!x", "sgac_AA", "sgac_AAAAAAAA"] {
            assert_eq!(AuthorizationCode::parse(odd).unwrap().digest().as_bytes().len(), 32, "{odd}");
        }
    }

    #[test]
    fn a_personal_access_token_has_a_checksum() {
        let token = PersonalAccessToken::generate([9; 32]).expose().to_owned();
        assert!(token.starts_with("signet_pat_") && PersonalAccessToken::recognize(&token).is_some());
        let wrong = token.replace("CQkJ", "CQkK");
        for odd in [&wrong, &token[..token.len() - 1], "signet_pat_", "signet_pat_abc", "signet_pat_\u{e9}\u{e9}\u{e9}"]
        {
            assert!(PersonalAccessToken::recognize(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_secret_of_one_kind_is_not_parsed_as_another() {
        let code = AuthorizationCode::from_random([9; 32]);
        assert!(AuthorizationCode::parse(code.expose()).is_some());
        assert!(OpaqueAccessToken::parse(code.expose()).is_none());
        assert!(SessionCookie::parse("sgss_").is_none());
        assert!(SessionCookie::parse("sgss_a\u{e9}").is_none());
        assert!(ClientSecret::parse(&"x".repeat(MAX_SECRET + 1)).is_none());
    }
}
