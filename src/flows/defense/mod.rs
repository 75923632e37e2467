//! Rate limits and the record of refusals.

pub mod rates;
pub mod refusals;
mod state;

pub use state::Limits;
