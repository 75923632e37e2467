//! Tokens (RFC 6749 §5 and §6): code redemption, access and ID tokens, refresh rotation, revocation.

pub mod access_token;
pub mod authentication;
pub mod code;
pub mod confirmation;
pub mod device_authorization;
pub mod refresh;
pub mod revocation;
pub mod size;
