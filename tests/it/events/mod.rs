//! The audit log, webhooks and upkeep.

pub mod audit_chain;
pub mod audit_events;
pub mod audit_export;
pub mod security_log;
pub mod sweeping;
pub mod webhooks;
