//! The audit log, the outbox and webhooks.

pub mod audit;
pub mod audit_log;
pub mod outbox;
pub mod webhooks;
