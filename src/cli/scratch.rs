//! The folder of a demo: database and keys that are removed when the server ends.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::{Database, DatabaseUrl, Settings};
use crate::entropy::Entropy;

/// A folder below the system's folder for temporary files, which is removed when this is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
}

impl Scratch {
    /// Makes the folder, which only this user can read, and puts the database and the keys of the settings into it.
    ///
    /// # Errors
    /// Where the folder cannot be made.
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

    /// Removes the folder, for a process that ends without dropping anything.
    pub fn remove(&self) {
        // Nothing can be done about a folder that cannot be removed.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.remove();
    }
}
