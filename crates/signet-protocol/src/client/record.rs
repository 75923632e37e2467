//! The record of a dynamic registration (RFC 7591 §3).

use crate::time::{Span, Timestamp};

/// The registration of a client that registered itself. The client is deleted once it is no longer used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The time of the last recorded use.
    pub last_used_at: Timestamp,
}

impl Registration {
    /// The minimum time between two recorded uses.
    pub const USE_INTERVAL: Span = Span::from_days(1);

    /// Returns true if a use now must be recorded.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.last_used_at.plus(Self::USE_INTERVAL) <= now
    }
}
