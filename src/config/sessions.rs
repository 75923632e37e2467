//! Settings of sessions and of waiting authorization requests.

use serde::Serialize;

use super::Span;
use super::table::settings;

settings! {
    [sessions]

    /// Lifetimes of sessions and of waiting authorization requests.
    #[derive(Clone, Copy, Debug, Serialize)]
    pub struct Sessions {
        /// The time after which an unused session ends. Refreshing a grant without `offline_access` counts as use.
        pub idle: Span = Span::from_hours(1),
        /// The maximum lifetime of a session, counted from the sign-in.
        pub lifetime: Span = Span::from_days(1),
        /// The maximum lifetime of a session if the person chose to stay signed in.
        pub remembered_lifetime: Span = Span::from_days(30),
        /// The time for which an authorization request waits until the person has signed in, at most a day.
        pub authorization_request_lifetime: Span = Span::from_minutes(30),
        /// Lets applications watch the session from a frame (OpenID Connect Session Management). Frames in other sites
        /// can then read a second cookie, which is random and gives no access.
        pub management: bool = false,
    }
}
