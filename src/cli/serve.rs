//! `signet serve`

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::net::TcpListener;

use super::life::Life;
use super::output::note;
use super::telemetry::Telemetry;
use crate::app::App;
use crate::clock::Clock;
use crate::config::Settings;
use crate::demo;
use crate::http::serve::{ConnectionLimits, serve};
use crate::http::{self, management, tls};
use crate::jobs;

/// How the server is run.
#[derive(Args)]
pub struct Serve {
    /// Also run a small application with a user, to try a login with (development only)
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// Runs the server until it is told to stop.
    ///
    /// # Errors
    /// Where something that it needs cannot be had.
    pub async fn run(self, settings: Settings) -> anyhow::Result<()> {
        let telemetry = Telemetry::start(&settings)?;
        std::panic::set_hook(Box::new(http::guard::tell_of_panic));
        if self.demo && settings.mode == crate::config::Mode::Production {
            bail!("--demo is for development; the mode is production");
        }
        let tls = settings.tls.as_ref().map(|files| tls::acceptor(&files.cert, &files.key)).transpose()?;
        let listener = bind(settings.listen).await?;
        let app = App::open(settings, Clock::System).await?;
        announce(&app);
        let jobs = jobs::start(&app);
        let life = Life::begin(&app)?;
        let demo = match self.demo {
            true => Some(demo::start(&app, life.stops_accepting()).await?),
            false => None,
        };
        let management = start_management(&app, life.has_drained()).await?;
        let limits = ConnectionLimits::new(&app.settings.limits, &app.settings.proxy);
        if let Some(demo) = &demo {
            note(&format!("\nOpen {} in a browser to try a login.\n", demo.url));
        }
        let served = serve(listener, tls, http::entrance(app.clone()), limits, life.stops_accepting()).await;
        // Until here it says that it is not ready.
        life.drained();
        if let Some(management) = management {
            management.await??;
        }
        jobs.end().await;
        app.provider.store.close().await;
        tracing::info!("stopped");
        telemetry.end().await;
        Ok(served?)
    }
}

/// Starts the management listener, if there is one.
async fn start_management(
    app: &Arc<App>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<Option<tokio::task::JoinHandle<std::io::Result<()>>>> {
    let Some(address) = app.settings.management.listen else { return Ok(None) };
    let listener = bind(address).await?;
    let router = management::router(app.clone());
    let limits = ConnectionLimits { connections: 100, ..ConnectionLimits::default() };
    Ok(Some(tokio::spawn(serve(listener, None, router, limits, stop))))
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

/// Says loudly what must not go unnoticed.
fn announce(app: &App) {
    if app.is_development() {
        tracing::warn!("DEVELOPMENT MODE: not for real accounts; set mode = \"production\" and an https issuer");
    }
    tracing::info!(issuer = app.settings.issuer, version = env!("CARGO_PKG_VERSION"), "started");
}
