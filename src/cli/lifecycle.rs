//! Graceful shutdown. A signal makes the server not ready; after a delay, in which load balancers notice, it stops
//! accepting connections and finishes the requests in progress; the management listener stops last. A second signal
//! ends the process immediately.

use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use super::demo_directory::DemoDirectory;
use crate::app::App;

/// Stage of the shutdown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Serving,
    Closed,
    Drained,
}

/// The shutdown, as listeners wait for it.
pub struct Lifecycle {
    stage: watch::Sender<Stage>,
}

impl Lifecycle {
    /// Starts the task that waits for signals. It removes the directory of a demo when a second signal ends the
    /// process.
    pub fn begin(app: &Arc<App>, signals: Signals, scratch: Option<Arc<DemoDirectory>>) -> Self {
        let stage = watch::Sender::new(Stage::Serving);
        let task = ShutdownTask { app: app.clone(), signals, stage: stage.clone(), scratch };
        tokio::spawn(task.run());
        Self { stage }
    }

    /// Completes when no more connections should be accepted.
    pub fn stops_accepting(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reaches(Stage::Closed)
    }

    /// Completes when all requests have been answered.
    pub fn has_drained(&self) -> impl Future<Output = ()> + Send + use<> {
        self.reaches(Stage::Drained)
    }

    /// Marks all requests as answered.
    pub fn drained(&self) {
        self.stage.send_replace(Stage::Drained);
    }

    fn reaches(&self, wanted: Stage) -> impl Future<Output = ()> + Send + use<> {
        let mut stage = self.stage.subscribe();
        async move {
            // An error means that the sender was dropped: stop as well.
            let _ = stage.wait_for(|stage| *stage >= wanted).await;
        }
    }
}

/// Shutdown signals: SIGTERM and SIGINT.
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    /// Installs handlers, so that the signals no longer end the process.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// The shutdown task.
struct ShutdownTask {
    app: Arc<App>,
    signals: Signals,
    stage: watch::Sender<Stage>,
    scratch: Option<Arc<DemoDirectory>>,
}

impl ShutdownTask {
    async fn run(mut self) {
        self.signals.next().await;
        self.app.drain();
        let delay = Duration::from_millis(self.app.settings.shutdown.delay.as_millis().unsigned_abs());
        tracing::info!(delay = ?delay, "stopping: no longer ready; a second signal ends the process at once");
        tokio::select! {
            () = self.signals.next() => self.end_at_once(),
            () = tokio::time::sleep(delay) => {}
        }
        tracing::info!("no longer accepting connections; finishing requests in progress");
        self.stage.send_if_modified(|stage| {
            let is_first = *stage < Stage::Closed;
            *stage = (*stage).max(Stage::Closed);
            is_first
        });
        self.signals.next().await;
        self.end_at_once();
    }

    /// Ends the process without waiting.
    fn end_at_once(&self) {
        tracing::warn!("stopping at once after a second signal");
        if let Some(scratch) = &self.scratch {
            scratch.remove();
        }
        std::process::exit(1);
    }
}
