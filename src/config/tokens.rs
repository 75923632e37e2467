//! Lifetimes of codes and tokens.

use serde::Serialize;

use super::Span;
use super::table::settings;

settings! {
    [tokens]

    /// Lifetimes of codes and tokens.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Tokens {
        /// The lifetime of access tokens, 60 s to 24 h. Clients may have their own.
        pub access_token_lifetime: Span = Span::from_minutes(10),
        /// The lifetime of ID tokens, 60 s to 24 h.
        pub id_token_lifetime: Span = Span::from_hours(1),
        /// The time in which a code can be redeemed (RFC 6749 §4.1.2), at most 10 minutes.
        pub authorization_code_lifetime: Span = Span::from_secs(60),
        /// The time after which an unused refresh token expires.
        pub refresh_token_idle: Span = Span::from_days(7),
        /// The maximum lifetime of a refresh token and its successors, counted from the sign-in (`auth_time`),
        /// regardless of refreshes.
        pub refresh_token_lifetime: Span = Span::from_days(30),
        /// The time for which a replaced refresh token may be retried, at most a minute. A retry yields the same
        /// successor. `0s` is strict.
        pub refresh_reuse_grace: Span = Span::from_secs(10),
        /// The tolerated difference of clocks, at most 2 minutes. The `nbf` of issued tokens is this long before their
        /// `iat`.
        pub clock_skew: Span = Span::from_secs(60),
    }
}
