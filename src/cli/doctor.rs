//! `signet doctor`

mod data;
mod engine;
mod files;
mod finding;
mod front;
mod master_key;
mod online;
mod profiles;
mod public_keys;
mod schedule;
mod tls;

use std::path::Path;

use clap::Args;

use self::finding::{Finding, report};
use self::master_key::master_key;
use super::database;
use crate::app;
use crate::config::Settings;
use crate::mail::Mailer;
use signet_protocol::time::Span;
use signet_store::Store;
use signet_store::clock::{Clock, NodeClock};
use signet_store::node::invariants;

/// Tolerated lead of the newest audit row over the clock.
const AHEAD: Span = Span::from_minutes(5);

/// Tolerated difference between this host's clock and that of the database.
const AGREES: Span = Span::from_secs(5);

/// Options of the checks. They change nothing.
#[derive(Args)]
pub struct Doctor {
    /// Also request discovery from the issuer, as clients do
    #[arg(long)]
    online: bool,
    /// Also check all stored data: codes, grants, sessions, keys, the audit log and the database itself
    #[arg(long)]
    invariants: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the checks. `file` is the settings file of the command line.
    pub async fn run(self, settings: &Settings, file: Option<&Path>) -> anyhow::Result<()> {
        // The settings have been validated before.
        let mut found = vec![Finding::ok("settings", "")];
        found.extend(front::examine(settings));
        found.push(tls::examine(settings, Clock::System.now()));
        found.extend(files::examine(settings, file));
        found.push(mail(settings).await);
        if self.online {
            found.push(online::examine(settings).await);
        }
        self.examine_database(settings, &mut found).await;
        report(&found, self.json)
    }

    /// Checks the database, and the master key, which any database needs.
    async fn examine_database(&self, settings: &Settings, found: &mut Vec<Finding>) {
        let store = match open(settings).await {
            Ok(store) => store,
            Err(Closed::Missing(what)) => return found.push(Finding::fail("database", what)),
            Err(Closed::Broken(what)) => {
                if !settings.keys.verify_only {
                    found.push(Finding::of("master-key", master_key(settings).map(drop)));
                }
                return found.push(Finding::fail("database", what));
            }
        };
        if let Err(error) = store.refuse_empty().await {
            found.push(Finding::fail("database", error.to_string()));
        } else {
            found.push(master_key::examine(&store, settings).await);
            found.push(Finding::ok("database", ""));
            self.examine_store(&store, settings, found).await;
        }
        store.close().await;
    }

    /// Checks the engine and the schema and, if the schema is current, the data.
    async fn examine_store(&self, store: &Store, settings: &Settings, found: &mut Vec<Finding>) {
        found.extend(engine::examine(store, settings).await);
        let schema = store.check_schema().await.map_err(|error| error.to_string());
        let is_current = schema.is_ok();
        found.push(Finding::of("schema", schema));
        if !is_current {
            return;
        }
        match app::clock_of(store).await {
            Err(error) => found.push(Finding::fail("clock", error.to_string())),
            Ok(known) => {
                found.push(Finding::of("clock", clock(store, &known).await));
                found.push(schedule::examine(store, settings, known.now()).await);
                found.push(public_keys::examine(store, settings).await);
                found.push(profiles::examine(store, settings).await);
                if self.invariants {
                    data::examine(store, settings, known.now(), found).await;
                }
            }
        }
    }
}

/// The reason why the database could not be opened.
enum Closed {
    /// The file does not exist.
    Missing(String),
    Broken(String),
}

/// Opens an existing database without migration.
async fn open(settings: &Settings) -> Result<Store, Closed> {
    if let Some(what) = database::missing(settings) {
        return Err(Closed::Missing(what));
    }
    let opened = Store::open(settings.database.url.expose(), settings.database.max_connections).await;
    opened.map_err(|error| Closed::Broken(error.to_string()))
}

/// Checks the mail server. Mail that is switched off is reported, but is no failure.
async fn mail(settings: &Settings) -> Finding {
    match Mailer::new(&settings.mail, settings.outbound.extra_ca.as_deref()) {
        Err(error) => Finding::of("mail", Err(error.to_string())),
        Ok(Some(mailer)) => {
            let fix = "check mail.smtp and the network path to it";
            Finding::of("mail", mailer.test().await.map_err(|error| format!("{error}; {fix}")))
        }
        Ok(None) => Finding::ok("mail", "off: users get no mails about their accounts; set mail.smtp to switch it on"),
    }
}

/// Compares this host's clock with that of the database, and the latter with the audit log.
async fn clock(store: &Store, clock: &NodeClock) -> Result<(), String> {
    if let Some(apart) = clock.apart()
        && apart.as_millis().saturating_abs() > AGREES.as_millis()
    {
        let seconds = apart.as_secs().saturating_abs();
        let way = if apart > Span::ZERO { "ahead of" } else { "behind" };
        return Err(format!("this host's clock is {seconds} s {way} the database's, which nodes use; correct it"));
    }
    let now = clock.now();
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    match invariants::newest(&mut tx).await.map_err(|error| error.to_string())? {
        Some(newest) if newest.since(now) > AHEAD => {
            Err("the audit log has rows from the future; correct this machine's clock".to_owned())
        }
        Some(_) | None => Ok(()),
    }
}
