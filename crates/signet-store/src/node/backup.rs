//! Backups of an SQLite database: copied while the server runs, described by a manifest, and verified before a restore.
//! The manifest is written last, so a directory without one is no backup.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::engine::db::Db;
use crate::engine::migrations;
use crate::{Store, StoreError};
use signet_protocol::time::Timestamp;

/// Format version of the manifest.
const FORMAT: u32 = 1;
/// File name of the copy within a backup.
const COPY: &str = "signet.db";
/// File name of the manifest within a backup.
const MANIFEST: &str = "manifest.json";

/// Description of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    /// Version of Signet that made it.
    pub version: String,
    /// Number of the newest migration.
    pub schema: i64,
    /// Time of the backup, in milliseconds.
    pub made_at: Timestamp,
    /// Size of the copy in bytes.
    pub bytes: u64,
    /// SHA-256 of the copy, in hexadecimal.
    pub sha256: String,
}

/// A failure to make or read a backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error("a PostgreSQL database is backed up with: pg_dump --format=custom --file=signet.dump NAME")]
    NotEmbedded,
    /// The target directory or file exists.
    #[error("{0} already exists; a backup needs an empty directory")]
    Occupied(PathBuf),
    /// The manifest is missing or has another format.
    #[error("{0} is not the manifest of a backup that this version reads")]
    Manifest(PathBuf),
    /// The copy does not match the manifest.
    #[error("{0} is damaged: it does not match the manifest")]
    Damaged(PathBuf),
    /// An I/O error at this path.
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Copies a consistent snapshot of the database into a directory while others write.
///
/// # Errors
/// [`BackupError::Occupied`] if the directory is not empty, [`BackupError::NotEmbedded`] for PostgreSQL.
pub async fn write(store: &Store, directory: &Path, now: Timestamp) -> Result<Manifest, BackupError> {
    let Db::Sqlite { writer, .. } = &store.db else { return Err(BackupError::NotEmbedded) };
    make_directory(directory)?;
    let copy = directory.join(COPY);
    // `VACUUM INTO` writes to an empty file and keeps its mode.
    make_file(&copy)?;
    let connection = writer.open_separate().await.map_err(StoreError::from)?;
    let copied = sqlx::query("VACUUM INTO $1").bind(copy.display().to_string()).execute(&connection).await;
    connection.close().await;
    copied.map_err(StoreError::from)?;
    let file = File::open(&copy).and_then(|file| file.sync_all().map(|()| file)).map_err(failed(&copy))?;
    let (bytes, sha256) = digest(file, &mut io::sink()).map_err(failed(&copy))?;
    let version = env!("CARGO_PKG_VERSION").to_owned();
    let schema = migrations::newest();
    let manifest = Manifest { format: FORMAT, version, schema, made_at: now, bytes, sha256 };
    let path = directory.join(MANIFEST);
    let text = serde_json::to_string_pretty(&manifest).unwrap_or_default() + "\n";
    let written = make_file(&path)?.write_all(text.as_bytes()).and_then(|()| sync(directory));
    written.map_err(failed(&path))?;
    Ok(manifest)
}

/// Copies the database of a backup to a new file and verifies its digest. Leaves no file after an error.
pub fn read(directory: &Path, file: &Path) -> Result<Manifest, BackupError> {
    let path = directory.join(MANIFEST);
    let text = fs::read(&path).map_err(failed(&path))?;
    let manifest: Option<Manifest> = serde_json::from_slice(&text).ok();
    let manifest = manifest.filter(|manifest| manifest.format == FORMAT).ok_or(BackupError::Manifest(path))?;
    let copy = directory.join(COPY);
    let source = File::open(&copy).map_err(failed(&copy))?;
    let mut target = make_file(file)?;
    let outcome = digest(source, &mut target).and_then(|copied| target.sync_all().map(|()| copied));
    let outcome = outcome.map_err(failed(file)).and_then(|copied| {
        let is_whole = copied == (manifest.bytes, manifest.sha256.clone());
        if is_whole { Ok(manifest) } else { Err(BackupError::Damaged(copy)) }
    });
    if outcome.is_err() {
        // The first error is returned.
        let _ = fs::remove_file(file);
    }
    outcome
}

/// Moves a closed database file to its final path without replacing a file there.
///
/// # Errors
/// [`BackupError::Occupied`] if the target exists.
pub fn settle(file: &Path, target: &Path) -> Result<(), BackupError> {
    // Unlike a rename, a hard link does not replace the target.
    match fs::hard_link(file, target) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(BackupError::Occupied(target.to_owned()));
        }
        linked => linked.map_err(failed(target))?,
    }
    fs::remove_file(file).map_err(failed(file))?;
    let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync(directory).map_err(failed(directory))
}

/// Moves the write-ahead log of an SQLite database into its file, so that the file alone is complete, and closes it.
pub async fn close(store: Store) -> Result<(), StoreError> {
    if let Db::Sqlite { writer, .. } = &store.db {
        let connection = writer.open_separate().await?;
        sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&connection).await?;
        connection.close().await;
    }
    store.close().await;
    Ok(())
}

fn make_directory(directory: &Path) -> Result<(), BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(failed(directory))?;
    let mut entries = fs::read_dir(directory).map_err(failed(directory))?;
    if entries.next().is_some() { Err(BackupError::Occupied(directory.to_owned())) } else { Ok(()) }
}

fn make_file(path: &Path) -> Result<File, BackupError> {
    let made = OpenOptions::new().create_new(true).write(true).mode(0o600).open(path);
    made.map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Occupied(path.to_owned()),
        _ => BackupError::Io(path.to_owned(), error),
    })
}

/// Copies a file and returns its length and digest.
fn digest(mut from: impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut length: u64 = 0;
    let mut buffer = vec![0; 65_536];
    loop {
        let count = from.read(&mut buffer)?;
        let portion = buffer.get(..count).unwrap_or_default();
        if portion.is_empty() {
            let digest = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
            return Ok((length, digest));
        }
        hash.update(portion);
        to.write_all(portion)?;
        length = length.saturating_add(portion.len() as u64);
    }
}

fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |error| BackupError::Io(path, error)
}
