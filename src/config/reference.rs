//! The reference of settings for operators (`docs/configuration.md`): every key with its meaning and its default, which
//! is read from the settings themselves. Tests compare the page with this text, and this text with the keys.

use serde_json::Value;

use super::table::{Row, Section};
use super::{
    AccountFields, AccountTokens, Accounts, Audit, Branding, Clients, Database, Hsts, Keys, Limits, Log, Mail,
    Management, Mode, Outbound, Passwords, Profiles, Proxy, Registration, Sessions, Settings, Shutdown, Telemetry,
    Tokens, server,
};

/// All sections, in the order of the page.
const SECTIONS: [&Section; 24] = [
    &server::SERVER,
    &Management::SECTION,
    &Database::SECTION,
    &Keys::SECTION,
    &server::TLS,
    &Hsts::SECTION,
    &Proxy::SECTION,
    &Outbound::SECTION,
    &Limits::SECTION,
    &Log::SECTION,
    &Tokens::SECTION,
    &Sessions::SECTION,
    &Branding::SECTION,
    &Passwords::SECTION,
    &Profiles::SECTION,
    &Clients::SECTION,
    &Registration::SECTION,
    &Accounts::SECTION,
    &AccountFields::SECTION,
    &AccountTokens::SECTION,
    &Audit::SECTION,
    &Mail::SECTION,
    &Shutdown::SECTION,
    &Telemetry::SECTION,
];

/// Defaults that cannot be read from a value.
const FIXED_DEFAULTS: [(&str, &str); 2] = [
    ("issuer", "`http://localhost:` and the port of `listen` in development; required in production"),
    ("mail.from", "required to send mails"),
];

const BEGINNING: &str = "\
# Configuration

<!-- Written by `signet config reference`; change the comments in src/config/ and generate it again. -->

Settings come from `./signet.toml` if it exists, or from the file given by `--config` or the variable `SIGNET_CONFIG`
(the option wins). Every command reads them, and `signet init` writes a first file. A variable overrides a setting:
its name is `SIGNET_` and the key in capitals, with `__` for nesting (`SIGNET_DATABASE__URL`); lists use commas. A
secret can also be read from a file, by the key with the suffix `_file`
(`SIGNET_KEYS__MASTER_KEY_FILE=/run/secrets/master`). An unknown key is an error that names it. `signet config print`
shows the effective settings with secrets masked; `signet doctor` reports problems with them. Durations are written
`90s`, `10m`, `24h` or `7d`, or as seconds.
";

const END: &str = "
## Metadata of clients

A client's metadata (`signet client add --metadata FILE`) is RFC 7591 JSON, with the names of OpenID Connect
Registration, RFC 9126 and the logout specifications. Signet's own members are `profile` (`oauth21` or
`oidc_classic`), `pkce` (`required`, `nonce` or `optional`), `skip_consent`, `require_nonce`, `unknown_scopes` (`drop`
or `refuse`), `cors_origins`, `audiences`, `introspects`, `id_token_claims`, `access_token_format` (`jwt` or
`opaque`), `access_token_alg`, `access_token_typ` (`at+jwt` or `JWT`), `access_token_lifetime` in seconds, and `cap`.
An update that removes scopes, grant types or response types from a client that registered itself sets `cap`; null
lifts it. The `token_endpoint_auth_method` `client_secret`, the default in such a file, lets the client send its
secret in the header or in the body; the methods of RFC 7591 are exact.
";

/// Generates the whole page, as Markdown.
pub fn page() -> String {
    let defaults = Defaults::of_settings();
    let sections: String = SECTIONS.into_iter().map(|section| written(section, &defaults)).collect();
    format!("{BEGINNING}{sections}{END}")
}

/// The default settings of both modes as JSON.
struct Defaults {
    development: Value,
    production: Value,
}

impl Defaults {
    fn of_settings() -> Self {
        Self {
            development: Settings::defaults(Mode::Development).to_json(),
            production: Settings::defaults(Mode::Production).to_json(),
        }
    }
}

fn written(section: &Section, defaults: &Defaults) -> String {
    let row = |row: &Row| format!("| `{}` | {} | {} |\n", row.key, default_of(row.key, defaults), row.meaning);
    let rows: String = with_files(section).map(row).collect();
    format!("\n## {}\n\n{}\n\n| key | default | meaning |\n|---|---|---|\n{rows}", section.title, section.about)
}

/// Returns the rows of a section; the row of a secret is followed by that of its file.
fn with_files(section: &Section) -> impl Iterator<Item = &'static Row> + use<> {
    section.rows.iter().flat_map(|row| [Some(row), row.file]).flatten()
}

/// Returns the rows of all secrets, in the order of the page.
pub(super) fn secrets() -> impl Iterator<Item = &'static Row> {
    SECTIONS.into_iter().flat_map(|section| section.rows).filter(|row| row.file.is_some())
}

/// Returns the default of a key in the form that an operator writes, for each mode where they differ.
fn default_of(key: &str, defaults: &Defaults) -> String {
    if let Some((_, text)) = FIXED_DEFAULTS.iter().find(|(of, _)| *of == key) {
        return (*text).to_owned();
    }
    let at = format!("/{}", key.replace('.', "/"));
    match (defaults.development.pointer(&at).map(shown), defaults.production.pointer(&at).map(shown)) {
        // The mode key itself has one default, the mode of the settings shown.
        (Some(here), _) if key == "mode" => here,
        (Some(here), Some(there)) if here != there => format!("{here}, in production {there}"),
        (Some(here), _) => here,
        (None, _) => String::new(),
    }
}

fn shown(value: &Value) -> String {
    let text = |value: &Value| match value {
        Value::String(text) => format!("\"{text}\""),
        other => other.to_string(),
    };
    match value {
        Value::Null => String::new(),
        Value::String(text) => format!("`{text}`"),
        Value::Array(items) => format!("`[{}]`", items.iter().map(text).collect::<Vec<_>>().join(", ")),
        other => format!("`{other}`"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_key_has_one_row_and_each_row_is_a_key() {
        let rows: Vec<&str> = SECTIONS.into_iter().flat_map(with_files).map(|row| row.key).collect();
        let described: BTreeSet<&str> = rows.iter().copied().collect();
        let keys: BTreeSet<&str> = Settings::keys().into_iter().collect();
        assert_eq!(described, keys, "the reference has a row for each setting, and for nothing else");
        assert_eq!(rows.len(), described.len(), "no key has two rows");
        assert!(FIXED_DEFAULTS.iter().all(|(key, _)| keys.contains(key)));
    }

    #[test]
    fn each_text_is_a_sentence() {
        let rows = SECTIONS.into_iter().flat_map(with_files).map(|row| (row.key, row.meaning));
        let sections = SECTIONS.into_iter().map(|section| (section.title, section.about));
        for (of, text) in rows.chain(sections) {
            assert!(text.starts_with(char::is_uppercase) && text.ends_with('.'), "{of}: {text}");
            assert!(!text.contains("  ") && !text.contains('|'), "{of} fits into a cell: {text}");
        }
    }

    #[test]
    fn the_reference_page_matches_the_settings() {
        let written = include_str!("../../docs/configuration.md");
        assert!(written == page(), "regenerate it: cargo run -- config reference > docs/configuration.md");
    }

    #[test]
    fn defaults_are_those_of_the_settings() {
        let defaults = Defaults::of_settings();
        for (key, expected) in [
            ("listen", "`127.0.0.1:8000`"),
            ("mode", "`development`"),
            ("keys.algorithms", "`[\"RS256\", \"ES256\"]`"),
            ("keys.master_key", ""),
            ("tls.cert", ""),
            ("shutdown.delay", "`0s`, in production `5s`"),
            ("log.format", "`pretty`, in production `json`"),
            ("mail.from", "required to send mails"),
        ] {
            assert_eq!(default_of(key, &defaults), expected, "{key}");
        }
    }
}
