//! `signet serve`

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::net::TcpListener;

use super::certificate;
use super::database;
use super::demo_directory::DemoDirectory;
use super::lifecycle::{Lifecycle, Signals};
use super::output::note;
use super::telemetry::Telemetry;
use crate::app::{App, StartError};
use crate::config::{ConfigError, DEFAULT_FILE, Mode, Settings};
use crate::demo;
use crate::http;
use crate::http::admin::management;
use crate::http::edge::serve::{ConnectionLimits, serve};
use crate::http::edge::tls::Certificate;
use crate::jobs;
use signet_store::clock::Clock;

/// Options of the server.
#[derive(Args)]
pub struct Serve {
    /// Also run a demo application with a user, on a temporary database (development only)
    #[arg(long)]
    demo: bool,
}

impl Serve {
    /// Loads the settings. The demo does not read ./signet.toml, which belongs to another installation.
    pub fn settings(&self, named: Option<&Path>) -> Result<Settings, ConfigError> {
        let variables = super::variables(std::env::vars_os());
        match (self.demo, named) {
            (true, None) => Settings::read(Path::new(DEFAULT_FILE), "", variables),
            (true | false, _) => Settings::load(named, variables),
        }
    }

    pub async fn run(self, mut settings: Settings) -> anyhow::Result<()> {
        let telemetry = Telemetry::start(&settings)?;
        let mut signals = Signals::new()?;
        std::panic::set_hook(Box::new(crate::http::edge::guard::log_panic));
        if self.demo && settings.mode == Mode::Production {
            bail!("--demo is for development; the mode is production");
        }
        let scratch = if self.demo { Some(Arc::new(DemoDirectory::make(&mut settings)?)) } else { None };
        if settings.mode == Mode::Production {
            // An empty volume or a wrong directory must not become a second, empty installation.
            database::require(&settings)?;
        }
        let certificate = settings.tls.as_ref().map(|files| Certificate::load(&files.cert, &files.key)).transpose()?;
        let tls = certificate.clone().map(Certificate::acceptor).transpose()?;
        let listener = bind(settings.listen).await?;
        let app = tokio::select! {
            opened = open(settings) => opened?,
            () = signals.next() => bail!("interrupted during startup"),
        };
        announce(&app);
        let jobs = jobs::start(&app);
        certificate::follow(certificate)?;
        let life = Lifecycle::begin(&app, signals, scratch.clone());
        let demo = if self.demo { Some(demo::start(&app, life.stops_accepting()).await?) } else { None };
        let management = start_management(&app, life.has_drained()).await?;
        let limits = ConnectionLimits::new(&app.settings.limits, &app.settings.proxy);
        if let Some(demo) = &demo {
            note(&format!(
                "\nOpen {} in a browser to try a login. All data is deleted when the server stops.\n",
                demo.url
            ));
        }
        let served = serve(listener, tls, http::entrance(app.clone()), limits, life.stops_accepting()).await;
        // Until here the management listener answers that the server is not ready.
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

/// Opens the app. Production does not migrate an empty database, which may be the wrong one.
async fn open(settings: Settings) -> Result<Arc<App>, StartError> {
    match settings.mode {
        Mode::Production => App::open_existing(settings, Clock::System).await,
        Mode::Development => App::open(settings, Clock::System).await,
    }
}

/// Starts the management listener, if it is configured.
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

/// Logs the start, and warnings about the mode and the front.
fn announce(app: &App) {
    if app.is_development() {
        tracing::warn!("DEVELOPMENT MODE: not for real accounts; set mode = \"production\" and an https issuer");
    } else if app.settings.tls.is_none() && app.settings.proxy.trusted.is_empty() {
        tracing::warn!(
            "neither TLS nor a trusted proxy: this server speaks plain HTTP, and all clients behind a proxy count as one \
             address; set tls.cert and tls.key, or proxy.trusted"
        );
    }
    tracing::info!(issuer = app.settings.issuer, version = env!("CARGO_PKG_VERSION"), "started");
}
