//! The state of the rules for tokens.

use super::large_tokens::LargeTokens;
use super::verified_tokens::VerifiedTokens;
use signet_crypto::{MasterKey, TokenMac};

/// The state that requests about tokens share.
pub struct Tokens {
    /// The cache of verified access tokens.
    pub verified: VerifiedTokens,
    /// Derives successors of refresh tokens, and their keyed hashes.
    pub mac: TokenMac,
    /// The clients with a recent log line about large tokens.
    pub large: LargeTokens,
}

impl Tokens {
    pub fn new(master: &MasterKey) -> Self {
        Self { verified: VerifiedTokens::default(), mac: master.token_mac(), large: LargeTokens::default() }
    }
}
