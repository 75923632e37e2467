//! A cache of access tokens whose signatures have been verified. A signature stays valid while its key is held, so it
//! need not be verified for each use; everything that can change is checked each time.

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::keys::KeySet;
use signet_protocol::secret::Digest;
use signet_protocol::time::Timestamp;
use signet_protocol::token::access_token::AccessTokenClaims;

/// The memory for tokens, in bytes: twenty thousand tokens of typical size.
const CAPACITY: u64 = 48 * 1024 * 1024;
/// The approximate size of an entry without its claims, in bytes.
const OVERHEAD: usize = 512;

/// The cached tokens, by digest. Refused tokens are not cached.
pub struct VerifiedTokens(Cache<Digest, VerifiedToken>);

/// A token with a verified signature.
#[derive(Clone)]
pub struct VerifiedToken {
    /// The id of the signing key.
    pub kid: Arc<str>,
    pub claims: Arc<AccessTokenClaims>,
    /// The length of the token in bytes; its claims take about twice that in memory.
    pub length: usize,
}

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self::of_at_most(CAPACITY)
    }
}

impl VerifiedTokens {
    /// Evicts the least recently used entry. With frequency-based eviction, expired tokens would keep their places,
    /// because tokens expire soon.
    fn of_at_most(bytes: u64) -> Self {
        let weigh = |_: &Digest, token: &VerifiedToken| u32::try_from(OVERHEAD + 2 * token.length).unwrap_or(u32::MAX);
        let builder = Cache::builder().max_capacity(bytes).weigher(weigh);
        Self(builder.eviction_policy(EvictionPolicy::lru()).build())
    }

    /// The claims of a cached token, if its key still belongs to this realm. A retired key that has been removed, or a
    /// dropped one, no longer counts.
    pub fn recall(&self, token: &Digest, keys: &KeySet, now: Timestamp) -> Option<Arc<AccessTokenClaims>> {
        let known = self.0.get(token)?;
        keys.holds(&known.kid, now).then_some(known.claims)
    }

    /// Caches a token after its signature was verified.
    pub fn remember(&self, token: Digest, vouched: VerifiedToken) {
        self.0.insert(token, vouched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_token_is_remembered_although_old_ones_were_used_more() {
        let claims = serde_json::json!({ "iss": "i", "sub": "s", "aud": "a", "exp": 1, "nbf": 0, "iat": 0, "jti": "j", "client_id": "c" });
        let claims: Arc<AccessTokenClaims> = Arc::new(serde_json::from_value(claims).unwrap());
        let length = 1_000;
        let verdicts = VerifiedTokens::of_at_most(10 * (512 + 2 * 1_000));
        for token in 0..30_u8 {
            let token = Digest::of(&[token]);
            verdicts.remember(token, VerifiedToken { kid: "kid".into(), claims: Arc::clone(&claims), length });
            verdicts.0.run_pending_tasks();
            for _ in 0..20 {
                assert!(verdicts.0.get(&token).is_some());
            }
            verdicts.0.run_pending_tasks();
        }
        assert_eq!(verdicts.0.entry_count(), 10);
    }
}
