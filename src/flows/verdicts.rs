//! The access tokens whose signatures were verified lately. A signature stays as good as it was while its key is held,
//! so that it need not be verified again for each use; everything that may change since then is asked each time.

use std::sync::Arc;

use moka::sync::Cache;

use crate::keys::KeySet;
use crate::protocol::access_token::AccessTokenClaims;
use crate::protocol::secret::Digest;
use crate::protocol::time::Timestamp;

/// How many tokens are remembered.
const CAPACITY: u64 = 10_000;

/// The remembered tokens, by their digests. Nothing is remembered of a token that was refused.
pub struct Verdicts(Cache<Digest, Vouched>);

/// A token that a key has signed.
#[derive(Clone)]
struct Vouched {
    kid: Arc<str>,
    claims: Arc<AccessTokenClaims>,
}

impl Default for Verdicts {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Verdicts {
    /// The claims of a token that was verified before, if its key is still one of this realm: a retired one that has
    /// gone, or one that was dropped, vouches for nothing any more.
    pub fn recall(&self, token: &Digest, keys: &KeySet, now: Timestamp) -> Option<Arc<AccessTokenClaims>> {
        let known = self.0.get(token)?;
        keys.holds(&known.kid, now).then_some(known.claims)
    }

    /// Remembers a token that this key has signed.
    pub fn remember(&self, token: Digest, kid: &str, claims: &Arc<AccessTokenClaims>) {
        self.0.insert(token, Vouched { kid: kid.into(), claims: claims.clone() });
    }
}
