//! The account console: pages on which people look after their own account.

pub mod activity;
pub mod applications;
pub mod data;
pub mod deletion;
mod frame;
pub mod overview;
pub mod password;
pub mod person;
pub mod profile;
pub mod security;
pub mod session;
pub mod sessions;
pub mod tokens;
