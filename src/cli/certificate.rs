//! Reload of the certificate of the public listener: changed files are loaded within seconds, and immediately at
//! SIGHUP.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{MissedTickBehavior, interval};

use crate::http::edge::tls::{Certificate, Reload};

/// Interval between two reads of the files.
const PERIOD: Duration = Duration::from_secs(5);

/// Starts the reload task. Also without a certificate, so that SIGHUP does not end the server.
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
                tracing::info!(certificate = certificate.is_some(), "reloading files at SIGHUP");
            }
            if let Some(certificate) = certificate.clone() {
                last_failure = take_up(certificate, last_failure).await;
            }
        }
    });
    Ok(())
}

/// Reloads the files. Returns the failure, if any; a repeated failure is not logged again.
async fn take_up(certificate: Arc<Certificate>, last_failure: Option<String>) -> Option<String> {
    let read = tokio::task::spawn_blocking(move || certificate.reload()).await;
    match read {
        Ok(Ok(Reload::Unchanged)) => None,
        Ok(Ok(Reload::Replaced)) => {
            tracing::info!("loaded a changed TLS certificate");
            None
        }
        Ok(Err(error)) => {
            let failure = error.to_string();
            if last_failure.as_ref() != Some(&failure) {
                tracing::error!(%error, "the changed TLS certificate is not usable; the previous one stays in use");
            }
            Some(failure)
        }
        // The runtime is shutting down.
        Err(_) => last_failure,
    }
}
