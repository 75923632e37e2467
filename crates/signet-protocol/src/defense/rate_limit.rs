//! Rate limits as a leaky bucket of one number, and the response headers about them (RFC 6585 §4, RFC 9110 §10.2.3,
//! draft-ietf-httpapi-ratelimit-headers-11 §3 and §4).

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp, seconds_up};

/// A group of requests that share a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    Login,
    Authorize,
    /// The other pages, and unknown paths.
    Pages,
    /// All endpoints at which clients authenticate, by address.
    Api,
    /// The token, revocation and pushed request endpoints, by client.
    Token,
    /// Introspection, by client.
    Introspect,
    Registration,
    /// Wrong secrets, by client and network, and by client.
    Secret,
    /// Stored authorization requests.
    Waiting,
    /// Userinfo and consents, by person.
    Person,
    /// User codes that are entered for devices (RFC 8628 §5.1).
    #[serde(rename = "user_code")]
    UserCode,
}

impl Class {
    /// The policy name in `RateLimit-Policy`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::Authorize => "authorize",
            Self::Pages => "pages",
            Self::Api => "api",
            Self::Token => "token",
            Self::Introspect => "introspect",
            Self::Registration => "registration",
            Self::Secret => "secret",
            Self::Waiting => "waiting",
            Self::Person => "person",
            Self::UserCode => "user_code",
        }
    }

    /// True if a region has its own bucket in addition to those of its addresses, because one customer may have many
    /// addresses in a region.
    pub const fn counts_regions(self) -> bool {
        matches!(self, Self::Login | Self::Waiting | Self::UserCode)
    }
}

/// A quota per window. The whole quota may be used at once and refills evenly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub requests: u32,
    pub per: Span,
}

/// A bucket, stored as the time at which it will be full again, in microseconds since the Unix epoch. Microseconds let
/// a large quota refill smoothly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket(i64);

/// The outcome of taking one request from a bucket. The returned bucket must be stored in either case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    Granted {
        bucket: Bucket,
    },
    /// The bucket is empty.
    Refused {
        /// The bucket, corrected where the clock was set back: it refills from now on.
        bucket: Bucket,
        /// The time until the next request is allowed.
        wait: Span,
    },
}

impl Limit {
    /// Returns a limit per minute.
    pub const fn per_minute(requests: u32) -> Self {
        Self { requests, per: Span::from_minutes(1) }
    }

    /// Returns a limit with a multiple of the requests in the same window.
    #[must_use]
    pub const fn times(self, factor: u32) -> Self {
        Self { requests: self.requests.saturating_mul(factor), per: self.per }
    }

    /// Takes one request from a bucket.
    pub fn take(self, bucket: Bucket, now: Timestamp) -> Taken {
        let micros = |millis: i64| millis.saturating_mul(1_000);
        let per = micros(self.per.as_millis());
        let now = micros(now.as_millis());
        let step = (per / i64::from(self.requests.max(1))).max(1);
        // After the clock was set back, a bucket is at most empty.
        let held = bucket.0.min(now.saturating_add(per)).max(now);
        let next = held.saturating_add(step);
        let over = next.saturating_sub(now).saturating_sub(per);
        if over <= 0 {
            return Taken::Granted { bucket: Bucket(next) };
        }
        Taken::Refused { bucket: Bucket(held), wait: Span::from_millis(over.saturating_add(999) / 1_000) }
    }
}

impl Limit {
    /// Charges requests that another node has granted already. The bucket becomes empty at most.
    pub fn charge(self, bucket: Bucket, requests: u32, now: Timestamp) -> Bucket {
        let micros = |millis: i64| millis.saturating_mul(1_000);
        let per = micros(self.per.as_millis());
        let now = micros(now.as_millis());
        let step = (per / i64::from(self.requests.max(1))).max(1);
        let end = now.saturating_add(per);
        Bucket(bucket.0.min(end).max(now).saturating_add(step.saturating_mul(i64::from(requests))).min(end))
    }
}

/// A request beyond its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exceeded {
    /// The name of the policy.
    pub policy: &'static str,
    pub limit: Limit,
    /// The time after which a retry can succeed.
    pub wait: Span,
}

impl Exceeded {
    /// Returns the whole seconds to wait, for `Retry-After` (RFC 9110 §10.2.3).
    pub fn retry_after(&self) -> i64 {
        seconds_up(self.wait)
    }

    /// Returns the value of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11 §3).
    pub fn policy_header(&self) -> String {
        format!("\"{}\";q={};w={}", self.policy, self.limit.requests, seconds_up(self.limit.per))
    }

    /// Returns the value of `RateLimit` with nothing remaining (draft-ietf-httpapi-ratelimit-headers-11 §4).
    pub fn limit_header(&self) -> String {
        format!("\"{}\";r=0;t={}", self.policy, self.retry_after())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + millis)
    }

    #[test]
    fn a_quota_may_be_used_at_once_and_comes_back_evenly() {
        for (requests, refill) in [(1, 60_000), (30, 2_000), (600, 100), (60_000, 1)] {
            let limit = Limit::per_minute(requests);
            let mut bucket = Bucket::default();
            for number in 0..requests {
                match limit.take(bucket, at(0)) {
                    Taken::Granted { bucket: next } => bucket = next,
                    Taken::Refused { .. } => panic!("{requests}: refused request {number}"),
                }
            }
            let refused = |wait| Taken::Refused { bucket, wait: Span::from_millis(wait) };
            assert_eq!(limit.take(bucket, at(0)), refused(refill), "{requests}");
            assert_eq!(limit.take(bucket, at(refill - 1)), refused(1), "{requests}");
            let Taken::Granted { bucket } = limit.take(bucket, at(refill)) else { panic!("{requests}: not yet") };
            assert!(matches!(limit.take(bucket, at(refill)), Taken::Refused { .. }), "{requests}: one only");
        }
    }

    #[test]
    fn a_bucket_refills_within_its_window_after_the_clock_was_set_back() {
        for (requests, hours) in [(1, 1), (1, 24), (30, 1), (600, 24 * 365)] {
            let limit = Limit::per_minute(requests);
            let mut bucket = Bucket::default();
            for _ in 0..requests {
                let Taken::Granted { bucket: next } = limit.take(bucket, at(hours * 3_600_000)) else { panic!("full") };
                bucket = next;
            }
            let Taken::Refused { bucket, wait } = limit.take(bucket, at(0)) else { panic!("empty: {requests}") };
            assert!(wait <= Span::from_minutes(1), "{requests}: {wait:?}");
            let Taken::Refused { bucket, .. } = limit.take(bucket, at(wait.as_millis() - 1)) else {
                panic!("too early: {requests}")
            };
            let later = limit.take(bucket, at(wait.as_millis()));
            assert!(matches!(later, Taken::Granted { .. }), "{requests}: as the answer said");
        }
    }

    #[test]
    fn a_bucket_is_charged_for_requests_granted_elsewhere() {
        let limit = Limit::per_minute(10);
        let left = |mut bucket: Bucket| {
            let mut granted = 0;
            while let Taken::Granted { bucket: next } = limit.take(bucket, at(0)) {
                bucket = next;
                granted += 1;
            }
            granted
        };
        for (elsewhere, expected) in [(0, 10), (4, 6), (10, 0), (1_000, 0)] {
            let bucket = limit.charge(Bucket::default(), elsewhere, at(0));
            assert_eq!(left(bucket), expected, "{elsewhere}");
            assert!(matches!(limit.take(bucket, at(6_000)), Taken::Granted { .. }), "{elsewhere}: no debt remains");
        }
    }

    #[test]
    fn a_refusal_has_the_policy_and_the_waiting_time() {
        let limit = Limit::per_minute(30);
        let rows = [(1, 1, "\"login\";r=0;t=1"), (1_000, 1, "\"login\";r=0;t=1"), (1_001, 2, "\"login\";r=0;t=2")];
        for (millis, seconds, header) in rows {
            let exceeded = Exceeded { policy: "login", limit, wait: Span::from_millis(millis) };
            assert_eq!(exceeded.retry_after(), seconds);
            assert_eq!(exceeded.policy_header(), "\"login\";q=30;w=60");
            assert_eq!(exceeded.limit_header(), header);
        }
    }
}
