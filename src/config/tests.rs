//! Settings as they are loaded from a file and variables.

mod forms;
mod print;
mod rules;
mod secrets;

use std::fs;

use super::*;

const KEY_HEX: &str = "8f1d0c6a2b94e7735a60fd1e4c28b9d7036eaf5184c2de907b3f6152a8e4c91d";

/// Loads `toml` from a file named `signet.toml`, with `env` over it; errors come without the directory's name.
fn load(toml: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signet.toml");
    fs::write(&path, toml).unwrap();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings::load(Some(&path), env).map_err(|error| {
        let line = error.to_string();
        assert_eq!(line.lines().count(), 1, "{line}");
        line.replace(&format!("{}/", dir.path().display()), "")
    })
}

fn accept(toml: &str) -> Settings {
    load(toml, &[]).unwrap_or_else(|error| panic!("refused: {toml}\n{error}"))
}

fn refusal(toml: &str) -> String {
    match load(toml, &[]) {
        Ok(_) => panic!("accepted: {toml}"),
        Err(error) => error,
    }
}

/// Turns `a.b = c` into TOML, in production with what that needs if `mode` says so.
fn line(mode: Mode, setting: &str) -> String {
    match mode {
        Mode::Development => setting.to_owned(),
        Mode::Production if setting.starts_with("issuer") => {
            format!("mode = \"production\"\n{setting}")
        }
        Mode::Production => {
            format!("mode = \"production\"\nissuer = \"https://a.example\"\n{setting}")
        }
    }
}
