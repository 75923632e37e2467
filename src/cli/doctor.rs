//! `signet doctor`

mod data;
mod engine;
mod files;
mod finding;
mod front;
mod master_key;
mod online;
mod profiles;
mod schedule;
mod tls;

use std::path::Path;

use clap::Args;

use self::finding::{Finding, report};
use self::master_key::master_key;
use super::database;
use crate::app;
use crate::clock::{Clock, NodeClock};
use crate::config::Settings;
use crate::mail::Mailer;
use crate::protocol::time::Span;
use crate::store::{Store, invariants};

/// How far the newest row of the audit log may lie ahead of the clock.
const AHEAD: Span = Span::from_minutes(5);

/// How far this host's clock may differ from the database's.
const AGREES: Span = Span::from_secs(5);

/// What is looked at. Nothing is changed.
#[derive(Args)]
pub struct Doctor {
    /// Also ask the issuer, as clients do, whether it answers
    #[arg(long)]
    online: bool,
    /// Also check all stored data: codes, grants, sessions, keys, the audit log and the database itself
    #[arg(long)]
    invariants: bool,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Runs the command; `file` is the settings file that was named.
    ///
    /// # Errors
    /// Where a check fails.
    pub async fn run(self, settings: &Settings, file: Option<&Path>) -> anyhow::Result<()> {
        // That the settings hold has been found out already, or nobody would be here.
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

    /// Looks at the database and at the master key, which is needed from the moment on that there is a database.
    async fn examine_database(&self, settings: &Settings, found: &mut Vec<Finding>) {
        let store = match open(settings).await {
            Ok(store) => store,
            Err(Closed::Missing(what)) => return found.push(Finding::fail("database", what)),
            Err(Closed::Broken(what)) => {
                found.push(Finding::of("master-key", master_key(settings).map(drop)));
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

    /// Looks at the engine and the schema and, where that is the one that is known, at what is stored.
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
                found.push(profiles::examine(store, settings).await);
                if self.invariants {
                    data::examine(store, settings, known.now(), found).await;
                }
            }
        }
    }
}

/// The reason why the database cannot be looked at.
enum Closed {
    /// There is none yet.
    Missing(String),
    /// It cannot be opened.
    Broken(String),
}

/// Opens the database as it is; one that is not there is not created.
async fn open(settings: &Settings) -> Result<Store, Closed> {
    if let Some(what) = database::missing(settings) {
        return Err(Closed::Missing(what));
    }
    let opened = Store::open(settings.database.url.expose(), settings.database.max_connections).await;
    opened.map_err(|error| Closed::Broken(error.to_string()))
}

/// Whether mails can be handed over; that none are sent is said, though nothing is wrong with it.
async fn mail(settings: &Settings) -> Finding {
    match Mailer::new(&settings.mail, settings.outbound.extra_ca.as_deref()) {
        Err(error) => Finding::of("mail", Err(error.to_string())),
        Ok(Some(mailer)) => {
            let fix = "look at mail.smtp and the way there";
            Finding::of("mail", mailer.test().await.map_err(|error| format!("{error}; {fix}")))
        }
        Ok(None) => Finding::ok("mail", "off: people get no notices about their accounts; mail.smtp switches it on"),
    }
}

/// Whether this host's clock agrees with the database's, and that with what has been written by it.
async fn clock(store: &Store, clock: &NodeClock) -> Result<(), String> {
    if let Some(apart) = clock.apart()
        && apart.as_millis().saturating_abs() > AGREES.as_millis()
    {
        let (seconds, way) = (apart.as_secs().saturating_abs(), if apart > Span::ZERO { "ahead of" } else { "behind" });
        return Err(format!("this host's clock is {seconds} s {way} the database's; nodes go by the database's"));
    }
    let now = clock.now();
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    match invariants::newest(&mut tx).await.map_err(|error| error.to_string())? {
        Some(newest) if newest.since(now) > AHEAD => {
            Err("the audit log has rows of the future; set this machine's clock".to_owned())
        }
        Some(_) | None => Ok(()),
    }
}
