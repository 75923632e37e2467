//! Failed sign-ins, address blocks, shared rate limits and refusals.

pub mod address_blocks;
pub mod login_failures;
pub mod rate_exchanges;
pub mod refusals;
