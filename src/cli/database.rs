//! Check that the database of a command exists: a command in the wrong directory must not create another one.

use std::path::Path;

use anyhow::bail;

use crate::config::{DEFAULT_FILE, Settings};
use signet_store::Store;

/// Settings file of a packaged installation.
const PACKAGED: &str = "/etc/signet/signet.toml";

/// Fails if the settings name a database file that does not exist.
pub fn require(settings: &Settings) -> anyhow::Result<()> {
    match missing(settings) {
        Some(what) => bail!(what),
        None => Ok(()),
    }
}

/// Returns an explanation if the settings name a database file that does not exist.
pub fn missing(settings: &Settings) -> Option<String> {
    let file = Store::file_of(settings.database.url.expose())?;
    let in_memory = file.as_os_str().is_empty() || file.to_string_lossy().starts_with(':');
    if in_memory || file.exists() {
        return None;
    }
    let file = std::path::absolute(&file).unwrap_or(file);
    let packaged = Path::new(PACKAGED);
    Some(explain(&file, settings.file.as_deref(), Some(packaged).filter(|packaged| packaged.exists())))
}

/// Names the missing file, the settings that name it, and the way to use others.
fn explain(database: &Path, read: Option<&Path>, packaged: Option<&Path>) -> String {
    let database = database.display();
    match (read, packaged) {
        (None, Some(packaged)) => {
            let packaged = packaged.display();
            format!(
                "there is no database at {database}; this host has settings in {packaged}: name them with \
                 --config {packaged} or SIGNET_CONFIG={packaged}"
            )
        }
        (None, None) => format!(
            "there is no database at {database}, and no {DEFAULT_FILE} here; name the settings with --config FILE or \
             SIGNET_CONFIG, or create a database with `signet init`"
        ),
        (Some(read), _) => format!(
            "there is no database at {database}, which {} names; name other settings with --config FILE or \
             SIGNET_CONFIG, or create the database with `signet init`",
            read.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_database_is_named_with_the_settings_that_led_there() {
        let database = Path::new("/srv/signet.db");
        let own = Path::new("signet.toml");
        let packaged = Path::new(PACKAGED);
        let rows: [(Option<&Path>, Option<&Path>, &str); 4] = [
            (None, None, "no signet.toml here; name the settings with --config FILE or SIGNET_CONFIG"),
            (None, Some(packaged), "SIGNET_CONFIG=/etc/signet/signet.toml"),
            (Some(own), None, "which signet.toml names"),
            (Some(own), Some(packaged), "which signet.toml names"),
        ];
        for (read, packaged, expected) in rows {
            let line = explain(database, read, packaged);
            assert!(line.starts_with("there is no database at /srv/signet.db") && line.contains(expected), "{line}");
            assert_eq!(line.lines().count(), 1);
        }
    }

    #[test]
    fn only_a_file_can_be_missing() {
        let mut settings = Settings::development();
        for (url, is_missing) in [("postgres://localhost/signet", false), ("sqlite:///nowhere/signet.db", true)] {
            settings.database.url = crate::config::DatabaseUrl::parse(url).unwrap();
            assert_eq!(missing(&settings).is_some(), is_missing, "{url}");
        }
    }
}
