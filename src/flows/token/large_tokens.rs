//! The clients with a recent log line about large tokens: an operator needs one line, not one for each token.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use signet_protocol::ids::ClientId;
use signet_protocol::time::{Span, Timestamp};

/// The time for which a client is not logged again.
const QUIET: Span = Span::from_hours(1);
/// The maximum number of remembered clients.
const MOST: usize = 1_000;

/// The time of each client's last log line.
#[derive(Default)]
pub struct LargeTokens(Mutex<HashMap<ClientId, Timestamp>>);

impl LargeTokens {
    /// Returns true if a client has not been logged within the hour, and marks it as logged.
    pub fn is_first(&self, client: &ClientId, now: Timestamp) -> bool {
        let mut named = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if named.get(client).is_some_and(|at| now.since(*at) < QUIET) {
            return false;
        }
        if named.len() >= MOST {
            named.clear();
        }
        named.insert(client.clone(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_once_an_hour() {
        let named = LargeTokens::default();
        let one = ClientId::parse("one").unwrap();
        let other = ClientId::parse("other").unwrap();
        let minutes = |count| Timestamp::from_millis(0).plus(Span::from_minutes(count));
        let rows = [(&one, 0, true), (&one, 59, false), (&other, 59, true), (&one, 60, true), (&one, 61, false)];
        for (client, minute, expected) in rows {
            assert_eq!(named.is_first(client, minutes(minute)), expected, "{client:?} at {minute}");
        }
    }
}
