//! The state of the rules for tokens.

use super::large_tokens::LargeTokens;
use super::verified_tokens::VerifiedTokens;
use crate::config::AccountTokens;
use signet_crypto::{MasterKey, TokenMac};

/// The state that requests about tokens share.
pub struct Tokens {
    /// The cache of verified access tokens.
    pub verified: VerifiedTokens,
    /// Derives successors of refresh tokens, and their keyed hashes.
    pub mac: TokenMac,
    /// The clients with a recent log line about large tokens.
    pub large: LargeTokens,
    /// The policy of personal access tokens.
    pub personal: AccountTokens,
}

impl Tokens {
    pub fn new(master: &MasterKey, personal: AccountTokens) -> Self {
        let mac = master.token_mac();
        Self { verified: VerifiedTokens::default(), mac, large: LargeTokens::default(), personal }
    }
}
