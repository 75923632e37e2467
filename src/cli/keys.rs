//! `signet keys`

mod transfer;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use serde_json::json;

use super::command_context::CommandContext;
use super::confirm::Confirmation;
use super::output::{note_if_empty, print_json, say};
use super::revoking::parse_reason;
use crate::config::Settings;
use crate::keys::{Keyring, Rotated};
use signet_protocol::ids::KeyId;
use signet_protocol::jose::jwk::KeyAlgorithm;
use signet_protocol::time::Timestamp;

/// Commands for signing keys and the keys that clients encrypt to.
#[derive(Subcommand)]
pub enum Keys {
    /// List keys with their use and state
    List {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Announce the next key, or activate one that was announced for the JWKS max-age
    Rotate {
        /// The algorithm; all algorithms by default
        #[arg(long, value_name = "ALG")]
        alg: Option<String>,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
    /// Export all keys to a file, sealed with the master key as in the database
    Export(transfer::Export),
    /// Import keys into a database without keys; requires the same master key
    Import(transfer::Import),
    /// Drop a leaked key: its signatures are no longer accepted
    Compromise {
        /// The key id, as shown by `signet keys list`
        #[arg(long, allow_hyphen_values = true)]
        kid: String,
        /// The reason, for the audit log
        #[arg(long, default_value = "")]
        reason: String,
        #[command(flatten)]
        confirmation: Confirmation,
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

impl Keys {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        if let Self::Compromise { kid, confirmation, .. } = &self {
            confirmation.require(&format!("everything that the key {kid} has signed becomes void"))?;
        }
        let context = CommandContext::open(settings).await?;
        let keyring = context.keyring(settings).await?;
        let done = match self {
            Self::List { json } => list(&context, &keyring, json),
            Self::Rotate { alg, json } => rotate(&context, &keyring, alg.as_deref(), json).await,
            Self::Export(export) => export.run(&context, &keyring).await,
            Self::Import(import) => import.run(&context, &keyring).await,
            Self::Compromise { kid, reason, json, .. } => {
                let lost = Lost { kid: KeyId::from_stored(kid), reason };
                compromise(&context, &keyring, &lost, json).await
            }
        };
        context.close().await;
        done
    }
}

fn list(context: &CommandContext, keyring: &Keyring, json: bool) -> anyhow::Result<()> {
    let keys = context.operator().keys(keyring).list();
    if json {
        return print_json(&keys);
    }
    note_if_empty(&keys, "keys yet; the server creates them when it starts");
    for key in keys {
        let signs_from = key.activates_at.to_chrono().format("%Y-%m-%d %H:%M:%S UTC");
        let verb = if key.key_use == "sig" { "signs" } else { "decrypts" };
        say(&format!("{:<9}  {:<14}  {}  {verb} from {signs_from}", key.state, key.algorithm, key.kid));
    }
    Ok(())
}

async fn rotate(context: &CommandContext, keyring: &Keyring, alg: Option<&str>, json: bool) -> anyhow::Result<()> {
    let algorithms = match alg {
        None => keyring.algorithms_of(&context.context.realm.id),
        Some(name) => {
            let algorithm = KeyAlgorithm::named(name).with_context(|| format!("unknown algorithm {name}"))?;
            if !keyring.algorithms_of(&context.context.realm.id).contains(&algorithm) {
                bail!("keys.algorithms and keys.encryption_algorithms do not list {name}");
            }
            vec![algorithm]
        }
    };
    let mut rotated = Vec::new();
    for algorithm in algorithms {
        rotated.push(context.operator().keys(keyring).rotate(algorithm).await?);
    }
    if json {
        let answer: Vec<_> = rotated.iter().map(to_json).collect();
        return print_json(&answer);
    }
    rotated.iter().for_each(|key| say(&describe(key, context.context.now)));
    Ok(())
}

/// Describes the outcome for a key with the time from which it is used.
fn describe(key: &Rotated, now: Timestamp) -> String {
    let name = format!("{} key {}", key.algorithm.as_str(), key.kid);
    let from = key.signs_from.to_chrono().format("%Y-%m-%d %H:%M:%S UTC");
    let (does, does_now) = match key.algorithm {
        KeyAlgorithm::Signing(_) => ("signs", "signs from now on"),
        KeyAlgorithm::Encryption(_) => ("is published", "is published from now on"),
    };
    match (key.announced_now, key.signs_from <= now) {
        (true, true) => format!("created {name}; it {does_now}"),
        (true, false) => format!("announced {name}; it {does} from {from}"),
        (false, true) => format!("promoted {name}; it {does_now}"),
        (false, false) => {
            format!("{name} is announced already; it {does} from {from}, when every cached key set has it")
        }
    }
}

/// A leaked key with the reason for the audit log.
struct Lost {
    kid: KeyId,
    reason: String,
}

async fn compromise(context: &CommandContext, keyring: &Keyring, lost: &Lost, json: bool) -> anyhow::Result<()> {
    let kid = &lost.kid;
    let operator = context.operator().because(parse_reason(&lost.reason)?);
    let done = operator.keys(keyring).compromise(kid).await?;
    let alg = done.algorithm.as_str();
    let fault = done.audit_fault.map(|fault| fault.to_string());
    if json {
        return print_json(&json!({
            "kid": kid,
            "algorithm": alg,
            "successor": done.successor,
            "successor_is_new": done.is_new,
            "audit_fault": fault,
        }));
    }
    say(&format!("Dropped {alg} key {kid}; its signatures are no longer accepted."));
    match &done.successor {
        Some(next) if done.is_new => say(&format!("created {alg} key {next}; it is used from now on")),
        Some(next) => say(&format!("{alg} key {next} is used from now on")),
        None => say(&format!("no {alg} key is left; the settings do not name the algorithm")),
    }
    say("resource servers may have cached the old key set: let them fetch it again");
    if let Some(fault) = fault {
        say(&format!("no checkpoint was signed, since the audit log is broken: {fault}"));
    }
    Ok(())
}

fn to_json(key: &Rotated) -> serde_json::Value {
    json!({
        "kid": key.kid,
        "algorithm": key.algorithm.as_str(),
        "signs_from": key.signs_from,
        "announced_now": key.announced_now,
    })
}
