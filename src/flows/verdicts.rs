//! The access tokens whose signatures were verified lately. A signature stays as good as it was while its key is held,
//! so that it need not be verified again for each use; everything that may change since then is asked each time.

use std::sync::Arc;

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use crate::keys::KeySet;
use crate::protocol::access_token::AccessTokenClaims;
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

/// The memory for tokens, in bytes: twenty thousand of usual size.
const CAPACITY: u64 = 48 * 1024 * 1024;
/// About what a token takes beside its claims, in bytes.
const OVERHEAD: usize = 512;

/// The remembered tokens, by their digests. Nothing is remembered of a token that was refused.
pub struct Verdicts(Cache<Digest, Vouched>);

/// A token that a key has signed.
#[derive(Clone)]
pub struct Vouched {
    /// The key's.
    pub kid: Arc<str>,
    /// What it says.
    pub claims: Arc<AccessTokenClaims>,
    /// Its length in bytes, which its claims take about twice in memory.
    pub length: usize,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self::of_at_most(CAPACITY)
    }
}

impl Verdicts {
    /// The least recently used one gives way. Tokens expire soon: by how often they were used, those that have expired
    /// would keep out the others.
    fn of_at_most(bytes: u64) -> Self {
        let weigh = |_: &Digest, token: &Vouched| u32::try_from(OVERHEAD + 2 * token.length).unwrap_or(u32::MAX);
        let builder = Cache::builder().max_capacity(bytes).weigher(weigh);
        Self(builder.eviction_policy(EvictionPolicy::lru()).build())
    }

    /// The claims of a token that was verified before, if its key is still one of this realm: a retired one that has
    /// gone, or one that was dropped, vouches for nothing any more.
    pub fn recall(&self, token: &Digest, keys: &KeySet, now: Timestamp) -> Option<Arc<AccessTokenClaims>> {
        let known = self.0.get(token)?;
        keys.holds(&known.kid, now).then_some(known.claims)
    }

    /// Remembers a token that a key has signed.
    pub fn remember(&self, token: Digest, vouched: Vouched) {
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
        let verdicts = Verdicts::of_at_most(10 * (512 + 2 * 1_000));
        for token in 0..30_u8 {
            let token = Digest::of(&[token]);
            verdicts.remember(token, Vouched { kid: "kid".into(), claims: Arc::clone(&claims), length });
            verdicts.0.run_pending_tasks();
            for _ in 0..20 {
                assert!(verdicts.0.get(&token).is_some());
            }
            verdicts.0.run_pending_tasks();
        }
        assert_eq!(verdicts.0.entry_count(), 10);
    }
}
