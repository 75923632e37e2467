//! Keys: rotation, compromise, transfer and the start of a server.

pub mod encryption_keys;
pub mod key_compromise;
pub mod key_transfer;
pub mod keys_at_start;
pub mod rotation;
pub mod verify_only;
