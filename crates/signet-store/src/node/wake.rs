//! Wakes other nodes by a PostgreSQL notification or a request to the address that a node advertises. Neither carries
//! data: a woken node polls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::postgres::PgListener;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use url::Url;

use crate::engine::db::Db;
use crate::engine::lanes::Lane;
use crate::engine::postgres;
use crate::{Store, StoreError};

/// Name of the notification channel.
const CHANGES: &str = "signet_changes";
const NOTIFY: &str = "SELECT pg_notify('signet_changes', '')";
/// SQLSTATE `feature_not_supported`.
const NOT_SUPPORTED: &str = "0A000";
/// Timeout of a wake-up request.
const WAKE_UP_TIMEOUT: Duration = Duration::from_millis(250);
/// Limit of concurrent wake-up requests; further ones are dropped, since nodes also poll.
const MAX_WAKE_UPS: usize = 16;

/// Outcome of LISTEN.
pub enum Listening {
    /// The subscription to notifications.
    On(Notifications),
    /// The engine does not support LISTEN.
    Unsupported,
}

/// A connection that receives notifications.
pub struct Notifications(PgListener);

impl Notifications {
    /// Waits for the next notification. Returns false if the connection was lost; some notifications may be lost too.
    pub async fn next(&mut self) -> bool {
        matches!(self.0.try_recv().await, Ok(Some(_)))
    }
}

impl Store {
    /// Subscribes to notifications on a separate connection.
    pub async fn listen(&self) -> Result<Listening, StoreError> {
        let Db::Postgres(pool) = &self.db else { return Ok(Listening::Unsupported) };
        let mut listener = PgListener::connect_with(&pool.connect_for_migration().await?).await?;
        listener.eager_reconnect(false);
        match postgres::in_time(pool.limit(), listener.listen(CHANGES)).await {
            Ok(()) => Ok(Listening::On(Notifications(listener))),
            Err(error) if is_unsupported(&error) => Ok(Listening::Unsupported),
            Err(error) => Err(error.into()),
        }
    }

    /// Notifies all listeners. A failure only delays them until their next poll.
    pub(crate) async fn notify(&self) {
        let Db::Postgres(pool) = &self.db else { return };
        let Ok((mut held, _permit)) = pool.acquire(Lane::current()).await else { return };
        let notified = postgres::in_time(pool.limit(), sqlx::query(NOTIFY).execute(&mut held.raw)).await;
        if let Err(error) = &notified {
            held.mark_if_lost(error);
            tracing::debug!(%error, "could not send a notification to other nodes");
        }
    }
}

fn is_unsupported(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|cause| cause.code());
    code.as_deref() == Some(NOT_SUPPORTED)
}

/// Sends a wake-up request to a node in the background.
pub(crate) fn send_wake_up(address: String) {
    static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);
    if UNDER_WAY.fetch_add(1, Ordering::AcqRel) >= MAX_WAKE_UPS {
        UNDER_WAY.fetch_sub(1, Ordering::AcqRel);
        return;
    }
    tokio::spawn(async move {
        let sent = tokio::time::timeout(WAKE_UP_TIMEOUT, post(&address)).await;
        UNDER_WAY.fetch_sub(1, Ordering::AcqRel);
        if !matches!(sent, Ok(Some(()))) {
            tracing::debug!(address, "could not wake a node at its advertised address");
        }
    });
}

/// Sends `POST /wake` and ignores the answer.
async fn post(address: &str) -> Option<()> {
    let url = Url::parse(address).ok()?;
    let host = url.host_str()?;
    let port = url.port_or_known_default()?;
    let path = url.path().trim_end_matches('/');
    let request =
        format!("POST {path}/wake HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let mut stream = TcpStream::connect((host.trim_start_matches('[').trim_end_matches(']'), port)).await.ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut tokio::io::AsyncReadExt::take(stream, 1024), &mut answer).await.ok()?;
    Some(())
}
