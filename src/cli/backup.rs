//! `signet backup` and `signet restore`

use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use serde_json::json;

use super::command_context::CommandContext;
use super::confirm::Confirmation;
use super::database;
use super::output::{instant, note, print_json, say};
use crate::app;
use crate::config::Settings;
use crate::flows::events::restore;
use signet_protocol::time::Timestamp;
use signet_store::Store;
use signet_store::node::backup;
use signet_store::node::restore_epochs::{OfflineGrants, Voided};

/// Options of a backup.
#[derive(Args)]
pub struct Backup {
    /// An empty or missing directory
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Also write the master key, into a directory outside of the backup
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Options of a restore.
#[derive(Args)]
pub struct Restore {
    /// The directory of a backup; the database must not exist
    #[arg(long, value_name = "DIR", required_unless_present = "in_place", conflicts_with = "in_place")]
    from: Option<PathBuf>,
    /// The database was restored by other means, such as pg_restore: void what was issued before
    #[arg(long)]
    in_place: bool,
    /// With --in-place: continue although a server uses the database
    #[arg(long, requires = "in_place")]
    force: bool,
    #[command(flatten)]
    confirmation: Confirmation,
    /// Keep offline grants, although their refresh tokens may have been rotated or revoked after the backup
    #[arg(long)]
    keep_offline: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        self.keep_key_apart()?;
        database::require(settings)?;
        let store = Store::open(settings.database.url.expose(), settings.database.max_connections).await?;
        store.check_schema().await?;
        let context = CommandContext::at(store, settings).await?;
        let manifest = backup::write(&context.store, &self.to, context.context.now).await?;
        // Checked again: a symbolic link could not be resolved before the directory of the backup existed.
        self.keep_key_apart()?;
        if let Some(directory) = &self.keys {
            app::master_key(settings, &context.store, &context.context.realm.id, &context.context.entropy)
                .await?
                .save(directory)?;
        }
        context.operator().record_backup().await?;
        context.close().await;
        if self.json {
            return print_json(&manifest);
        }
        say(&format!("Wrote {} bytes to {}.", manifest.bytes, self.to.display()));
        match self.keys {
            Some(directory) => {
                say(&format!("Wrote the master key to {}; keep it apart from the backup.", directory.display()))
            }
            None => note("The backup does not contain the master key, without which it cannot be used."),
        }
        Ok(())
    }
}

impl Backup {
    /// Fails if the directory for the master key is within that of the backup: a thief of both could read all secrets.
    fn keep_key_apart(&self) -> anyhow::Result<()> {
        if let Some(keys) = &self.keys {
            let is_inside = resolve(keys)?.starts_with(resolve(&self.to)?);
            ensure!(!is_inside, "the master key must not be in the directory of the backup");
        }
        Ok(())
    }
}

impl Restore {
    pub async fn run(self, settings: &Settings) -> anyhow::Result<()> {
        let offline = if self.keep_offline { OfflineGrants::Keep } else { OfflineGrants::Revoke };
        let (made_at, voided) = match &self.from {
            Some(from) => {
                let (made_at, voided) = restore_file(settings, from, offline).await?;
                (Some(made_at), voided)
            }
            None => {
                self.confirmation.require("every session, grant, code and token in this database becomes void")?;
                let context = CommandContext::open(settings).await?;
                let voided = self.begin_in_place(&context, offline).await;
                context.close().await;
                (None, voided?)
            }
        };
        if self.json {
            return print_json(&json!({ "backup_made_at": made_at, "voided": voided }));
        }
        print(made_at, &voided, offline);
        Ok(())
    }
}

impl Restore {
    async fn begin_in_place(&self, context: &CommandContext, offline: OfflineGrants) -> anyhow::Result<Voided> {
        if let Some(until) = restore::in_use_until(&context.store, &context.context).await?.filter(|_| !self.force) {
            bail!(
                "a server uses this database: stop every node first; a killed one counts until {}; --force continues \
                 at once",
                instant(until.as_secs())
            );
        }
        begin(context, None, offline).await
    }
}

/// Creates the database from a backup. The file gets its final name at the end, so an interrupted restore leaves no
/// database.
async fn restore_file(settings: &Settings, from: &Path, offline: OfflineGrants) -> anyhow::Result<(Timestamp, Voided)> {
    let Some(target) = Store::file_of(settings.database.url.expose()) else {
        bail!("restore a PostgreSQL database with pg_restore, then run `signet restore --in-place`");
    };
    for name in [target.clone(), beside(&target, "-wal"), beside(&target, "-shm")] {
        ensure!(!name.exists(), "{} already exists; a backup is restored to a new database only", name.display());
    }
    let scratch = beside(&target, ".restoring");
    remove(&scratch);
    let manifest = backup::read(from, &scratch)?;
    let done = revive(settings, &scratch, manifest.made_at, offline).await;
    let settled = match done {
        Ok(voided) => backup::settle(&scratch, &target).map(|()| voided).map_err(Into::into),
        Err(error) => Err(error),
    };
    remove(&scratch);
    Ok((manifest.made_at, settled?))
}

/// Migrates the copy, checks that the master key fits, and begins an epoch.
async fn revive(
    settings: &Settings,
    scratch: &Path,
    made_at: Timestamp,
    offline: OfflineGrants,
) -> anyhow::Result<Voided> {
    let store = Store::open(&format!("sqlite://{}", scratch.display()), 1).await?;
    store.migrate().await?;
    let context = CommandContext::at(store, settings).await?;
    let keyring = context.keyring(settings).await.context("the backup needs the master key that it was made with")?;
    keyring.require_private()?;
    let voided = begin(&context, Some(made_at), offline).await?;
    backup::close(context.store).await?;
    Ok(voided)
}

async fn begin(context: &CommandContext, made_at: Option<Timestamp>, offline: OfflineGrants) -> anyhow::Result<Voided> {
    Ok(restore::begin_epoch(&context.store, &context.context, made_at, offline, context.horizon()).await?)
}

fn print(made_at: Option<Timestamp>, voided: &Voided, offline: OfflineGrants) {
    let since = made_at.map(|at| at.to_chrono().format(" of %Y-%m-%d %H:%M:%S UTC").to_string()).unwrap_or_default();
    say(&format!("Database restored{since} (epoch {}).", voided.epoch));
    say(&format!(
        "Void: {} sessions, {} grants, {} pending codes and requests, and every access token so far.",
        voided.sessions, voided.grants, voided.pending
    ));
    note("Changes after the backup are lost, such as disabled users and clients, new passwords and secrets.");
    note("Keys dropped as compromised after the backup sign again: drop them again with `signet keys compromise`.");
    if offline == OfflineGrants::Keep {
        note("Refresh tokens with offline_access that were rotated or revoked after the backup are valid again.");
    }
}

/// Resolves symbolic links and `..` in the path of a directory that may not exist.
fn resolve(directory: &Path) -> std::io::Result<PathBuf> {
    let absolute = std::path::absolute(directory)?;
    let mut resolved = PathBuf::new();
    for part in absolute.components() {
        match part {
            Component::ParentDir => drop(resolved.pop()),
            part => resolved.push(part),
        }
        match resolved.canonicalize() {
            Ok(real) => resolved = real,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(resolved)
}

/// Appends to a file name.
fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// Removes the scratch files of a restore.
fn remove(scratch: &Path) {
    for end in ["", "-wal", "-shm"] {
        // Missing after a successful restore.
        let _ = std::fs::remove_file(beside(scratch, end));
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_directory_is_the_same_by_each_way_that_leads_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join("copy/inner")).unwrap();
        symlink(root.join("copy"), root.join("link")).unwrap();
        symlink(root.join("copy/new"), root.join("dangling")).unwrap();
        let rows = [
            ("copy", "copy"),
            ("away/../copy/keys", "copy/keys"),
            ("link", "copy"),
            ("link/keys", "copy/keys"),
            ("link/inner/../keys", "copy/keys"),
            ("absent/keys", "absent/keys"),
        ];
        for (written, expected) in rows {
            assert_eq!(resolve(&root.join(written)).unwrap(), root.join(expected), "{written}");
        }
    }
}
