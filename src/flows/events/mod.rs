//! The audit log, the outbox, webhooks and what a restored backup announces.

pub mod audit;
pub mod outbox;
pub mod restore;
pub mod webhooks;
