//! Realms and their keys.

pub mod hint_keys;
pub mod realms;
pub mod signing_keys;
