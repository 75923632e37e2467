//! Rate limits and the record of refusals.

pub mod rates;
pub mod refusals;
