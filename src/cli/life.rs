//! The end of a server: a signal makes it not ready; after a while, in which balancers notice, it accepts no more and
//! lets requests in progress finish; the management listener goes last. A second signal ends it at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;

/// How far the end has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Closed,
    Drained,
}

/// What listeners wait for.
pub struct Life {
    stage: watch::Sender<Stage>,
}

impl Life {
    /// Begins to listen to signals.
    ///
    /// # Errors
    /// Where the system does not allow it.
    pub fn begin(app: &Arc<App>) -> std::io::Result<Self> {
        let signals =
            Signals { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? };
        let stage = watch::Sender::new(Stage::Serving);
        tokio::spawn(end(app.clone(), signals, stage.clone()));
        Ok(Self { stage })
    }

    /// When no more connections are to be accepted.
    pub fn stops_accepting(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reaches(Stage::Closed)
    }

    /// When all requests have been answered.
    pub fn has_drained(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reaches(Stage::Drained)
    }

    /// Says that all requests have been answered.
    pub fn drained(&self) {
        self.stage.send_replace(Stage::Drained);
    }

    fn reaches(&self, wanted: Stage) -> impl Future<Output = ()> + Send + use<> {
        let mut stage = self.stage.subscribe();
        async move {
            // An error means that the sender is gone, and with it the reason to go on.
            let _ = stage.wait_for(|stage| *stage >= wanted).await;
        }
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Sees the end through.
async fn end(app: Arc<App>, mut signals: Signals, stage: watch::Sender<Stage>) {
    signals.next().await;
    app.drain();
    let delay = Duration::from_millis(app.settings.shutdown.delay.as_millis().unsigned_abs());
    tracing::info!(delay = ?delay, "stopping: not ready from now on; a second signal ends the server at once");
    tokio::select! {
        () = signals.next() => end_at_once(),
        () = tokio::time::sleep(delay) => {}
    }
    tracing::info!("no new connections, requests in progress finish");
    stage.send_if_modified(|stage| {
        let is_news = *stage < Stage::Closed;
        *stage = (*stage).max(Stage::Closed);
        is_news
    });
    signals.next().await;
    end_at_once()
}

#[expect(clippy::exit, reason = "whoever asks twice does not want to wait for anything")]
fn end_at_once() {
    tracing::warn!("told twice to stop: ends at once");
    std::process::exit(1);
}
