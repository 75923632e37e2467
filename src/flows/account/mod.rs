//! Notices to people about their accounts.

pub mod notices;
