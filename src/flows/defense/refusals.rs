//! Refused requests: one log line each, and a row for `signet explain`. A refused request costs no statement: rows are
//! queued, and a job writes them in batches. Both drop entries under load, so that floods of refusals stay cheap and
//! do not fill the log.

mod explanation;
mod log_throttle;
mod queue;

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use self::explanation::{Answer, Explanation, Named, explain, latest};
use self::log_throttle::{LogThrottle, RefusalSource, ThrottleKey, Verdict};
use self::queue::Queue;
use crate::flows::{Context, Provider};
use crate::metrics::Counter;
use signet_protocol::cause::Shown;
use signet_protocol::error::OAuthError;
use signet_protocol::ids::{ClientId, RealmId};
use signet_protocol::time::Timestamp;
use signet_store::StoreError;
use signet_store::defense::refusals::{self, NewRefusal};

/// A client that a refused request names. Another party may have sent the request.
#[derive(Clone, Copy, Debug)]
pub enum NamedClient<'a> {
    Registered(&'a str),
    /// An unregistered id, or one that this node has not looked up.
    Unregistered(&'a str),
}

impl<'a> NamedClient<'a> {
    const fn id(self) -> &'a str {
        match self {
            Self::Registered(id) | Self::Unregistered(id) => id,
        }
    }

    /// The form of the id that may be logged.
    fn shown(self) -> String {
        match self {
            Self::Registered(id) => id.to_owned(),
            Self::Unregistered(id) => Shown::unregistered_client(id).as_str().to_owned(),
        }
    }
}

/// A refused request, as reported by the HTTP layer.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'a> {
    /// The first segment of the path below the issuer.
    pub endpoint: &'a str,
    /// The client that the request names.
    pub client: Option<NamedClient<'a>>,
    pub status: u16,
    pub error: &'a OAuthError,
}

/// The queue of this node's refusals to log and store.
pub struct Refusals {
    queue: Mutex<Queue>,
    quiet: Mutex<LogThrottle>,
    dropped: Counter,
    suppressed: Counter,
    /// Held while a batch is written, so that batches are written in order.
    writing: tokio::sync::Mutex<()>,
}

impl Refusals {
    /// `dropped` counts refusals that are not stored, and `suppressed` those that are not logged.
    pub fn new(dropped: Counter, suppressed: Counter) -> Self {
        let writing = tokio::sync::Mutex::default();
        Self { queue: Mutex::default(), quiet: Mutex::default(), dropped, suppressed, writing }
    }

    /// Logs a refusal unless its rate limit is exceeded, and queues it for the database if there is room.
    pub fn note(&self, context: &Context, refused: &Refused<'_>) {
        let Refused { endpoint, client, status, error } = refused;
        let client_id = client.map(NamedClient::shown).unwrap_or_default();
        let cause = error.explanation();
        let network = context.region_name();
        let speaker = match client {
            Some(NamedClient::Registered(id)) => RefusalSource::Client((*id).to_owned()),
            Some(NamedClient::Unregistered(_)) | None => RefusalSource::Strangers(network.clone()),
        };
        let voice = ThrottleKey { speaker, kind: error.kind() };
        let verdict = lock(&self.quiet).admit(voice, &network, &cause, context.now);
        match verdict {
            Verdict::Logged { suppressed } => {
                let error = error.code.as_str();
                tracing::info!(
                    target: "security", event = "refusal", endpoint, client_id, status, error, cause, suppressed,
                    "refused a request"
                );
            }
            Verdict::Suppressed => {
                self.suppressed.inc();
            }
        }
        self.keep(context, refused);
    }

    /// Queues a refusal that has been logged, if there is room.
    pub fn keep(&self, context: &Context, refused: &Refused<'_>) {
        let client_id = refused.client.map(NamedClient::id).unwrap_or_default();
        let row = NewRefusal {
            realm: context.realm.id.clone(),
            request_id: context.origin.request_id.clone(),
            at: context.now,
            endpoint: refused.endpoint.to_owned(),
            named: ClientId::parse(client_id).map(|id| id.as_str().to_owned()).unwrap_or_default(),
            shown: Shown::unregistered_client(client_id).as_str().to_owned(),
            network: context.region_name(),
            status: refused.status,
            error: refused.error.code.as_str(),
            description: refused.error.description.clone().into_owned(),
            cause: refused.error.explanation(),
            hint: refused.error.hint(),
        };
        let lost = lock(&self.queue).push(row);
        self.dropped.inc_by(lost);
    }

    /// Returns the queued rows, and logs the counts of suppressed lines for windows that have ended.
    fn take(&self, now: Timestamp) -> Vec<NewRefusal> {
        for ended in lock(&self.quiet).end_windows(now) {
            let log_throttle::Ended { client, network, cause, suppressed } = ended;
            tracing::info!(
                target: "security", event = "refusals_suppressed", client_id = client, network, cause, suppressed,
                "left refusals out of the log"
            );
        }
        lock(&self.queue).take()
    }
}

/// Writes the queued refusals. If the database fails, only explanations are lost.
pub async fn flush(provider: &Provider, now: Timestamp) {
    let refusals = &provider.limits.refusals;
    let _turn = refusals.writing.lock().await;
    let mut rows = refusals.take(now);
    while let Some(realm) = rows.first().map(|row| row.realm.clone()) {
        let (of_realm, others): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.realm == realm);
        rows = others;
        let lost = u64::try_from(of_realm.len()).unwrap_or(u64::MAX);
        if let Err(error) = write(provider, realm, of_realm).await {
            refusals.dropped.inc_by(lost);
            tracing::debug!(%error, lost, "could not store refusals");
        }
    }
}

async fn write(provider: &Provider, realm: RealmId, rows: Vec<NewRefusal>) -> Result<(), StoreError> {
    let written = provider.store.write_with((realm, rows), move |given, tx| {
        Box::pin(async move { refusals::insert(tx, &given.0, &given.1).await })
    });
    written.await
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
