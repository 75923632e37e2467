//! The only reader of the system's clock. All other code receives `now` as a parameter; tests use a clock that they
//! advance.

mod node;

pub use node::NodeClock;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use signet_protocol::time::{Span, Timestamp};

/// A clock: the system's, or one that tests advance.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's wall clock.
    #[default]
    System,
    /// The system's clock with an offset in milliseconds, which tests advance.
    Shifted(Arc<AtomicI64>),
    /// A stopped time in milliseconds, which tests advance.
    Stopped(Arc<AtomicI64>),
    /// Separate clocks of a host and of its database, for tests.
    Apart { host: Box<Self>, database: Box<Self> },
}

impl Clock {
    /// Returns a clock that follows the system's until it is advanced.
    pub fn shifted() -> Self {
        Self::Shifted(Arc::new(AtomicI64::new(0)))
    }

    /// Returns a clock stopped at the current time.
    pub fn stopped() -> Self {
        Self::Stopped(Arc::new(AtomicI64::new(Self::System.now().as_millis())))
    }

    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the system's clock")]
    pub fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX));
        match self {
            Self::System => now,
            Self::Shifted(offset) => now.plus(Span::from_millis(offset.load(Ordering::Relaxed))),
            Self::Stopped(time) => Timestamp::from_millis(time.load(Ordering::Relaxed)),
            Self::Apart { host, .. } => host.now(),
        }
    }

    /// Advances a shifted or stopped clock, or moves it back by a negative span. Of separate clocks it moves the
    /// host's. The system's clock does not change.
    pub fn advance(&self, span: Span) {
        match self {
            Self::System => {}
            Self::Shifted(millis) | Self::Stopped(millis) => {
                millis.fetch_add(span.as_millis(), Ordering::Relaxed);
            }
            Self::Apart { host, .. } => host.advance(span),
        }
    }
}
