//! Checks of the permissions of files with secrets. Those of the master key and the database are checked when they are
//! opened.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::finding::Finding;
use crate::cli::variables;
use crate::config::{Settings, secret_files, secrets_of_file};

/// The default settings file.
const SETTINGS: &str = "signet.toml";

/// Checks the directory of the master key, the settings file, the secret files that it names, and the TLS key.
pub(super) fn examine(settings: &Settings, file: Option<&Path>) -> Vec<Finding> {
    let mut found = Vec::new();
    if settings.keys.master_key.is_none() {
        found.push(keys_directory(&settings.keys.dir));
    }
    found.push(settings_file(file.unwrap_or(Path::new(SETTINGS))));
    match secret_files(file, variables(std::env::vars_os())) {
        Ok(files) => found.extend(files.iter().map(|(key, path)| secret_file(key, path))),
        Err(error) => found.push(Finding::fail("secret-files", error.to_string())),
    }
    if let Some(tls) = &settings.tls {
        found.push(private_key(&tls.key));
    }
    found
}

fn mode(path: &Path) -> Option<u32> {
    fs::metadata(path).map(|metadata| metadata.permissions().mode()).ok()
}

fn keys_directory(directory: &Path) -> Finding {
    let shown = directory.display();
    match mode(directory) {
        Some(mode) if mode & 0o077 != 0 => {
            Finding::warn("keys-directory", format!("other users can access {shown}; run: chmod 700 {shown}"))
        }
        // Another check reports a missing key.
        Some(_) | None => Finding::ok("keys-directory", ""),
    }
}

fn settings_file(file: &Path) -> Finding {
    let check = "settings-file";
    let shown = file.display();
    let Some(mode) = mode(file) else { return Finding::ok(check, "none") };
    let secrets = match secrets_of_file(file) {
        Ok(secrets) => secrets,
        Err(error) => return Finding::fail(check, error.to_string()),
    };
    if mode & 0o004 != 0 && !secrets.is_empty() {
        let what = format!("{shown} contains {} and is readable by all users", secrets.join(", "));
        return Finding::fail(check, format!("{what}; run: chmod o-rwx {shown}"));
    }
    if mode & 0o002 != 0 {
        return Finding::fail(check, format!("{shown} is writable by all users; run: chmod o-w {shown}"));
    }
    Finding::ok(check, "")
}

/// Only a warning, since a container may have no other users.
fn secret_file(key: &str, file: &Path) -> Finding {
    let shown = file.display();
    match mode(file) {
        Some(mode) if mode & 0o007 != 0 => {
            let what = format!("{shown} ({key}) is readable by all users");
            Finding::warn("secret-files", format!("{what}; run: chmod o-rwx {shown}"))
        }
        Some(_) | None => Finding::ok("secret-files", ""),
    }
}

fn private_key(file: &Path) -> Finding {
    let shown = file.display();
    match mode(file) {
        Some(mode) if mode & 0o007 != 0 => {
            Finding::fail("tls-key", format!("{shown} is readable by all users; run: chmod o-rwx {shown}"))
        }
        Some(_) | None => Finding::ok("tls-key", ""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Level::{Fail, Ok, Warn};
    use super::*;

    #[test]
    fn files_with_secrets_must_not_be_readable_by_all() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str, mode: u32| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        };
        let plain = "issuer = \"https://op.example\"";
        let secret = "[database]\nurl = \"postgres://u:p@db/s\"";
        for (text, mode, expected) in [
            (plain, 0o644, Ok),
            (secret, 0o640, Ok),
            (secret, 0o644, Fail),
            ("[database]\nurl = \"postgres://u@db/s\"", 0o644, Ok),
            ("keys.master_key = \"x\"", 0o644, Fail),
            ("[mail]\nsmtp = \"smtps://u:p@mail.example\"", 0o604, Fail),
            ("[mail]\nsmtp = \"smtps://mail.example\"", 0o644, Ok),
            (plain, 0o666, Fail),
        ] {
            let found = settings_file(&put("signet.toml", text, mode));
            assert_eq!(found.level, expected, "{text} {mode:o}: {}", found.detail);
            assert!(found.level == Ok || found.detail.contains("run: chmod"), "{}", found.detail);
        }
        assert_eq!(settings_file(Path::new("/nowhere/signet.toml")).level, Ok);
        for (mode, expected) in [(0o700, Ok), (0o750, Warn), (0o701, Warn)] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(keys_directory(folder.path()).level, expected, "{mode:o}");
        }
        for (mode, expected) in [(0o400, Ok), (0o440, Ok), (0o444, Warn)] {
            let found = secret_file("keys.master_key_file", &put("master", "", mode));
            assert_eq!(found.level, expected, "{mode:o}: {}", found.detail);
        }
        for (mode, expected) in [(0o600, Ok), (0o640, Ok), (0o644, Fail)] {
            assert_eq!(private_key(&put("key.pem", "", mode)).level, expected, "{mode:o}");
        }
    }
}
