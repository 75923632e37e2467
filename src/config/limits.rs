//! Settings that limit the requests of one peer, client or account.

use serde::Serialize;

use super::Span;
use super::table::settings;

settings! {
    [limits]

    /// Limits on requests, connections and failed sign-ins.
    #[derive(Clone, Debug, Serialize)]
    pub struct Limits {
        /// Enables the limit on connections per address, rate limits, pauses after failed sign-ins and automatic
        /// blocks. It can be `false` in development only, for tests and benchmarks.
        pub enabled: bool = true,
        /// The maximum request body, in bytes.
        pub body_bytes: usize = 65_536,
        /// The maximum request head, in bytes, at least `16384`.
        pub header_bytes: usize = 16_384,
        /// The maximum number of open connections.
        pub connections: usize = 10_000,
        /// Sign-in forms per minute from one address (IPv4, or an IPv6 /64). One network (IPv4 /24, IPv6 /48) can send
        /// four times as many.
        pub login: u32 = 30,
        /// Authorization requests per minute from one address.
        pub authorize: u32 = 120,
        /// Requests per minute from one address to all pages but `/authorize` and the sign-in form (home, consent,
        /// logout, devices, logos, session check), to `/csp-reports`, and to unknown paths.
        pub pages: u32 = 600,
        /// Requests per minute from one address to token, par, device authorization, introspect, revoke, userinfo and
        /// the administration API together.
        pub api: u32 = 6_000,
        /// Requests per minute of one client to token, par, device authorization, revoke and the administration API
        /// together. A public client has as many per address.
        pub token: u32 = 600,
        /// Requests per minute of one client to the introspection endpoint.
        pub introspect: u32 = 6_000,
        /// Requests per minute from one address to the registration endpoint.
        pub registration: u32 = 30,
        /// Wrong secrets per minute of one client with a weak secret, from one network (/24, or /48 of IPv6); twenty
        /// times as many from all networks. Above that, attempts with a secret, even a correct one, are refused with
        /// 429. Correct secrets are not counted, and repetitions of one wrong secret count once.
        pub secret_failures: u32 = 30,
        /// Waiting authorization requests, those of devices included, per address within
        /// `sessions.authorization_request_lifetime`; four times as many per network (/24, or /48 of IPv6).
        pub waiting: u32 = 2_000,
        /// Userinfo requests and consents per minute for one user, across all clients.
        pub person: u32 = 1_200,
        /// Device codes per minute that may be entered at `/device` from one address; four times as many from one
        /// network.
        pub user_codes: u32 = 10,
        /// Failed sign-ins to an account before pauses begin, 1 to 100.
        pub account_failures: u32 = 4,
        /// Failed sign-ins from an address before pauses begin; four times as many from one network.
        pub address_failures: u32 = 30,
        /// Failed sign-ins in total within five minutes before pauses begin, at least 100.
        pub realm_failures: u32 = 1_000,
        /// The number of different accounts at which sign-ins from one address may fail within an hour before the
        /// address is blocked from signing in.
        pub spray_accounts: u32 = 20,
        /// The duration of that block, 1 minute to 30 days.
        pub block_duration: Span = Span::from_hours(1),
    }
}
