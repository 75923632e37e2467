//! Checks of the stored data: invariants, signing keys, and the audit chain.

use super::finding::Finding;
use super::master_key::master_key;
use crate::app;
use crate::config::Settings;
use crate::flows::events::audit;
use crate::keys::Keyring;
use signet_protocol::ids::RealmId;
use signet_protocol::jose::key_schedule::{self, State};
use signet_protocol::time::Timestamp;
use signet_store::account::directory;
use signet_store::node::invariants;
use signet_store::realm::{realms, signing_keys};
use signet_store::{Store, StoreError};

pub(super) async fn examine(store: &Store, settings: &Settings, now: Timestamp, found: &mut Vec<Finding>) {
    for rule in &invariants::RULES {
        found.push(Finding::of(rule.name, hold(store, rule, now).await));
    }
    found.push(user_names(store).await);
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

/// Counts user names with an `@`, which could be mistaken for addresses. New names cannot have one.
async fn user_names(store: &Store) -> Finding {
    const CHECK: &str = "user-names";
    match count_names(store).await {
        Err(error) => Finding::fail(CHECK, error.to_string()),
        Ok(0) => Finding::ok(CHECK, ""),
        Ok(count) => Finding::warn(
            CHECK,
            format!(
                "{count} user(s) have a name with an @, which new names cannot have; see `signet user update --rename`"
            ),
        ),
    }
}

async fn count_names(store: &Store) -> Result<i64, StoreError> {
    let mut tx = store.read().await?;
    match realms::find(&mut tx, realms::DEFAULT).await? {
        Some(realm) => directory::named_like_addresses(&mut tx, &realm).await,
        None => Ok(0),
    }
}

async fn hold(store: &Store, rule: &invariants::Rule, now: Timestamp) -> Result<(), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    match invariants::count(&mut tx, rule, now).await.map_err(|error| error.to_string())? {
        0 => Ok(()),
        broken => Err(format!("{broken} {}: {}", rule.broken, rule.remedy)),
    }
}

/// Loads the keys of the realm with the master key; only their public parts on a node that only verifies.
async fn keyring(store: &Store, settings: &Settings) -> Result<(RealmId, Keyring), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    let realm = realms::find(&mut tx, realms::DEFAULT).await.map_err(|error| error.to_string())?;
    drop(tx);
    let realm = realm.ok_or("there is no realm yet; run `signet serve`")?;
    let master = if settings.keys.verify_only { None } else { Some(master_key(settings)?) };
    let loaded = Keyring::load(store.clone(), master, app::key_policy(settings), std::slice::from_ref(&realm));
    Ok((realm.clone(), loaded.await.map_err(|error| error.to_string())?))
}

/// Checks that each algorithm has exactly one key that signs.
async fn active_keys(store: &Store, realm: &RealmId, settings: &Settings, now: Timestamp) -> Result<(), String> {
    let mut tx = store.read().await.map_err(|error| error.to_string())?;
    let stored = signing_keys::list_public(&mut tx, realm).await.map_err(|error| error.to_string())?;
    let times: Vec<_> = stored.into_iter().map(|key| key.times).collect();
    let policy = app::key_policy(settings).schedule;
    for algorithm in &settings.keys.algorithms {
        let of_it = times.iter().filter(|key| key.algorithm == algorithm.as_str());
        let active = of_it.filter(|key| key_schedule::state(key, &times, now, &policy) == State::Active);
        let begun: Vec<bool> = active.map(|key| key.activates_at <= now).collect();
        match begun.as_slice() {
            [true] => {}
            [false] => return Err(format!("the {} key does not sign yet; correct the clock", algorithm.as_str())),
            other => {
                return Err(format!(
                    "{} {} keys sign instead of one; start the server",
                    other.len(),
                    algorithm.as_str()
                ));
            }
        }
    }
    Ok(())
}
