//! Refused requests: one line in the log each, and a row for `signet explain`. A refusal costs its request no statement:
//! rows are queued and written by a job in batches. Both are lossy, so that floods of refusals stay cheap and quiet.

mod explanation;
mod queue;
mod quiet;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use self::explanation::{Answer, Explanation, Named, explain, latest};
use self::queue::Queue;
use self::quiet::{Quiet, Speaker, Verdict, Voice};
use super::{Context, Provider};
use crate::metrics::Counter;
use crate::protocol::cause::Shown;
use crate::protocol::error::OAuthError;
use crate::protocol::ids::{ClientId, RealmId};
use crate::protocol::time::Timestamp;
use crate::store::StoreError;
use crate::store::refusals::{self, NewRefusal};

/// A client that a refused request names. It need not have sent the request.
#[derive(Clone, Copy, Debug)]
pub enum NamedClient<'a> {
    /// A registered client.
    Registered(&'a str),
    /// An id that is not registered, or that this node has not looked up.
    Unregistered(&'a str),
}

impl<'a> NamedClient<'a> {
    const fn id(self) -> &'a str {
        match self {
            Self::Registered(id) | Self::Unregistered(id) => id,
        }
    }

    /// The id as the log may have it.
    fn shown(self) -> String {
        match self {
            Self::Registered(id) => id.to_owned(),
            Self::Unregistered(id) => Shown::unregistered_client(id).as_str().to_owned(),
        }
    }
}

/// A refused request, as the surface answers it.
#[derive(Clone, Copy, Debug)]
pub struct Refused<'a> {
    /// The endpoint, as the first segment of its path below the issuer.
    pub endpoint: &'a str,
    /// The client that the request names.
    pub client: Option<NamedClient<'a>>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The public answer with its private cause.
    pub error: &'a OAuthError,
}

/// The refusals of this node that are to be logged and written.
pub struct Refusals {
    queue: Mutex<Queue>,
    quiet: Mutex<Quiet>,
    dropped: Counter,
    suppressed: Counter,
    /// Held while a batch is written, so that the next one is written after it.
    writing: tokio::sync::Mutex<()>,
}

impl Refusals {
    /// Empty; `dropped` counts refusals that are not stored, and `suppressed` those that are not logged.
    pub fn new(dropped: Counter, suppressed: Counter) -> Self {
        let writing = tokio::sync::Mutex::default();
        Self { queue: Mutex::default(), quiet: Mutex::default(), dropped, suppressed, writing }
    }

    /// Logs a refusal, unless there were many of its kind, and queues it for the database, unless there is no room.
    pub fn note(&self, context: &Context, refused: &Refused<'_>) {
        let Refused { endpoint, client, status, error } = refused;
        let client_id = client.map(NamedClient::shown).unwrap_or_default();
        let cause = error.explanation();
        let network = context.region_name();
        let speaker = match client {
            Some(NamedClient::Registered(id)) => Speaker::Client((*id).to_owned()),
            Some(NamedClient::Unregistered(_)) | None => Speaker::Strangers(network.clone()),
        };
        let voice = Voice { speaker, kind: error.kind() };
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

    /// Queues a refusal for the database, unless there is no room. The log has it already.
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

    /// The queued rows, and a line in the log for what was suppressed in windows that have ended.
    fn take(&self, now: Timestamp) -> Vec<NewRefusal> {
        for ended in lock(&self.quiet).end_windows(now) {
            let quiet::Ended { client, network, cause, suppressed } = ended;
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
    let refusals = &provider.refusals;
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
    let shared = Arc::new((realm, rows));
    let written = provider.store.write(move |tx| {
        let shared = shared.clone();
        Box::pin(async move { refusals::insert(tx, &shared.0, &shared.1).await })
    });
    written.await
}

fn lock<T>(held: &Mutex<T>) -> MutexGuard<'_, T> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}
