//! Defenses: limits, floods, hostile input, secrets that appear nowhere.

pub mod address_blocks;
pub mod canaries;
pub mod connections;
pub mod edge;
pub mod fetch;
pub mod floods;
pub mod hostile_input;
pub mod rate_limits;
pub mod refusals;
pub mod secrets;
pub mod shared_connections;
pub mod tls;
