//! Cryptography: signing and verifying (JWS), encrypting and decrypting (JWE), sealing at rest, pairwise subjects, and
//! random bytes. Private-key operations run in aws-lc-rs; `rsa` and `p256` parse keys and do public operations only
//! (RUSTSEC-2023-0071). Keys are parsed once: [`provider`] hands them to jsonwebtoken through its `CryptoProvider`.

pub mod encryption_key;
pub mod entropy;
#[cfg(test)]
mod fixtures;
pub mod jwe;
pub mod pairwise;
pub mod provider;
pub mod seal;
pub mod signing_key;
pub mod symmetric;

pub use jwe::{DecryptError, encrypt};
pub use pairwise::PairwiseKey;
pub use seal::{MasterKey, MasterKeyError, TokenMac};
pub use signing_key::{KeyError, SigningKey, check_client_key, generate as generate_signing_key, verify_with};
pub use symmetric::{MIN_SECRET, sign_hs256, verify_hs256};
