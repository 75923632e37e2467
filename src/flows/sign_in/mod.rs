//! Signing in: the password and the locks after failed attempts.

pub mod password;
pub mod soft_lock;
mod state;

pub use state::SignIns;
