//! The state of the limits.

use super::rates::{Exchange, Limits as Rules, Rates};
use super::refusals::Refusals;
use crate::metrics::Metrics;

/// The counts of what is limited, and of what was refused.
pub struct Limits {
    pub rates: Rates,
    /// The exchange of rate limits with other nodes.
    pub exchange: Exchange,
    /// The queue of this node's refusals to log and store.
    pub refusals: Refusals,
}

impl Limits {
    /// Starts to count by these rules, or not at all. `node` names this process to the others.
    pub fn new(rules: Option<Rules>, node: String, metrics: &Metrics) -> Self {
        let access = &metrics.access;
        Self {
            rates: Rates::new(rules, access.rate_limited.clone()),
            exchange: Exchange::new(node),
            refusals: Refusals::new(access.refusals_dropped.clone(), access.refusals_suppressed.clone()),
        }
    }
}
