//! Signing in, its factors, locks after failed attempts, and timings that reveal nothing.

pub mod accounts;
pub mod factors;
pub mod forced_changes;
pub mod languages;
pub mod login;
pub mod sign_in_timings;
pub mod soft_locks;
