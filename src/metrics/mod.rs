//! L1: counters and measurements for Prometheus. They are passed to their users as one value: there is no global
//! registry, and no label whose value comes from outside. Values that need a query are sampled, not computed on
//! requests.

pub mod labels;
mod parts;
mod register;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

pub use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
pub use prometheus_client::metrics::gauge::Gauge;
pub use prometheus_client::metrics::histogram::Histogram;

use self::labels::{Alg, Answered, Build, Class, Connections, Delivery, Issued, Keys, Operation};
use self::labels::{Reason, Replayed, Route, SignIn};
pub use self::parts::{Hashing, Process};
pub use self::register::Described;
use self::register::Register;
use signet_store::metrics::Database;

/// A counter with labels.
pub type Counts<L> = Family<L, Counter>;
/// A gauge in seconds.
pub type Seconds = Gauge<f64, AtomicU64>;
/// A counter in seconds.
pub type SecondsTotal = Counter<f64, AtomicU64>;

/// The media type of the exposition (OpenMetrics 1.0).
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Bucket bounds of request durations, in seconds: fine below a millisecond, where most responses are, and up to the
/// duration at which people give up.
const REQUEST_SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// Returns a histogram of request durations.
fn durations() -> Histogram {
    Histogram::new(REQUEST_SECONDS)
}

/// All metrics of a node.
pub struct Metrics {
    register: Register,
    /// The public listener.
    pub http: Http,
    /// Tokens and client authentication.
    pub tokens: Tokens,
    /// Sign-in and abuse protection.
    pub access: Access,
    /// The sampled state of this node.
    pub state: State,
    /// Deliveries to other servers.
    pub deliveries: Counts<Delivery>,
    /// The process.
    pub process: Process,
}

/// Metrics of the public listener.
pub struct Http {
    pub requests: Counts<Answered>,
    pub seconds: Family<Route, Histogram>,
}

/// Metrics of tokens.
pub struct Tokens {
    pub issued: Counts<Issued>,
    pub operations: Counts<Operation>,
    /// The duration of an access token's verification.
    pub verification: Histogram,
    /// Codes and refresh tokens that were presented again.
    pub replays: Counts<Replayed>,
    /// Failed client authentications.
    pub client_failures: Counts<Reason>,
}

/// Metrics of sign-in and abuse protection.
pub struct Access {
    pub sign_ins: Counts<SignIn>,
    /// Accounts that got a pause.
    pub soft_locks: Counter,
    /// Addresses that were blocked for password spraying.
    pub addresses_blocked: Counter,
    /// Requests from blocked addresses.
    pub blocked_requests: Counter,
    /// Requests over a rate limit.
    pub rate_limited: Counts<Class>,
    /// Refusals that were not stored for `signet explain`.
    pub refusals_dropped: Counter,
    /// Refusals that were not logged.
    pub refusals_suppressed: Counter,
}

/// Sampled metrics.
pub struct State {
    /// Live sessions.
    pub sessions: Gauge,
    /// Authorization requests that wait for a person.
    pub waiting: Gauge,
    /// Revocations held in memory.
    pub revocations: Gauge,
    /// Address blocks held in memory.
    pub blocks: Gauge,
    /// The time since the change sequence was read.
    pub view_age: Seconds,
    /// The number of keys.
    pub keys: Family<Keys, Gauge>,
    /// The time for which the active key has been active.
    pub key_age: Family<Alg, Seconds>,
    /// The time until it is replaced.
    pub key_remaining: Family<Alg, Seconds>,
    /// Messages that are not delivered yet.
    pub outbox: Gauge,
    /// The age of the oldest undelivered message.
    pub outbox_oldest: Seconds,
    /// 1 if the upkeep node has found the audit log broken, else 0.
    pub audit_log_broken: Gauge,
    pub connections: Family<Connections, Gauge>,
    /// 1 if the server accepts work, else 0.
    pub ready: Gauge,
}

impl Metrics {
    /// Registers every metric. Those of the database and of the password pool are updated by their owners.
    pub fn new(database: &Database, hashing: &Hashing) -> Self {
        let mut register = Register::default();
        let http = Http::enter(&mut register);
        let tokens = Tokens::enter(&mut register);
        let access = Access::enter(&mut register);
        let state = State::enter(&mut register);
        let help = "Delivery attempts to other servers, by outcome";
        let deliveries = register.add("signet_outbox_deliveries_total", help, Family::default());
        parts::enter_database(database, &mut register);
        hashing.enter(&mut register);
        let build: Family<Build, Gauge> = register.add("signet_build_info", "The build; always 1", Family::default());
        build.get_or_create(&Build { version: env!("CARGO_PKG_VERSION") }).set(1);
        let process = Process::enter(&mut register);
        let metrics = Self { register, http, tokens, access, state, deliveries, process };
        metrics.begin_at_zero();
        metrics
    }

    /// Exports the series used by alerts from the start. Prometheus detects no increase in a series that first appears
    /// with its first event, and an expression over an absent series has no value.
    fn begin_at_zero(&self) {
        for kind in ["authorization_code", "refresh_token"] {
            self.tokens.replays.get_or_create(&Replayed { kind }).inc_by(0);
        }
        for outcome in ["delivered", "retried", "abandoned", "obsolete"] {
            self.deliveries.get_or_create(&Delivery { outcome }).inc_by(0);
        }
        for (outcome, reason) in [("success", "password"), ("failure", "wrong credentials")] {
            self.access.sign_ins.get_or_create(&SignIn { outcome, reason }).inc_by(0);
        }
        for reason in ["unknown", "disabled", "method", "credentials", "malformed"] {
            self.tokens.client_failures.get_or_create(&Reason { reason }).inc_by(0);
        }
    }

    /// Returns the descriptions of all metrics, for the page that operators read.
    pub fn described(&self) -> &[Described] {
        self.register.described()
    }

    /// Encodes all values in the OpenMetrics text format.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        self.register.encode()
    }
}

impl Http {
    /// Records a response. `route` comes from the router, never from the request's path.
    pub fn answered(&self, method: &'static str, route: Cow<'static, str>, status: u16, took: Duration) {
        let route = Route { route };
        self.seconds.get_or_create(&route).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, route: route.route, status }).inc();
    }

    fn enter(register: &mut Register) -> Self {
        Self {
            requests: register.add(
                "signet_http_requests_total",
                "Requests answered by the public listener",
                Family::default(),
            ),
            seconds: register.add(
                "signet_http_request_duration_seconds",
                "Duration from the request head to the response",
                Family::new_with_constructor(durations as fn() -> Histogram),
            ),
        }
    }
}

impl Tokens {
    fn enter(register: &mut Register) -> Self {
        Self {
            issued: register.add("signet_tokens_issued_total", "Tokens and codes issued", Family::default()),
            operations: register.add(
                "signet_token_operations_total",
                "Requests about tokens, by outcome",
                Family::default(),
            ),
            verification: register.add(
                "signet_access_token_verification_duration_seconds",
                "Duration of an access token verification, including the revocation check",
                Histogram::new([0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.01, 0.1, 1.0]),
            ),
            replays: register.add(
                "signet_replays_total",
                "Codes and refresh tokens presented again, whose grants are revoked",
                Family::default(),
            ),
            client_failures: register.add(
                "signet_client_authentication_failures_total",
                "Failed client authentications",
                Family::default(),
            ),
        }
    }
}

impl Access {
    fn enter(register: &mut Register) -> Self {
        Self {
            sign_ins: register.add("signet_logins_total", "Password sign-in attempts", Family::default()),
            soft_locks: register.add(
                "signet_account_soft_locks_total",
                "Accounts paused after failed sign-ins",
                Counter::default(),
            ),
            addresses_blocked: register.add(
                "signet_addresses_blocked_total",
                "Addresses blocked for failed sign-ins at many accounts",
                Counter::default(),
            ),
            blocked_requests: register.add(
                "signet_blocked_requests_total",
                "Requests from addresses that are blocked from everything",
                Counter::default(),
            ),
            rate_limited: register.add(
                "signet_rate_limited_total",
                "Requests refused by a rate limit",
                Family::default(),
            ),
            refusals_dropped: register.add(
                "signet_refusals_dropped_total",
                "Refusals not stored for `signet explain`, because of a limit or a database failure",
                Counter::default(),
            ),
            refusals_suppressed: register.add(
                "signet_refusals_suppressed_total",
                "Refusals left out of the log because of a limit",
                Counter::default(),
            ),
        }
    }
}

impl State {
    fn enter(register: &mut Register) -> Self {
        Self {
            sessions: register.add(
                "signet_sessions_active",
                "Live sessions, counted up to 100,000, sampled once a minute",
                Gauge::default(),
            ),
            waiting: register.add(
                "signet_authorization_requests_waiting",
                "Authorization requests that wait for a person, as counted by this node",
                Gauge::default(),
            ),
            revocations: register.add(
                "signet_revocations",
                "Revocations and cut-offs that this node holds in memory",
                Gauge::default(),
            ),
            blocks: register.add(
                "signet_address_blocks",
                "Address blocks that this node holds in memory",
                Gauge::default(),
            ),
            view_age: register.add(
                "signet_view_age_seconds",
                "Time since this node last read the change sequence",
                Seconds::default(),
            ),
            keys: register.add("signet_keys", "Keys that are not gone", Family::default()),
            key_age: register.add(
                "signet_key_age_seconds",
                "Time for which the active key has been active",
                Family::default(),
            ),
            key_remaining: register.add(
                "signet_key_rotation_remaining_seconds",
                "Time until the active key is due for replacement, negative if overdue",
                Family::default(),
            ),
            outbox: register.add(
                "signet_outbox_messages",
                "Undelivered messages to other servers, sampled once a minute",
                Gauge::default(),
            ),
            outbox_oldest: register.add(
                "signet_outbox_oldest_age_seconds",
                "Age of the oldest undelivered message, 0 if there is none",
                Seconds::default(),
            ),
            audit_log_broken: register.add(
                "signet_audit_log_broken",
                "Set to 1 if this node found the audit log changed, in which case it signs no checkpoints, else 0",
                Gauge::default(),
            ),
            connections: register.add("signet_database_connections", "Connections to the database", Family::default()),
            ready: register.add(
                "signet_ready",
                "Set to 1 if the server accepts work, judged without a database query, else 0",
                Gauge::default(),
            ),
        }
    }
}
