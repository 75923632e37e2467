//! Codes, token families, opaque tokens and revocations.

pub mod access_tokens;
pub mod authorization_codes;
pub mod device_authorizations;
pub mod revocations;
pub mod token_families;
pub mod used_once;
