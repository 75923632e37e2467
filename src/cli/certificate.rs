//! Following the certificate of the public listener: changed files are taken up within seconds, and at SIGHUP at once.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::http::tls::{Certificate, Reload};

/// The time between two readings of the files.
const PERIOD: Duration = Duration::from_secs(5);

/// Starts to follow the files of the certificate, if the server has one. SIGHUP ends no server, even without one.
///
/// # Errors
/// Where the system does not allow the process to handle the signal.
pub fn follow(certificate: Option<Arc<Certificate>>) -> io::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        let mut ticks = interval(PERIOD);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut last_failure = None;
        loop {
            let is_ordered = tokio::select! {
                _ = hangups.recv() => true,
                _ = ticks.tick() => false,
            };
            if is_ordered {
                last_failure = None;
                tracing::info!(certificate = certificate.is_some(), "read files again at SIGHUP");
            }
            if let Some(certificate) = certificate.clone() {
                last_failure = take_up(certificate, last_failure).await;
            }
        }
    });
    Ok(())
}

/// Reads the files once; the failure, of which the log tells once for as long as it stays the same.
async fn take_up(certificate: Arc<Certificate>, last_failure: Option<String>) -> Option<String> {
    let read = tokio::task::spawn_blocking(move || certificate.reload()).await;
    match read {
        Ok(Ok(Reload::Unchanged)) => None,
        Ok(Ok(Reload::Replaced)) => {
            tracing::info!("took up a changed TLS certificate");
            None
        }
        Ok(Err(error)) => {
            let failure = error.to_string();
            if last_failure.as_ref() != Some(&failure) {
                tracing::error!(%error, "the changed TLS certificate cannot be used; the one before stays in use");
            }
            Some(failure)
        }
        // The runtime is about to end.
        Err(_) => last_failure,
    }
}
