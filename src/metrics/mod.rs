//! L1: what is counted and measured, for Prometheus. One value handed to those who count: no global registry, and no
//! label that somebody outside can choose. What has to be asked for is sampled when it is read, not on requests.

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
use crate::store::metrics::Database;

/// What is counted by labels.
pub type Counts<L> = Family<L, Counter>;
/// What is measured in seconds and may fall.
pub type Seconds = Gauge<f64, AtomicU64>;
/// What is measured in seconds and only grows.
pub type SecondsTotal = Counter<f64, AtomicU64>;

/// The media type of the exposition (OpenMetrics 1.0).
pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The bounds of histograms of requests, in seconds: fine below a millisecond, where most answers are, and up to where people
/// have gone away.
const REQUEST_SECONDS: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];

/// A histogram of durations of requests.
fn durations() -> Histogram {
    Histogram::new(REQUEST_SECONDS)
}

/// All metrics of a node.
pub struct Metrics {
    register: Register,
    /// The public listener.
    pub http: Http,
    /// Tokens and who presents them.
    pub tokens: Tokens,
    /// People who sign in, and what keeps others from it.
    pub access: Access,
    /// What is sampled of this node's state.
    pub state: State,
    /// What is told to other servers.
    pub deliveries: Counts<Delivery>,
    /// The process.
    pub process: Process,
}

/// Metrics of the public listener.
pub struct Http {
    /// Requests.
    pub requests: Counts<Answered>,
    /// How long they took.
    pub seconds: Family<Route, Histogram>,
}

/// Metrics of tokens.
pub struct Tokens {
    /// What was issued.
    pub issued: Counts<Issued>,
    /// What was done with tokens.
    pub operations: Counts<Operation>,
    /// How long it took to verify an access token.
    pub verification: Histogram,
    /// What was presented again.
    pub replays: Counts<Replayed>,
    /// Why clients could not be authenticated.
    pub client_failures: Counts<Reason>,
}

/// Metrics of people and of abuse.
pub struct Access {
    /// Attempts to sign in.
    pub sign_ins: Counts<SignIn>,
    /// Accounts that got a pause.
    pub soft_locks: Counter,
    /// Addresses that were blocked for spraying.
    pub addresses_blocked: Counter,
    /// Requests of blocked addresses.
    pub blocked_requests: Counter,
    /// Requests beyond a rate.
    pub rate_limited: Counts<Class>,
    /// Refusals that cannot be explained.
    pub refusals_dropped: Counter,
    /// Refusals that are not in the log.
    pub refusals_suppressed: Counter,
}

/// What is sampled.
pub struct State {
    /// Sessions that somebody could use now.
    pub sessions: Gauge,
    /// Authorization requests that wait for somebody.
    pub waiting: Gauge,
    /// Revocations held in memory.
    pub revocations: Gauge,
    /// Address blocks held in memory.
    pub blocks: Gauge,
    /// How long ago the change sequence was read.
    pub view_age: Seconds,
    /// How many keys there are.
    pub keys: Family<Keys, Gauge>,
    /// How long the active key has been the one.
    pub key_age: Family<Alg, Seconds>,
    /// How long it will be.
    pub key_remaining: Family<Alg, Seconds>,
    /// Messages that are to be delivered.
    pub outbox: Gauge,
    /// The age of the oldest.
    pub outbox_oldest: Seconds,
    /// 1 where the node that does the upkeep has found the audit log broken, else 0.
    pub audit_log_broken: Gauge,
    /// Database connections.
    pub connections: Family<Connections, Gauge>,
    /// Whether the server takes work.
    pub ready: Gauge,
}

impl Metrics {
    /// Enters every metric; those of the database and of the pool for passwords are counted by them.
    pub fn new(database: &Database, hashing: &Hashing) -> Self {
        let mut register = Register::default();
        let http = Http::enter(&mut register);
        let tokens = Tokens::enter(&mut register);
        let access = Access::enter(&mut register);
        let state = State::enter(&mut register);
        let help = "Attempts to tell other servers something, by what came of them";
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

    /// Exports the series of alerts from the start. Prometheus sees no increase in a series that appears with its first
    /// event, and an expression over a series that is absent has no value.
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

    /// What is said of each metric, for the page that operators read.
    pub fn described(&self) -> &[Described] {
        self.register.described()
    }

    /// All values in the OpenMetrics text format.
    ///
    /// # Errors
    /// Where a value cannot be written.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        self.register.encode()
    }
}

impl Http {
    /// Notes an answer; the route is the router's, never the path that somebody has sent.
    pub fn answered(&self, method: &'static str, route: Cow<'static, str>, status: u16, took: Duration) {
        let route = Route { route };
        self.seconds.get_or_create(&route).observe(took.as_secs_f64());
        self.requests.get_or_create(&Answered { method, route: route.route, status }).inc();
    }

    fn enter(register: &mut Register) -> Self {
        Self {
            requests: register.add(
                "signet_http_requests_total",
                "Requests that the public listener has answered",
                Family::default(),
            ),
            seconds: register.add(
                "signet_http_request_duration_seconds",
                "From the request's head to its answer",
                Family::new_with_constructor(durations as fn() -> Histogram),
            ),
        }
    }
}

impl Tokens {
    fn enter(register: &mut Register) -> Self {
        Self {
            issued: register.add("signet_tokens_issued_total", "Tokens and codes that were issued", Family::default()),
            operations: register.add(
                "signet_token_operations_total",
                "Requests about tokens, by what came of them",
                Family::default(),
            ),
            verification: register.add(
                "signet_access_token_verification_duration_seconds",
                "How long it took to judge an access token, its revocation included",
                Histogram::new([0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.01, 0.1, 1.0]),
            ),
            replays: register.add(
                "signet_replays_total",
                "Codes and refresh tokens that were presented again, whose grants are revoked",
                Family::default(),
            ),
            client_failures: register.add(
                "signet_client_authentication_failures_total",
                "Requests whose client could not be authenticated",
                Family::default(),
            ),
        }
    }
}

impl Access {
    fn enter(register: &mut Register) -> Self {
        Self {
            sign_ins: register.add("signet_logins_total", "Attempts to sign in with a password", Family::default()),
            soft_locks: register.add(
                "signet_account_soft_locks_total",
                "Accounts that got a pause after failed sign-ins",
                Counter::default(),
            ),
            addresses_blocked: register.add(
                "signet_addresses_blocked_total",
                "Addresses that were blocked since they failed at many accounts",
                Counter::default(),
            ),
            blocked_requests: register.add(
                "signet_blocked_requests_total",
                "Requests of addresses that are blocked from everything",
                Counter::default(),
            ),
            rate_limited: register.add(
                "signet_rate_limited_total",
                "Requests that were refused since there were too many",
                Family::default(),
            ),
            refusals_dropped: register.add(
                "signet_refusals_dropped_total",
                "Refusals that were not stored for `signet explain`, since there were too many or the database failed",
                Counter::default(),
            ),
            refusals_suppressed: register.add(
                "signet_refusals_suppressed_total",
                "Refusals that were left out of the log, since there were too many",
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
                "Sessions that have neither ended nor expired, up to 100,000, sampled once a minute",
                Gauge::default(),
            ),
            waiting: register.add(
                "signet_authorization_requests_waiting",
                "Authorization requests that wait for a person, by this node's count",
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
                "How long ago this node last read the change sequence",
                Seconds::default(),
            ),
            keys: register.add("signet_keys", "Keys that are not gone", Family::default()),
            key_age: register.add(
                "signet_key_age_seconds",
                "How long the active key has been active",
                Family::default(),
            ),
            key_remaining: register.add(
                "signet_key_rotation_remaining_seconds",
                "How long until the active key is to be replaced; negative where that is overdue",
                Family::default(),
            ),
            outbox: register.add(
                "signet_outbox_messages",
                "Messages to other servers that have not been settled, sampled once a minute",
                Gauge::default(),
            ),
            outbox_oldest: register.add(
                "signet_outbox_oldest_age_seconds",
                "The age of the oldest of them, 0 where there is none",
                Seconds::default(),
            ),
            audit_log_broken: register.add(
                "signet_audit_log_broken",
                "Whether this node has found the audit log changed, 1 or 0; it signs no checkpoints then",
                Gauge::default(),
            ),
            connections: register.add("signet_database_connections", "Connections to the database", Family::default()),
            ready: register.add(
                "signet_ready",
                "Whether the server takes work, 1 or 0, as far as can be told without asking the database",
                Gauge::default(),
            ),
        }
    }
}
