//! The end of a server: a signal makes it not ready; after a while, in which balancers notice, it accepts no more and
//! lets requests in progress finish; the management listener goes last. A second signal ends it at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::scratch::Scratch;
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
    /// Begins to wait for the signals that end the server, and with it the folder of a demo.
    pub fn begin(app: &Arc<App>, signals: Signals, scratch: Option<Arc<Scratch>>) -> Self {
        let stage = watch::Sender::new(Stage::Serving);
        let end = End { app: app.clone(), signals, stage: stage.clone(), scratch };
        tokio::spawn(end.see_through());
        Self { stage }
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

/// The signals that end a server: SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Takes the signals over from the system, which would end the process at once.
    ///
    /// # Errors
    /// Where the system does not allow it.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Completes at the next signal.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The task that ends a server.
struct End {
    app: Arc<App>,
    signals: Signals,
    stage: watch::Sender<Stage>,
    scratch: Option<Arc<Scratch>>,
}

impl End {
    async fn see_through(mut self) {
        self.signals.next().await;
        self.app.drain();
        let delay = Duration::from_millis(self.app.settings.shutdown.delay.as_millis().unsigned_abs());
        tracing::info!(delay = ?delay, "stopping: not ready from now on; a second signal ends the server at once");
        tokio::select! {
            () = self.signals.next() => self.end_at_once(),
            () = tokio::time::sleep(delay) => {}
        }
        tracing::info!("no new connections, requests in progress finish");
        self.stage.send_if_modified(|stage| {
            let is_news = *stage < Stage::Closed;
            *stage = (*stage).max(Stage::Closed);
            is_news
        });
        self.signals.next().await;
        self.end_at_once();
    }

    /// A second signal does not wait for anything.
    fn end_at_once(&self) {
        tracing::warn!("second signal to stop: ends at once");
        if let Some(scratch) = &self.scratch {
            scratch.remove();
        }
        std::process::exit(1);
    }
}
