//! Directory of a demo with database and keys, removed at the end.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::{Database, DatabaseUrl, Settings};
use signet_crypto::entropy::Entropy;

/// A directory for temporary files, removed on drop.
#[derive(Debug)]
pub struct DemoDirectory {
    folder: PathBuf,
}

impl DemoDirectory {
    /// Creates the directory, accessible to this user only, and points the settings at a database and keys in it.
    pub fn make(settings: &mut Settings) -> anyhow::Result<Self> {
        let name = URL_SAFE_NO_PAD.encode(Entropy::default().bytes::<12>()?);
        let folder = std::env::temp_dir().join(format!("signet-demo-{name}"));
        DirBuilder::new().mode(0o700).create(&folder).with_context(|| folder.display().to_string())?;
        let url = DatabaseUrl::parse(&format!("sqlite://{}", folder.join("signet.db").display()));
        settings.database = Database { url: url.map_err(anyhow::Error::msg)?, ..Database::default() };
        settings.keys.dir = folder.join("keys");
        settings.keys.master_key = None;
        Ok(Self { folder })
    }

    /// Removes the directory, for a process that exits without drops.
    pub fn remove(&self) {
        // There is no remedy for a failure here.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for DemoDirectory {
    fn drop(&mut self) {
        self.remove();
    }
}
