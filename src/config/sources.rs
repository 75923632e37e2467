//! The file and the variables, merged into one map of dotted keys with the origin of each value.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use url::Url;
use zeroize::{Zeroize, Zeroizing};

use super::values::Value;
use super::{ConfigError, Origin, reference};

/// The settings file of the working directory, the default.
pub const DEFAULT_FILE: &str = "signet.toml";
const PREFIX: &str = "SIGNET_";
/// The variable that names the settings file, which is not a setting itself.
const FILE_VARIABLE: &str = "SIGNET_CONFIG";

/// Returns the settings file named by the option `--config` or, without it, by the variable `SIGNET_CONFIG`.
pub fn named_file(option: Option<PathBuf>, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let from_variable = || variable(FILE_VARIABLE).filter(|name| !name.is_empty()).map(PathBuf::from);
    option.or_else(from_variable)
}

/// The merged values. Each is taken once, and taken keys are recorded, so that any value left over is unknown.
#[derive(Default)]
pub(super) struct Sources {
    entries: BTreeMap<String, (toml::Value, Origin)>,
    taken: BTreeMap<&'static str, Origin>,
    file: Option<PathBuf>,
}

impl Sources {
    /// Reads the file, which must exist if it is `explicit`, and overlays the variables.
    pub(super) fn read(
        explicit: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let path = explicit.unwrap_or(Path::new(DEFAULT_FILE));
        match fs::read_to_string(path) {
            Ok(text) => Self::of(path, &Zeroizing::new(text), env),
            Err(error) if explicit.is_none() && error.kind() == ErrorKind::NotFound => {
                let mut sources = Self::default();
                sources.add_variables(env)?;
                Ok(sources)
            }
            Err(source) => Err(ConfigError::Unreadable { path: path.to_owned(), source }),
        }
    }

    /// Parses the text of a file and overlays the variables.
    pub(super) fn of(
        path: &Path,
        text: &str,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut sources = Self::default();
        sources.add_file(path, text)?;
        sources.file = Some(path.to_owned());
        sources.add_variables(env)?;
        Ok(sources)
    }

    /// Returns the file that was read, if any.
    pub(super) fn file(&self) -> Option<PathBuf> {
        self.file.clone()
    }

    fn add_file(&mut self, path: &Path, text: &str) -> Result<(), ConfigError> {
        let table = text.parse::<toml::Table>().map_err(|error| syntax(path, text, &error))?;
        self.add_table("", table, &Origin::File(path.to_owned()));
        Ok(())
    }

    /// Flattens a table. An empty one is kept as a value, so that an unknown section is noticed.
    fn add_table(&mut self, section: &str, table: toml::Table, origin: &Origin) {
        for (name, value) in table {
            let key = format!("{section}{}", segment(&name));
            match value {
                toml::Value::Table(inner) if !inner.is_empty() => self.add_table(&format!("{key}."), inner, origin),
                value => drop(self.entries.insert(key, (value, origin.clone()))),
            }
        }
    }

    fn add_variables(&mut self, env: impl Iterator<Item = (String, String)>) -> Result<(), ConfigError> {
        for (name, value) in env.filter(|(name, _)| name != FILE_VARIABLE) {
            let Some(rest) = name.strip_prefix(PREFIX) else {
                continue;
            };
            let key = rest.to_ascii_lowercase().replace("__", ".");
            let origin = Origin::Variable(name.clone());
            // A lower-case variable would be a second spelling of the same key.
            if rest.bytes().any(|byte| byte.is_ascii_lowercase()) {
                return Err(ConfigError::UnknownKey { origin, key: name, meant: None });
            }
            self.entries.insert(key, (toml::Value::String(value), origin));
        }
        Ok(())
    }

    /// Takes the value of `key`, if it was set.
    pub(super) fn take<T: Value>(&mut self, key: &'static str) -> Result<Option<T>, ConfigError> {
        let Some((value, origin)) = self.entries.remove(key) else {
            self.taken.insert(key, Origin::Unset);
            return Ok(None);
        };
        self.taken.insert(key, origin.clone());
        match T::read(&value) {
            Some(value) => Ok(Some(value)),
            None => Err(ConfigError::Refused { origin, key, reason: format!("must be {}", T::EXPECTED) }),
        }
    }

    /// Overwrites `target` with the value of `key`, if it was set.
    pub(super) fn set<T: Value>(&mut self, key: &'static str, target: &mut T) -> Result<(), ConfigError> {
        if let Some(value) = self.take(key)? {
            *target = value;
        }
        Ok(())
    }

    /// Takes the secret `key`, or the content of the file named by `file_key`, without surrounding white space.
    pub(super) fn take_secret<T>(
        &mut self,
        key: &'static str,
        file_key: &'static str,
        parse: fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        self.let_variable_win(key, file_key);
        self.let_variable_win(file_key, key);
        let mut direct = self.take::<String>(key)?;
        let path = self.take::<PathBuf>(file_key)?;
        let (text, key) = match (direct.take(), path) {
            (None, None) => return Ok(None),
            (Some(text), None) => (Zeroizing::new(text), key),
            (None, Some(path)) => match fs::read_to_string(&path) {
                Ok(text) => (Zeroizing::new(text), file_key),
                Err(source) => {
                    let reason = format!("cannot be read from {}: {source}", path.display());
                    return Err(self.locate(ConfigError::refused(file_key, reason)));
                }
            },
            (Some(mut text), Some(_)) => {
                text.zeroize();
                let reason = format!("cannot be given together with {key}");
                return Err(self.locate(ConfigError::refused(file_key, reason)));
            }
        };
        parse(text.trim()).map(Some).map_err(|reason| self.locate(ConfigError::refused(key, reason)))
    }

    /// Lets a variable for one form of a secret replace the other form in the file.
    fn let_variable_win(&mut self, variable: &str, file: &str) {
        let origin = |key| self.entries.get(key).map(|(_, origin)| origin);
        if let (Some(Origin::Variable(_)), Some(Origin::File(_))) = (origin(variable), origin(file)) {
            self.entries.remove(file);
        }
    }

    /// Returns true if `key`, which must have been taken, was set.
    pub(super) fn was_set(&self, key: &'static str) -> bool {
        !matches!(self.taken.get(key), None | Some(Origin::Unset))
    }

    /// Returns every key that was taken.
    pub(super) fn known(&self) -> Vec<&'static str> {
        self.taken.keys().copied().collect()
    }

    /// Adds the origin of the key to a refusal.
    pub(super) fn locate(&self, error: ConfigError) -> ConfigError {
        match error {
            ConfigError::Refused { key, reason, origin } => {
                ConfigError::Refused { origin: self.taken.get(key).cloned().unwrap_or(origin), key, reason }
            }
            other => other,
        }
    }

    /// Refuses unknown keys. Call it after every known key has been taken.
    pub(super) fn refuse_leftovers(&mut self) -> Result<(), ConfigError> {
        let taken = &self.taken;
        let is_known_section = |key: &str| taken.keys().any(|known| known.split_once('.').is_some_and(|k| k.0 == key));
        for (key, (value, origin)) in std::mem::take(&mut self.entries) {
            let is_empty_section = matches!(&value, toml::Value::Table(table) if table.is_empty());
            if is_empty_section && is_known_section(&key) {
                continue;
            }
            let plain = |key: &str| key.replace(['.', '-'], "_");
            let meant = taken.keys().copied().find(|known| plain(known) == plain(&key));
            return Err(ConfigError::UnknownKey { origin, key, meant });
        }
        Ok(())
    }
}

/// Returns the keys of a settings file that contain a secret. A URL counts if it has a password.
pub fn secrets_of_file(path: &Path) -> Result<Vec<&'static str>, ConfigError> {
    let sources = Sources::read(Some(path), std::iter::empty())?;
    let is_secret = |key: &&str| match sources.entries.get(*key) {
        Some((toml::Value::String(text), _)) => *key == "keys.master_key" || has_password(text),
        Some(_) | None => false,
    };
    Ok(reference::secrets().map(|row| row.key).filter(is_secret).collect())
}

/// Returns the files that secrets are read from, each with its key.
pub fn secret_files(
    explicit: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
) -> Result<Vec<(&'static str, PathBuf)>, ConfigError> {
    let mut sources = Sources::read(explicit, env)?;
    let mut files = Vec::new();
    for file in reference::secrets().filter_map(|row| row.file) {
        files.extend(sources.take::<PathBuf>(file.key)?.map(|path| (file.key, path)));
    }
    Ok(files)
}

fn has_password(text: &str) -> bool {
    let in_query = |url: &Url| url.query_pairs().any(|(name, _)| name == "password");
    Url::parse(text).is_ok_and(|url| url.password().is_some() || in_query(&url))
}

/// Quotes a name that is not a plain key, so that it equals no known key and stays on one line.
fn segment(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.chars().all(is_plain) { name.to_owned() } else { format!("{name:?}") }
}

fn syntax(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
    ConfigError::Syntax {
        path: path.to_owned(),
        line: before.matches('\n').count() + 1,
        message: error.message().replace('\n', " "),
    }
}
