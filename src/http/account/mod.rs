//! The account console: pages on which people look after their own account.

pub mod overview;
pub mod password;
pub mod person;
pub mod session;
