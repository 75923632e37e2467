//! The settings file that `signet init` writes: the given values, and commonly changed settings as comments with their
//! defaults.

use url::Url;

/// Values for a new file; a value of `None` becomes a comment.
#[derive(Clone, Debug, Default)]
pub struct Starter {
    /// `issuer`, which also decides `mode` and `listen`.
    pub issuer: Option<String>,
    /// `database.url`
    pub database: Option<String>,
    /// `keys.dir`
    pub keys: Option<String>,
}

impl Starter {
    /// Generates the text of the file. An https issuer selects production.
    pub fn text(&self) -> String {
        let is_public = self.issuer.as_deref().is_some_and(|issuer| issuer.starts_with("https:"));
        let mode = if is_public { "production" } else { "development" };
        let port = self.issuer.as_deref().filter(|_| !is_public).and_then(port_of).unwrap_or(8000);
        let issuer = setting("issuer", self.issuer.as_deref(), "http://localhost:8000");
        let database = setting("url", self.database.as_deref(), "sqlite://signet.db");
        let keys = setting("dir", self.keys.as_deref(), "keys");
        format!(
            "\
# Settings of Signet. `signet config reference` describes every key, `signet config print` shows the effective values.
# Each can be overridden by a variable: SIGNET_DATABASE__URL is database.url.

# The URL at which people and applications reach this server, exactly as applications will write it. Choose it once:
# applications compare it as a string.
{issuer}
# \"development\" allows http on this machine; \"production\" needs an https issuer.
mode = \"{mode}\"
# The address of the public listener.
listen = \"127.0.0.1:{port}\"

[management]
# Health, readiness and metrics. Keep it off the public network.
# listen = \"127.0.0.1:8001\"

[database]
# A file, relative to the working directory, or postgres://USER:PASSWORD@HOST/NAME if several nodes share a database.
{database}

[keys]
# The directory of the master key, relative to the working directory. Back it up apart from the database.
{keys}

# TLS is terminated either by this server or by a proxy. Changed files are reloaded.
# [tls]
# cert = \"/etc/signet/tls.crt\"
# key = \"/etc/signet/tls.key\"

# The addresses of the proxies in front of this server.
# [proxy]
# trusted = [\"127.0.0.1\"]

# The server that mails are sent through. `signet mail test --to ADDRESS` tests it.
# [mail]
# smtp = \"smtps://USER:PASSWORD@mail.example.org\"
# from = \"Signet <no-reply@example.org>\"
"
        )
    }
}

fn setting(key: &str, value: Option<&str>, default: &str) -> String {
    match value {
        Some(value) => format!("{key} = {}", toml::Value::from(value)),
        None => format!("# {key} = \"{default}\""),
    }
}

fn port_of(issuer: &str) -> Option<u16> {
    Url::parse(issuer).ok()?.port_or_known_default()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::{Mode, Settings};

    fn read(text: &str) -> Settings {
        Settings::read(Path::new("signet.toml"), text, std::iter::empty()).unwrap()
    }

    #[test]
    fn given_values_are_set_and_all_others_have_defaults() {
        assert_eq!(read(&Starter::default().text()).to_toml(), Settings::development().to_toml());
        let rows = [
            ("http://localhost:9000", Mode::Development, 9000),
            ("http://localhost", Mode::Development, 80),
            ("https://id.example.org", Mode::Production, 8000),
        ];
        for (issuer, mode, port) in rows {
            let starter = Starter {
                issuer: Some(issuer.to_owned()),
                database: Some("postgres://u:\"p@db/signet".to_owned()),
                keys: Some("/srv/keys".to_owned()),
            };
            let settings = read(&starter.text());
            assert_eq!((settings.issuer.as_str(), settings.mode), (issuer, mode));
            assert_eq!((settings.listen.port(), settings.keys.dir.as_path()), (port, Path::new("/srv/keys")));
            assert!(settings.database.url.expose().contains("u:\"p@db"), "{issuer}");
        }
    }

    #[test]
    fn every_commented_setting_is_valid() {
        let text = Starter::default().text();
        let is_setting = |line: &&str| line.contains(" = ") || line.starts_with('[');
        let uncommented = text.lines().map(|line| line.strip_prefix("# ").filter(is_setting).unwrap_or(line));
        read(&uncommented.collect::<Vec<_>>().join("\n"));
    }
}
