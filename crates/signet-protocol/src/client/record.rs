//! The stored fact that a client has registered itself (RFC 7591 §3).

use crate::time::{Span, Timestamp};

/// The record of a client that has registered itself, which is kept as long as it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Registration {
    /// The time at which a use of the client was last noted.
    pub last_used_at: Timestamp,
}

impl Registration {
    /// The least time between two notes of a client's use.
    pub const NOTED: Span = Span::from_days(1);

    /// Returns true if a use now is to be noted.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.last_used_at.plus(Self::NOTED) <= now
    }
}
