//! `signet doctor`

use std::path::Path;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::output::{say, say_json};
use crate::app;
use crate::clock::NodeClock;
use crate::config::Settings;
use crate::flows::audit;
use crate::keys::{Keyring, MasterKey};
use crate::mail::Mailer;
use crate::protocol::ids::RealmId;
use crate::protocol::key_schedule::{self, State};
use crate::protocol::time::{Span, Timestamp};
use crate::store::{Store, invariants, realms, signing_keys};

/// How far the newest row of the audit log may lie ahead of the clock.
const AHEAD: Span = Span::from_minutes(5);

/// How far this host's clock may differ from the database's.
const AGREES: Span = Span::from_secs(5);

/// What is looked at. Nothing is changed.
#[derive(Args)]
pub struct Doctor {
    /// Also check all stored data: codes, grants, sessions, keys, the audit log and the database itself
    #[arg(long)]
    invariants: bool,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

/// What one check has found.
#[derive(Serialize)]
struct Finding {
    check: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

impl Finding {
    fn of(check: &'static str, outcome: Result<(), String>) -> Self {
        Self { check, ok: outcome.is_ok(), detail: outcome.err().unwrap_or_default() }
    }
}

impl Doctor {
    /// Runs the command.
    ///
    /// # Errors
    /// Where a check fails.
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        // That the settings hold has been found out already, or nobody would be here.
        let mut found =
            vec![Finding::of("settings", Ok(())), Finding::of("master-key", master_key(settings).map(drop))];
        found.push(mail(settings).await);
        match open(settings).await {
            Err(error) => found.push(Finding::of("database", Err(error))),
            Ok(store) => {
                found.push(Finding::of("database", Ok(())));
                let schema = store.check_schema().await.map_err(|error| error.to_string());
                let is_current = schema.is_ok();
                found.push(Finding::of("schema", schema));
                if is_current {
                    self.examine_all(&store, settings, &mut found).await;
                }
                store.close().await;
            }
        }
        report(&found, self.json)
    }
}

impl Doctor {
    /// Looks at the clock and, where that was asked for, at the stored data.
    async fn examine_all(&self, store: &Store, settings: &Settings, found: &mut Vec<Finding>) {
        match app::clock_of(store).await {
            Err(error) => found.push(Finding::of("clock", Err(error.to_string()))),
            Ok(known) => {
                found.push(Finding::of("clock", clock(store, &known).await));
                if self.invariants {
                    examine(store, settings, known.now(), found).await;
                }
            }
        }
    }
}

fn report(found: &[Finding], json: bool) -> anyhow::Result<()> {
    if json {
        say_json(&found)?;
    } else {
        for finding in found {
            let Finding { check, ok, detail } = finding;
            say(format!("{}  {check:<24} {detail}", if *ok { "ok  " } else { "FAIL" }).trim_end());
        }
    }
    match found.iter().filter(|finding| !finding.ok).count() {
        0 => Ok(()),
        failed => bail!("{failed} of {} checks failed", found.len()),
    }
}

/// Opens the database as it is; one that is not there is not made.
async fn open(settings: &Settings) -> Result<Store, String> {
    let url = settings.database.url.expose();
    if let Some(file) = Store::file_of(url)
        && !file.exists()
    {
        return Err(format!("{} is not there; `signet serve` or `signet migrate` makes it", file.display()));
    }
    Store::open(url, settings.database.max_connections).await.map_err(|error| error.to_string())
}

fn master_key(settings: &Settings) -> Result<MasterKey, String> {
    match &settings.keys.master_key {
        Some(key) => Ok(MasterKey::new(*key.expose())),
        None => MasterKey::require(Path::new(&settings.keys.dir)).map_err(|error| error.to_string()),
    }
}

/// Whether mails can be handed over; that none are sent is said, though nothing is wrong with it.
async fn mail(settings: &Settings) -> Finding {
    match Mailer::new(&settings.mail, settings.outbound.extra_ca.as_deref()) {
        Err(error) => Finding::of("mail", Err(error.to_string())),
        Ok(Some(mailer)) => Finding::of("mail", mailer.test().await),
        Ok(None) => {
            let detail = "off: nobody is told of what concerns their account; mail.smtp switches it on".to_owned();
            Finding { check: "mail", ok: true, detail }
        }
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

/// Checks the stored data.
async fn examine(store: &Store, settings: &Settings, now: Timestamp, found: &mut Vec<Finding>) {
    for rule in &invariants::RULES {
        found.push(Finding::of(rule.name, hold(store, rule, now).await));
    }
    let integrity = match invariants::integrity(store).await {
        Err(error) => Err(error.to_string()),
        Ok(problems) if problems.is_empty() => Ok(()),
        Ok(problems) => Err(format!("{}; restore a backup", problems.join(", ").replace(['\n', '\r'], " "))),
    };
    found.push(Finding::of("database-integrity", integrity));
    match keyring(store, settings).await {
        Err(error) => found.push(Finding::of("signing-keys", Err(error))),
        Ok((realm, keyring)) => {
            found.push(Finding::of("signing-keys", active_keys(store, &realm, settings, now).await));
            let checked = audit::verify(store, &keyring.of(&realm), &realm).await;
            found.push(Finding::of("audit-log", checked.map(drop).map_err(|fault| fault.to_string())));
        }
    }
}

async fn hold(store: &Store, rule: &invariants::Rule, now: Timestamp) -> Result<(), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    match invariants::count(&mut tx, rule, now).await.map_err(|error| error.to_string())? {
        0 => Ok(()),
        broken => Err(format!("{broken} {}: {}", rule.broken, rule.remedy)),
    }
}

/// The keys of the realm, opened by the master key.
async fn keyring(store: &Store, settings: &Settings) -> Result<(RealmId, Keyring), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    let realm = realms::find(&mut tx, realms::DEFAULT).await.map_err(|error| error.to_string())?;
    drop(tx);
    let realm = realm.ok_or("there is no realm yet; run `signet serve`")?;
    let loaded =
        Keyring::load(store.clone(), master_key(settings)?, app::key_policy(settings), std::slice::from_ref(&realm));
    Ok((realm.clone(), loaded.await.map_err(|error| error.to_string())?))
}

/// Whether each algorithm has exactly one key that signs.
async fn active_keys(store: &Store, realm: &RealmId, settings: &Settings, now: Timestamp) -> Result<(), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    let stored = signing_keys::list(&mut tx, realm).await.map_err(|error| error.to_string())?;
    let times: Vec<_> = stored.into_iter().map(|key| key.times).collect();
    let policy = app::key_policy(settings).schedule;
    for algorithm in &settings.keys.algorithms {
        let of_it = times.iter().filter(|key| key.algorithm == algorithm.as_str());
        let active = of_it.filter(|key| key_schedule::state(key, &times, now, &policy) == State::Active);
        let begun: Vec<bool> = active.map(|key| key.activates_at <= now).collect();
        match begun.as_slice() {
            [true] => {}
            [false] => return Err(format!("the {} key does not sign yet; set the clock", algorithm.as_str())),
            other => {
                return Err(format!("{} {} keys sign, not one; start the server", other.len(), algorithm.as_str()));
            }
        }
    }
    Ok(())
}
