//! Events: the hash chain of the audit log, security event tokens (RFC 8417), webhooks and the retry schedule of
//! deliveries.

pub mod audit_chain;
pub mod audit_details;
pub mod delivery;
pub mod security_event;
pub mod webhook;
