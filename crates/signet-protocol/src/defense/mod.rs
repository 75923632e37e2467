//! Defenses against strangers: rate limits, locks after failed sign-ins, address blocks, and the addresses that
//! outbound calls may reach.

pub mod address_block;
pub mod brute_force;
pub mod outbound;
pub mod rate_limit;
pub mod special_addresses;
