//! Refresh tokens and their rotation (RFC 6749 §6, RFC 9700 §4.14.2).
//!
//! A token contains its family, its generation, a secret and a tag. The family's row stores the digest of the one live
//! leaf. A successor's secret is derived from its parent's, so that a retry after a lost answer gets the same successor
//! although nothing is stored in clear. The tag proves that this server issued the token, which distinguishes a
//! replayed ancestor from a forgery without a row per token.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::cause::Cause;
use crate::error::OAuthError;
use crate::ids::{ClientId, FamilyId};
use crate::params::Params;
use crate::scope::Scope;
use crate::secret::Digest;
use crate::time::{Span, Timestamp};

/// The prefix of every refresh token.
pub const PREFIX: &str = "sgrt_";

const FAMILY: usize = 16;
const GENERATION: usize = 4;
const SECRET: usize = 32;
const TAG: usize = 16;

/// Keyed hashes of the server, one per purpose.
pub trait Mac {
    fn tag(&self, message: &[u8]) -> [u8; 32];
    /// HMAC-SHA-256 for the secrets of successors.
    fn successor(&self, message: &[u8]) -> [u8; 32];
}

/// A refresh token that this server issued: its tag has been verified.
pub struct RefreshToken {
    family: [u8; FAMILY],
    generation: u32,
    secret: Zeroizing<[u8; SECRET]>,
}

impl RefreshToken {
    /// Builds the first token of a family. Returns `None` for a family id that this server does not make.
    pub fn first(family: &FamilyId, secret: [u8; SECRET]) -> Option<Self> {
        let family = URL_SAFE_NO_PAD.decode(family.as_str()).ok()?.try_into().ok()?;
        Some(Self { family, generation: 0, secret: Zeroizing::new(secret) })
    }

    /// Parses a token and verifies its tag.
    pub fn parse(text: &str, mac: &impl Mac) -> Option<Self> {
        let body = text.strip_prefix(PREFIX).filter(|_| text.len() <= 128)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).ok()?);
        let (family, rest) = bytes.split_first_chunk::<FAMILY>()?;
        let (generation, rest) = rest.split_first_chunk::<GENERATION>()?;
        let (secret, tag) = rest.split_first_chunk::<SECRET>()?;
        let token =
            Self { family: *family, generation: u32::from_be_bytes(*generation), secret: Zeroizing::new(*secret) };
        let genuine: bool = tag.ct_eq(&token.tag(mac)).into();
        genuine.then_some(token)
    }

    /// Encodes the token for the response.
    pub fn expose(&self, mac: &impl Mac) -> Zeroizing<String> {
        let mut bytes = self.body();
        bytes.extend_from_slice(&self.tag(mac));
        Zeroizing::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes.as_slice())))
    }

    /// Derives the successor, which is always the same.
    #[must_use]
    pub fn successor(&self, mac: &impl Mac) -> Self {
        Self {
            family: self.family,
            generation: self.generation.saturating_add(1),
            secret: Zeroizing::new(mac.successor(&self.body())),
        }
    }

    pub fn family(&self) -> FamilyId {
        FamilyId::from_random(self.family)
    }

    /// Returns the number of earlier tokens of the family.
    pub fn generation(&self) -> i64 {
        i64::from(self.generation)
    }

    /// Returns the digest that the family's row stores while this token is the live leaf.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.body())
    }

    fn body(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(FAMILY + GENERATION + SECRET + TAG));
        bytes.extend_from_slice(&self.family);
        bytes.extend_from_slice(&self.generation.to_be_bytes());
        bytes.extend_from_slice(self.secret.as_slice());
        bytes
    }

    fn tag(&self, mac: &impl Mac) -> [u8; TAG] {
        let full = mac.tag(&self.body());
        full.first_chunk::<TAG>().copied().unwrap_or_default()
    }
}

impl std::fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefreshToken")
    }
}

/// The state of a family, as far as the rule needs it.
#[derive(Clone, Debug)]
pub struct FamilyState {
    pub client_id: ClientId,
    /// The generation of the live leaf.
    pub generation: i64,
    /// The digest of the live leaf.
    pub leaf: Digest,
    /// The time of the last rotation; `None` before the first.
    pub rotated_at: Option<Timestamp>,
    /// The end of the family unless it is used.
    pub idle_expires_at: Timestamp,
    /// The absolute end of the family.
    pub expires_at: Timestamp,
    pub revoked: bool,
}

/// The decision on a presented token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the live leaf: replace it by its successor.
    Rotate,
    /// It is the parent of an unused leaf, within the grace period: send the same successor again.
    Repeat,
    /// It was used before: revoke the family.
    Reuse,
    /// It belongs to another client, has expired or was revoked.
    Refuse(Cause),
}

/// Decides how to treat a presented token.
pub fn decide(token: &RefreshToken, family: &FamilyState, client: &ClientId, now: Timestamp, grace: Span) -> Verdict {
    if family.client_id != *client {
        return Verdict::Refuse(Cause::RefreshOfOtherClient);
    }
    if family.revoked {
        return Verdict::Refuse(Cause::RefreshRevoked);
    }
    if now >= family.idle_expires_at || now >= family.expires_at {
        return Verdict::Refuse(Cause::RefreshExpired);
    }
    let age = token.generation();
    if age == family.generation {
        return if token.digest().matches(&family.leaf) {
            Verdict::Rotate
        } else {
            Verdict::Refuse(Cause::RefreshUnknown)
        };
    }
    let in_grace = family.rotated_at.is_some_and(|at| now.since(at) <= grace);
    if age.saturating_add(1) == family.generation && in_grace {
        Verdict::Repeat
    } else if age < family.generation {
        Verdict::Reuse
    } else {
        Verdict::Refuse(Cause::RefreshUnknown)
    }
}

/// Returns the scope of the new access token: the granted one or less (RFC 6749 §6). A wider scope is `invalid_scope`,
/// a missing token `invalid_request`.
pub fn narrow_scope(params: &Params, granted: &Scope) -> Result<Scope, OAuthError> {
    let asked = params.get("scope").map(Scope::parse).transpose()?;
    params.require("refresh_token", "refresh_token is required.")?;
    let Some(asked) = asked else { return Ok(granted.clone()) };
    match asked.check_within(granted) {
        Ok(()) => Ok(asked),
        Err(refused) => Err(Cause::ScopeNotGranted { refused }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct TestMac;
    impl Mac for TestMac {
        fn tag(&self, message: &[u8]) -> [u8; 32] {
            Digest::of(&[b"tag", message].concat()).as_bytes().try_into().unwrap()
        }
        fn successor(&self, message: &[u8]) -> [u8; 32] {
            Digest::of(&[b"next", message].concat()).as_bytes().try_into().unwrap()
        }
    }

    fn chain(length: usize) -> Vec<RefreshToken> {
        let mut tokens = vec![RefreshToken::first(&FamilyId::from_random([5; 16]), [6; 32]).unwrap()];
        (1..length).for_each(|_| tokens.push(tokens.last().unwrap().successor(&TestMac)));
        tokens
    }

    #[test]
    fn a_token_round_trips_and_other_texts_are_refused() {
        let token = &chain(2)[1];
        let text = token.expose(&TestMac);
        let read = RefreshToken::parse(&text, &TestMac).unwrap();
        assert_eq!((read.generation(), read.digest()), (1, token.digest()));
        let mut flipped = text.as_bytes().to_vec();
        flipped[30] ^= 1;
        let flipped = String::from_utf8(flipped).unwrap();
        for bad in [&text[..text.len() - 1], &format!("{}A", *text), &text[5..], &text.to_lowercase(), &flipped, ""] {
            assert!(RefreshToken::parse(bad, &TestMac).is_none(), "{bad}");
        }
        assert_eq!(format!("{token:?}"), "RefreshToken");
    }

    #[test]
    fn a_presented_token_is_checked_by_generation_time_and_owner() {
        let tokens = chain(4);
        let owner = ClientId::parse("rp").unwrap();
        let other = ClientId::parse("rp2").unwrap();
        let family = |revoked| FamilyState {
            client_id: owner.clone(),
            generation: 2,
            leaf: tokens[2].digest(),
            rotated_at: Some(Timestamp::from_secs(100)),
            idle_expires_at: Timestamp::from_secs(1000),
            expires_at: Timestamp::from_secs(2000),
            revoked,
        };
        let rows = [
            ("the leaf", 2, &owner, 105, false, Verdict::Rotate),
            ("its parent, within the grace", 1, &owner, 110, false, Verdict::Repeat),
            ("its parent, after the grace", 1, &owner, 111, false, Verdict::Reuse),
            ("an older ancestor, within the grace", 0, &owner, 105, false, Verdict::Reuse),
            ("a generation that never was", 3, &owner, 105, false, Verdict::Refuse(Cause::RefreshUnknown)),
            ("RFC 6749 §5.2: another client", 2, &other, 105, false, Verdict::Refuse(Cause::RefreshOfOtherClient)),
            ("an ancestor by another client", 0, &other, 105, false, Verdict::Refuse(Cause::RefreshOfOtherClient)),
            ("revoked", 2, &owner, 105, true, Verdict::Refuse(Cause::RefreshRevoked)),
            ("idle too long", 2, &owner, 1000, false, Verdict::Refuse(Cause::RefreshExpired)),
        ];
        for (rule, index, client, secs, revoked, expected) in rows {
            let now = Timestamp::from_secs(secs);
            let verdict = decide(&tokens[index], &family(revoked), client, now, Span::from_secs(10));
            assert_eq!(verdict, expected, "{rule}");
        }
        let mut forged = family(false);
        forged.leaf = Digest::of(b"another");
        let verdict = decide(&tokens[2], &forged, &owner, Timestamp::from_secs(105), Span::from_secs(10));
        assert_eq!(verdict, Verdict::Refuse(Cause::RefreshUnknown), "a leaf whose digest is not the stored one");
        let mut absolute = family(false);
        absolute.idle_expires_at = Timestamp::from_secs(9000);
        let verdict = decide(&tokens[2], &absolute, &owner, Timestamp::from_secs(2000), Span::from_secs(10));
        assert_eq!(verdict, Verdict::Refuse(Cause::RefreshExpired), "the absolute end");
    }

    #[test]
    fn scope_narrows_and_never_widens() {
        let rows = [
            ("as granted", "refresh_token=x", "openid email", Ok("openid email")),
            ("narrower", "refresh_token=x&scope=email", "openid email", Ok("email")),
            ("RFC 6749 §6: wider", "refresh_token=x&scope=email+phone", "openid email", Err("invalid_scope")),
            ("malformed", "refresh_token=x&scope=a++b", "openid", Err("invalid_scope")),
            ("nothing granted", "refresh_token=x", "", Ok("")),
            ("nothing granted, more asked", "refresh_token=x&scope=a", "", Err("invalid_scope")),
            ("no token", "scope=openid", "openid", Err("invalid_request")),
        ];
        for (rule, query, granted, expected) in rows {
            let params = Params::parse(query.as_bytes()).unwrap();
            let granted = Scope::parse_stored(granted).unwrap();
            let result = narrow_scope(&params, &granted);
            let result = result.map(|scope| scope.to_string()).map_err(|error| error.code.as_str());
            assert_eq!(result, expected.map(str::to_owned), "{rule}");
        }
    }
}
