//! Orders that administrators give, with their limits.

pub mod order;
